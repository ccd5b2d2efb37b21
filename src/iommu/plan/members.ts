import type { PciDevice, PciFacts } from '../model.ts';

/** A device that the host reports now, with what it says of it. */
export type PresentDevice = PciDevice & { readonly facts: PciFacts };

/** True for a device that the host reported at its last look. */
export function isPresent(device: PciDevice): device is PresentDevice {
  return device.status !== 'Inactive' && device.facts !== undefined;
}

/** Base class 06: the kernel and libvirt keep these on the host. PCI Code and ID Assignment 1.11 §1.7 */
export function isBridge(device: PciDevice): boolean {
  if (device.facts !== undefined) return device.facts.classCode.startsWith('06');
  return device.kind === 'bridge' || device.kind === 'host-bridge' || device.kind === 'isa-bridge';
}

/** The other devices of its host that are there now and fit, by address. */
export function othersOnHost(
  device: PciDevice,
  devices: readonly PciDevice[],
  fits: (other: PresentDevice) => boolean,
): readonly PresentDevice[] {
  return devices
    .filter(isPresent)
    .filter((other) => other.uuid !== device.uuid && other.hostUuid === device.hostUuid && fits(other))
    .toSorted(byAddress);
}

/** The other devices of its IOMMU group that the host has now, by address; none when the device has no group. */
export function groupMates(device: PciDevice, devices: readonly PciDevice[]): readonly PresentDevice[] {
  const group = device.facts?.iommuGroup;
  if (group === undefined) return [];
  return othersOnHost(
    device,
    devices,
    (other) =>
      other.facts.iommuGroup === group &&
      // A row of an earlier device of this slot that was not yet marked Inactive is the same function.
      other.pciDeviceAddress !== device.pciDeviceAddress,
  );
}

/** Order of addresses of one width is the order of the bus. */
export function byAddress(one: PciDevice, other: PciDevice): number {
  if (one.pciDeviceAddress !== other.pciDeviceAddress)
    return one.pciDeviceAddress < other.pciDeviceAddress ? -1 : 1;
  return one.uuid < other.uuid ? -1 : one.uuid > other.uuid ? 1 : 0;
}

/** How texts call a device: name and address. */
export function label(device: Pick<PciDevice, 'name' | 'pciDeviceAddress'>): string {
  return `${device.name} (${device.pciDeviceAddress})`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** The texts in order, each once. */
export function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}
