import type { VmInstance } from '../../kvm/index.ts';
import type { PciAssignment, PciDevice } from '../model.ts';
import { holderOf } from './presence.ts';
import { isThere } from './settle.ts';

/**
 * The rows with who has them by the host's word: a device that a definition names is Attached to that VM, whoever wrote it there.
 * Rows of VMs whose definition could not be read stay as they are.
 */
export function withHolders(
  devices: readonly PciDevice[],
  assignments: readonly PciAssignment[],
  vms: readonly VmInstance[],
): readonly PciDevice[] {
  const meant = new Map(assignments.map((a) => [a.pciDeviceUuid, a.vmInstanceUuid]));
  const unread = new Set(vms.filter((vm) => vm.domain === undefined).map((vm) => vm.uuid));
  const there = isThere(devices);
  return devices.map((device) => {
    const holder = there(device) ? holderOf(device, vms, meant.get(device.uuid)) : undefined;
    if (holder === undefined && device.vmInstanceUuid !== undefined && unread.has(device.vmInstanceUuid))
      return device;
    const status = statusWith(device, holder);
    if (status === device.status && holder?.uuid === device.vmInstanceUuid) return device;
    return { ...device, status, vmInstanceUuid: holder?.uuid };
  });
}

function statusWith({ status }: PciDevice, holder: VmInstance | undefined): PciDevice['status'] {
  if (status === 'Inactive') return 'Inactive';
  if (holder !== undefined) return 'Attached';
  return status === 'Attached' ? 'Active' : status;
}
