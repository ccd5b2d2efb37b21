import type { HostIommu, IommuFacts } from '../model.ts';
import { isSwitchedOn, missingParameters, offParameter, splitWords } from './parameters.ts';

/** What a host's IOMMU is, for a person. */
export type IommuStatus = Pick<HostIommu, 'status' | 'details' | 'rebootPending'>;

/**
 * The IOMMU is on: there are groups, units of Intel's or another maker are in /sys/class/iommu (both appear only when the kernel uses it),
 * and nothing on the running command line says otherwise.
 */
export function isActive(facts: IommuFacts): boolean {
  const words = splitWords(facts.commandLine);
  return (
    facts.groups > 0 &&
    (facts.vendor === 'amd' || facts.units.length > 0) &&
    offParameter(facts.vendor, words) === undefined
  );
}

/**
 * Says what the IOMMU of a host is and what to do. `next` are the words of the next boot's command line, undefined when the boot
 * loader's files do not say; `added` are those that we wrote.
 */
export function describeIommu(input: {
  readonly facts: IommuFacts;
  readonly wish: HostIommu['state'];
  readonly next: readonly string[] | undefined;
  readonly added: readonly string[];
}): IommuStatus {
  const { facts } = input;
  if (isActive(facts))
    return { status: 'Active', ...(input.wish === 'Enabled' ? wishedActive(input) : unwishedActive(input)) };
  return { status: 'Inactive', ...(input.wish === 'Enabled' ? wishedInactive(input) : unwishedInactive()) };
}

type Input = Parameters<typeof describeIommu>[0];
type Words = Omit<IommuStatus, 'status'>;

const firmware =
  'no IOMMU in this machine or switched off in firmware: look for VT-d (Intel) or AMD-Vi/IOMMU (AMD) in the firmware setup';

function wishedActive({ facts, added }: Input): Words {
  const running = splitWords(facts.commandLine);
  const late = added.filter((word) => !running.includes(word));
  if (late.length === 0) return { details: 'active', rebootPending: false };
  return { details: `active; ${late.join(' ')} counts after a reboot`, rebootPending: true };
}

function unwishedActive({ facts, next }: Input): Words {
  const running = splitWords(facts.commandLine);
  if (isSwitchedOn(running) && next !== undefined && !isSwitchedOn(next))
    return { details: 'taken out of the boot loader, reboot pending', rebootPending: true };
  return {
    details: isSwitchedOn(running)
      ? 'active by parameters that are not ours; devices are not given away while the state is Disabled'
      : 'active, because this kernel uses the IOMMU by itself; devices are not given away while the state is Disabled',
    rebootPending: false,
  };
}

function wishedInactive({ facts, next, added }: Input): Words {
  const running = splitWords(facts.commandLine);
  const off = offParameter(facts.vendor, next ?? running);
  if (off !== undefined) {
    return {
      details: `the kernel parameter ${off} switches the IOMMU off: take it out of the boot loader's configuration and reboot`,
      rebootPending: false,
    };
  }
  const lacking = missingParameters(facts.vendor, running);
  const wasOff = offParameter(facts.vendor, running) !== undefined;
  // AMD's needs no parameter: without a change of ours a reboot alone would change nothing.
  const matters =
    wasOff || facts.vendor === 'intel'
      ? !isSwitchedOn(running) || wasOff
      : added.some((word) => lacking.includes(word));
  if (!matters) return { details: firmware, rebootPending: false };
  if (next === undefined ? added.length > 0 : facts.vendor !== 'intel' || isSwitchedOn(next)) {
    return {
      details: `enabled in the boot loader, reboot pending; if it is inactive after that: ${firmware}`,
      rebootPending: true,
    };
  }
  const todo = `call UpdateHostIommuState with Enabled, or add ${lacking.join(' ')} yourself, and reboot`;
  return {
    details:
      next === undefined
        ? `the running kernel has no ${lacking.join(' ')}, and the boot loader's files do not show the next one's: ${todo}`
        : `the boot loader has it not: ${todo}`,
    rebootPending: false,
  };
}

function unwishedInactive(): Words {
  return { details: 'not enabled: call UpdateHostIommuState with Enabled', rebootPending: false };
}
