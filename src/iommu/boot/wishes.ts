import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import { type HostConnections, KvmError, type RawProbe } from '../../kvm/index.ts';
import { IommuError } from '../errors.ts';
import type { HostIommu, IommuFacts } from '../model.ts';
import type { IommuStore } from '../ports.ts';
import type { IommuChange, IommuService } from '../service.ts';
import { type BootPlan, planBoot, planRestore } from './boot-plan.ts';
import { type BootLoader, findBootLoader, nextWords } from './loader.ts';
import { isSwitchedOn, missingParameters, offParameter, splitWords } from './parameters.ts';
import { type BootSources, readBootSources } from './sources.ts';
import { describeIommu, type IommuStatus, isActive } from './status.ts';
import { writeBootChange } from './write.ts';

/** The IOMMU of hosts: what is wished, what is, and the boot loader in between. Rejects with IommuError. */
export interface IommuWishes extends Pick<IommuService, 'iommuState' | 'iommuStatus' | 'updateIommuState'> {
  /** Told of every look at a host. */
  seen(hostUuid: Uuid, facts: IommuFacts, probe: RawProbe): Promise<void>;
}

/** What the last look said. */
interface Seen {
  readonly facts: IommuFacts;
  readonly sources: BootSources;
  readonly loader: BootLoader;
  readonly next: readonly string[] | undefined;
}

/** The IOMMU part of the service over a store and connected hosts. */
export function createIommuWishes(deps: {
  readonly store: Pick<IommuStore, 'getHostIommu' | 'saveHostIommu'>;
  readonly connections: HostConnections;
  readonly clock: Clock;
  readonly log: Logger;
}): IommuWishes {
  const { store, connections, clock, log } = deps;
  const seenHosts = new Map<string, Seen>();
  /** Changes of the boot loader, and short reads and writes of the row: a look in the middle of a change must not undo it. */
  const inTurn = createTurns();
  const onRow = createTurns();
  const save = (row: HostIommu): Promise<void> => onRow(row.hostUuid, () => store.saveHostIommu(row));

  async function saveStatus(hostUuid: Uuid, seen: Seen): Promise<void> {
    const row = await store.getHostIommu(hostUuid);
    // Until a person says something or the IOMMU is on, there is no wish to keep: a host that comes with it on is Enabled.
    if (row === undefined && !isActive(seen.facts)) return;
    const known = row ?? { hostUuid, state: 'Enabled' as const, change: undefined };
    const now: HostIommu = { ...known, ...statusOf(seen, known) };
    if (row !== undefined && same(row, now)) return;
    log.info({ host: hostUuid, status: now.status, details: now.details }, 'IOMMU of a host');
    await store.saveHostIommu(now);
  }

  /** Looks anew: a decision about a boot loader is not made on an old picture. */
  async function look(hostUuid: Uuid): Promise<Seen> {
    seenHosts.delete(hostUuid);
    await connections.look(hostUuid).catch((error: unknown) => {
      throw asIommuError(error);
    });
    const seen = seenHosts.get(hostUuid);
    if (seen === undefined)
      throw new IommuError('host-disconnected', 'the host did not answer: reconnect it, then try again');
    return seen;
  }

  async function change(hostUuid: Uuid, state: HostIommu['state'], dryRun: boolean): Promise<IommuChange> {
    const seen = await look(hostUuid);
    const row = await store.getHostIommu(hostUuid);
    const plan = state === 'Enabled' ? enabling(seen) : disabling(seen, row?.change);
    if (dryRun) {
      const would = describeIommu({ ...afterwards(seen, plan), wish: state, added: plan?.change.add ?? [] });
      return { state, diff: plan?.diff ?? '', rebootPending: would.rebootPending, dryRun };
    }
    const settled = settledChange(state, plan, row?.change);
    const wished: HostIommu = {
      hostUuid,
      state,
      change: settled,
      ...describeIommu({ ...afterwards(seen, plan), wish: state, added: settled?.added ?? [] }),
    };
    if (plan !== undefined) await write(hostUuid, plan, row, wished);
    await save(wished);
    if (plan !== undefined) {
      // The answer is known already; the next look tells the rest.
      await connections.look(hostUuid).catch((error: unknown) => {
        log.warn({ host: hostUuid, error: messageOf(error) }, 'no look after the change of the boot loader');
      });
    }
    return { state, diff: plan?.diff ?? '', rebootPending: wished.rebootPending, dryRun };
  }

  async function write(
    hostUuid: Uuid,
    plan: BootPlan,
    row: HostIommu | undefined,
    wished: HostIommu,
  ): Promise<void> {
    // What we are about to add is on disk first: after a crash in between, Disable still takes out all that is ours.
    const before = row ?? { ...wished, state: 'Disabled' as const, change: undefined };
    if (plan.change.add.length > 0) await save({ ...before, change: wished.change });
    try {
      const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
      const { backups } = await connections.use(hostUuid, (shell) => writeBootChange(shell, plan, { stamp }));
      log.info({ host: hostUuid, loader: plan.loader, backups }, 'boot loader changed');
    } catch (error) {
      const failed = asIommuError(error);
      if (failed.data['restored'] === true) await save(before);
      throw failed;
    }
  }

  return {
    async seen(hostUuid, facts, probe) {
      const sources = readBootSources(probe);
      const loader = findBootLoader(sources);
      const seen = { facts, sources, loader, next: nextWords(sources, loader) };
      seenHosts.set(hostUuid, seen);
      await onRow(hostUuid, () => saveStatus(hostUuid, seen));
    },

    async iommuState(hostUuid) {
      return (await store.getHostIommu(hostUuid))?.state ?? 'Disabled';
    },

    async iommuStatus(hostUuid) {
      const row = await store.getHostIommu(hostUuid);
      if (row !== undefined)
        return { status: row.status, details: row.details, rebootPending: row.rebootPending };
      const seen = seenHosts.get(hostUuid);
      if (seen === undefined)
        return {
          status: 'Inactive',
          details: 'the host was not looked at yet: reconnect it',
          rebootPending: false,
        };
      return statusOf(seen, { state: 'Disabled', change: undefined });
    },

    updateIommuState(hostUuid, state, options = {}) {
      return inTurn(hostUuid as Uuid, () => change(hostUuid as Uuid, state, options.dryRun === true));
    },
  };
}

