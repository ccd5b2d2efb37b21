import { badArgument, checkName, hasControls, notFound } from '../checks.ts';
import { metadataNamespace, renderMetadata } from '../render/domain.ts';
import type { VmInstance } from '../model.ts';
import type { VmService } from '../service.ts';
import { refused, type VmContext, type VmHands } from './context.ts';

const maxCpus = 1024;
const minMemory = 16 * 1024 * 1024;

/** CPUs and memory that a VM can be given; throws `invalid-argument`. */
function checkSize(size: { readonly cpuNum?: number; readonly memorySize?: number }): void {
  const { cpuNum, memorySize } = size;
  if (cpuNum !== undefined && !(Number.isSafeInteger(cpuNum) && cpuNum >= 1 && cpuNum <= maxCpus)) {
    throw badArgument('cpuNum', `must be a whole number of 1..${maxCpus}`);
  }
  if (memorySize !== undefined && !(Number.isSafeInteger(memorySize) && memorySize >= minMemory)) {
    throw badArgument('memorySize', 'must be a whole number of bytes, at least 16 MiB');
  }
}

/** A description on any number of lines. */
export function checkDescription(text: string): string {
  if (text.length > 2048) throw badArgument('description', 'must have at most 2048 characters');
  if (hasControls(text.replaceAll(/[\n\t]/g, ' '))) {
    throw badArgument('description', 'must not contain control characters');
  }
  return text;
}

async function resize(
  { vm, virsh, domain, state }: VmHands,
  size: { readonly cpuNum?: number; readonly memorySize?: number },
): Promise<void> {
  const now = await state();
  if (now !== 'Stopped') {
    throw refused(
      `VM ${vm.name} is ${now.toLowerCase()}; CPUs and memory change while it is stopped: stop it, change it, start it`,
    );
  }
  if (size.cpuNum !== undefined) {
    await virsh.run(['setvcpus', domain, String(size.cpuNum), '--maximum', '--config']);
    await virsh.run(['setvcpus', domain, String(size.cpuNum), '--config']);
  }
  if (size.memorySize !== undefined) {
    await virsh.run(['setmaxmem', domain, `${size.memorySize}b`, '--config']);
    await virsh.run(['setmem', domain, `${size.memorySize}b`, '--config']);
  }
}

/** Where a change of a persistent or transient, running or stopped domain goes. */
export function scopeOf(vm: VmInstance, running: boolean): readonly string[] {
  if (!running) return ['--config'];
  return vm.domain?.persistent === false ? ['--live'] : ['--live', '--config'];
}

/** Names, sizes and offerings of VMs. */
export function createUpdate(context: VmContext): Pick<VmService, 'updateVm' | 'changeInstanceOffering'> {
  async function describe(hands: VmHands, kind: readonly string[], text: string): Promise<void> {
    const scope = scopeOf(hands.vm, (await hands.state()) !== 'Stopped');
    // virsh takes an empty text for a question.
    await hands.virsh.run(['desc', hands.domain, ...kind, ...scope, '--', text === '' ? ' ' : text]);
  }

  return {
    async updateVm(uuid, change) {
      checkSize(change);
      const { platform } = change;
      const name = change.name === undefined ? undefined : checkName(change.name);
      const description = change.description === undefined ? undefined : checkDescription(change.description);
      const { cpuNum, memorySize } = change;
      await context.exclusive(uuid, async (vm) => {
        const size = {
          ...(cpuNum === undefined || cpuNum === vm.cpuNum ? {} : { cpuNum }),
          ...(memorySize === undefined || memorySize === vm.memorySize ? {} : { memorySize }),
        };
        const resized = Object.keys(size).length > 0;
        if (resized || name !== undefined || description !== undefined) {
          await context.operate(vm, { doing: 'changing' }, async (hands) => {
            // First what may be refused.
            if (resized) await resize(hands, size);
            if (name !== undefined) await describe(hands, ['--title'], name);
            if (description !== undefined) await describe(hands, [], description);
          });
        }
        await context.change(vm.uuid, {
          ...size,
          ...(name === undefined ? {} : { name }),
          ...(description === undefined
            ? {}
            : { description: description.trim() === '' ? undefined : description }),
          ...(platform === undefined ? {} : { platform }),
        });
      });
    },

    async changeInstanceOffering(uuid, instanceOfferingUuid) {
      const offering = await context.deps.store.getInstanceOffering(instanceOfferingUuid);
      if (offering === undefined) {
        throw notFound('instance offering', instanceOfferingUuid, 'QueryInstanceOffering');
      }
      if (offering.state !== 'Enabled') {
        throw refused(`instance offering ${offering.name} is disabled; enable it or take another one`);
      }
      const { cpuNum, memorySize } = offering;
      checkSize({ cpuNum, memorySize });
      await context.exclusive(uuid, async (vm) => {
        await context.operate(vm, { doing: 'changing the offering of' }, async (hands) => {
          await resize(hands, { cpuNum, memorySize });
          if (vm.domain?.ours !== true) return;
          const element = renderMetadata(
            { instanceOfferingUuid: offering.uuid, imageUuid: vm.imageUuid },
            undefined,
          );
          const key = ['--uri', metadataNamespace, '--key', 'rackwright'];
          await hands.virsh.run(['metadata', hands.domain, ...key, '--config', '--set', element]);
        });
        await context.change(vm.uuid, { instanceOfferingUuid: offering.uuid, cpuNum, memorySize });
      });
    },
  };
}
