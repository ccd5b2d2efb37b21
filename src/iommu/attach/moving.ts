import type { Uuid } from '../../base/uuid.ts';
import type { VmInstance } from '../../kvm/index.ts';
import { IommuError } from '../errors.ts';
import type { PciAssignment, PciDevice } from '../model.ts';
import type { IommuDeps } from './deps.ts';

/** A host as it was looked at a moment ago. */
export interface Scene {
  readonly device: PciDevice;
  readonly vm: VmInstance;
  readonly devices: readonly PciDevice[];
  readonly assignments: readonly PciAssignment[];
}

/** The VM's turn, then the turn of the device's host, with a fresh look before; intents of that host are left alone until the work ends. */
export async function moving<T>(
  deps: IommuDeps,
  ids: { readonly pciUuid: string; readonly vmUuid: string },
  work: (scene: Scene) => Promise<T>,
): Promise<T> {
  const { hostUuid } = await deviceOf(deps, ids.pciUuid);
  return await deps.vms.exclusive(ids.vmUuid, () =>
    onHost(deps, hostUuid, async () => work(await sceneOf(deps, ids.pciUuid, ids.vmUuid))),
  );
}

/** The turn of a host's devices: a fresh look, which settles what was left open, then the work. */
export async function onHost<T>(deps: IommuDeps, hostUuid: Uuid, work: () => Promise<T>): Promise<T> {
  return await deps.work.turn(hostUuid, async () => {
    await lookAt(deps, hostUuid);
    // Behind a look that is settling now.
    await deps.work.rows(hostUuid, async () => deps.work.busy.add(hostUuid));
    try {
      return await work();
    } finally {
      deps.work.movedAt.set(hostUuid, deps.clock.now());
      deps.work.busy.delete(hostUuid);
    }
  });
}

/** Looks at a host with its domains; a look at a host whose libvirt does not answer would let old rows pass for new ones. */
export async function lookAt(deps: Pick<IommuDeps, 'connections' | 'work'>, hostUuid: Uuid): Promise<void> {
  await deps.connections.look(hostUuid);
  if (deps.work.answering.has(hostUuid)) return;
  throw new IommuError(
    'command-failed',
    'libvirt on the host does not answer, so nobody can say which VM has which device: start libvirtd (or virtqemud) and try again',
  );
}

/** The device's row, or `not-found`. */
export async function deviceOf(deps: Pick<IommuDeps, 'store'>, uuid: string): Promise<PciDevice> {
  const device = await deps.store.getPciDevice(uuid);
  if (device !== undefined) return device;
  throw new IommuError('not-found', `there is no PCI device ${uuid}; QueryPciDevice lists them`);
}

/** The VM's row, or `not-found`. */
export async function vmOf(deps: Pick<IommuDeps, 'vmStore'>, uuid: string): Promise<VmInstance> {
  const vm = await deps.vmStore.getVm(uuid);
  if (vm !== undefined) return vm;
  throw new IommuError('not-found', `there is no VM ${uuid}; QueryVmInstance lists them`);
}

/** The rows as the last look left them. */
export async function sceneOf(
  deps: Pick<IommuDeps, 'store' | 'vmStore'>,
  pciUuid: string,
  vmUuid: string,
): Promise<Scene> {
  const device = await deviceOf(deps, pciUuid);
  const vm = await vmOf(deps, vmUuid);
  return {
    device,
    vm,
    devices: await deps.store.listPciDevicesOf(device.hostUuid),
    assignments: await deps.store.listAssignmentsOf(device.hostUuid),
  };
}
