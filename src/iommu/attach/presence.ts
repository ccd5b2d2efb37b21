import type { Uuid } from '../../base/uuid.ts';
import type { VmInstance } from '../../kvm/index.ts';
import type { PciDevice } from '../model.ts';
import type { Presence } from './commands.ts';

/** Whether the domain of a VM runs now, so that changes go to its running definition too. */
export function isActive(vm: VmInstance): boolean {
  return vm.state !== 'Stopped' && vm.state !== 'Created' && vm.state !== 'Destroyed';
}

/** Where a VM's domain has the address, by the last look. */
export function presenceIn(vm: VmInstance | undefined, address: string): Presence {
  const addresses = vm?.domain?.pciAddresses;
  return {
    live: addresses?.live.includes(address) ?? false,
    config: addresses?.config.includes(address) ?? false,
  };
}

/** True when it is in either definition. */
export function isIn({ live, config }: Presence): boolean {
  return live || config;
}

/** Where a device must be to count as given: in the running domain if it runs, in the definition if there is one. */
export function wishedPresence(vm: VmInstance): Presence {
  const active = isActive(vm);
  return { live: active, config: vm.domain?.persistent !== false || !active };
}

/** The device is in the VM as it should be, and bound to vfio-pci when the VM runs. */
export function isWholly(vm: VmInstance, device: PciDevice): boolean {
  const is = presenceIn(vm, device.pciDeviceAddress);
  const wished = wishedPresence(vm);
  return (
    (is.live || !wished.live) &&
    (is.config || !wished.config) &&
    (!wished.live || device.facts?.driver === 'vfio-pci')
  );
}

/** The VM that has the device by the host's word: one that runs with it before one that only would start with it, then by uuid. */
export function holderOf(
  device: PciDevice,
  vms: readonly VmInstance[],
  preferred: Uuid | undefined,
): VmInstance | undefined {
  const rank = (vm: VmInstance): number =>
    (presenceIn(vm, device.pciDeviceAddress).live ? 0 : 2) + (vm.uuid === preferred ? 0 : 1);
  return vms
    .filter((vm) => isIn(presenceIn(vm, device.pciDeviceAddress)))
    .toSorted((a, b) => rank(a) - rank(b) || (a.uuid < b.uuid ? -1 : 1))[0];
}