function statusOf(seen: Seen, row: Pick<HostIommu, 'state' | 'change'>): IommuStatus {
  return describeIommu({ ...seen, wish: row.state, added: row.change?.added ?? [] });
}

function same(one: HostIommu, other: HostIommu): boolean {
  return (
    one.status === other.status && one.details === other.details && one.rebootPending === other.rebootPending
  );
}

/** The change that switches the IOMMU on; undefined when the boot loader has it, or the kernel uses it without being told. */
function enabling({ facts, sources, loader, next }: Seen): BootPlan | undefined {
  const running = splitWords(facts.commandLine);
  const off = offParameter(facts.vendor, next ?? running);
  if (off !== undefined) {
    throw new IommuError(
      'refused',
      `somebody has put ${off} on the kernel command line of the host: take it out there first, Rackwright removes only what it added`,
    );
  }
  const told = facts.vendor === 'intel' && isSwitchedOn(running);
  // A person who typed the parameter at the boot menu has it until the next boot.
  if (isActive(facts) && !(told && next !== undefined && !isSwitchedOn(next))) return undefined;
  const add = missingParameters(facts.vendor, next ?? running);
  if (add.length === 0) return undefined;
  if (loader.kind === 'unknown') {
    throw new IommuError(
      'refused',
      `the boot loader of the host is not known (${loader.why}): add ${add.join(' ')} to the kernel command line yourself and reboot`,
    );
  }
  return planBoot(sources, loader, { add, remove: [] });
}

/** The change that takes out what we added; undefined when there is nothing of ours. */
function disabling({ sources, loader }: Seen, change: HostIommu['change']): BootPlan | undefined {
  if (change === undefined) return undefined;
  if (loader.kind === 'unknown') {
    throw new IommuError(
      'refused',
      `the boot loader of the host is not known any more (${loader.why}): take ${change.added.join(' ')} out of the kernel command line yourself`,
    );
  }
  const plan = planRestore(sources, change) ?? planBoot(sources, loader, { add: [], remove: change.added });
  return plan.diff === '' ? undefined : plan;
}

/** The look as it will be when the plan is done. */
function afterwards(seen: Seen, plan: BootPlan | undefined): Pick<Seen, 'facts' | 'next'> {
  const { facts, next } = seen;
  if (plan === undefined) return { facts, next };
  const kept = (next ?? []).filter((word) => !plan.change.remove.includes(word));
  return { facts, next: [...kept, ...plan.change.add] };
}

/** What stays written of ours: the oldest text as it was before us, and all that we added since. */
function settledChange(
  state: HostIommu['state'],
  plan: BootPlan | undefined,
  earlier: HostIommu['change'],
): HostIommu['change'] {
  if (state === 'Disabled') return undefined;
  if (plan === undefined) return earlier;
  return {
    loader: plan.loader,
    path: earlier?.path ?? plan.edits.map((edit) => edit.path).join(' '),
    before: earlier?.before ?? plan.edits.map((edit) => edit.before).join('\n'),
    added: [...new Set([...(earlier?.added ?? []), ...plan.change.add])],
  };
}

/** Errors of a connection in this room's terms. */
function asIommuError(error: unknown): IommuError {
  if (error instanceof IommuError) return error;
  const lost = error instanceof KvmError && error.code === 'host-disconnected';
  return new IommuError(
    lost ? 'host-disconnected' : 'command-failed',
    `${messageOf(error)}; reconnect the host and ask for its IOMMU status to see what was done`,
    { cause: error },
  );
}
