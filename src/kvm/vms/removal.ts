import type { VmInstance } from '../model.ts';
import type { VmService } from '../service.ts';
import { refused, type VmContext, type VmHands } from './context.ts';
import { removeFolders } from './folders.ts';

/** Destroy, recover and expunge: only the last one loses something. */
export function createRemoval(context: VmContext): Pick<VmService, 'destroyVm' | 'recoverVm' | 'expungeVm'> {
  const { store } = context.deps;

  async function expunge(vm: VmInstance): Promise<void> {
    await context.operate(vm, { doing: 'expunging' }, async (hands) => {
      await context.deps.connections.look(hands.host.uuid);
      const seen = await store.getVm(vm.uuid);
      if (seen?.state === 'Destroyed') await removeDomain(seen, hands);
      else if (seen !== undefined) {
        throw refused(`VM ${vm.name} was started on its host meanwhile; destroy it again first`);
      }
      if (vm.domain?.ours === true) await removeFolders(hands, vm.uuid);
      await context.rows(() => store.deleteVm(vm.uuid));
    });
  }

  return {
    destroyVm: (uuid) =>
      context.exclusive(uuid, async (vm) => {
        if (vm.state === 'Destroyed') return;
        await context.operate(vm, { doing: 'destroying', meanwhile: 'Destroying' }, async (hands) => {
          if ((await hands.state()) !== 'Stopped') await hands.virsh.run(['destroy', hands.domain]);
          await context.change(vm.uuid, { state: 'Destroyed', hostUuid: undefined });
        });
      }),

    recoverVm: (uuid) =>
      context.exclusive(uuid, async (vm) => {
        if (vm.state === 'Stopped') return;
        if (vm.state !== 'Destroyed') {
          throw refused(`VM ${vm.name} is ${vm.state}; only a destroyed VM is recovered`);
        }
        await context.change(vm.uuid, { state: 'Stopped' });
      }),

    async expungeVm(uuid) {
      if ((await store.getVm(uuid)) === undefined) return;
      await context.exclusive(uuid, async (vm) => {
        if (vm.state !== 'Destroyed') {
          throw refused(
            `VM ${vm.name} is ${vm.state}; destroy it first (DestroyVmInstance), then expunge it`,
          );
        }
        await expunge(vm);
      });
    },
  };
}

async function removeDomain(vm: VmInstance, { virsh, domain }: VmHands): Promise<void> {
  const { usbDevices = [], pciAddresses } = vm.domain ?? {};
  const devices = [...(pciAddresses?.config ?? []), ...usbDevices.map(() => 'a USB device')];
  if (devices.length > 0) {
    throw refused(
      `VM ${vm.name} still has ${devices.join(', ')} of its host; detach that first, so that the host gets it back`,
    );
  }
  const defined = await virsh.run(['list', '--all', '--uuid']);
  if (!defined.split('\n').some((line) => line.trim() === domain)) return;
  await virsh.run(['undefine', domain, '--nvram', '--managed-save', '--snapshots-metadata']);
}
