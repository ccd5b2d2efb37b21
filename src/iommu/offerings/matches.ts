import type { PciDevice, PciDeviceOffering } from '../model.ts';

/** True when the offering means the device: the same vendor and device id, and the same sub ids where the offering has them. */
export function matches(
  offering: Pick<PciDeviceOffering, 'vendorId' | 'deviceId' | 'subvendorId' | 'subdeviceId'>,
  device: Pick<PciDevice, 'vendorId' | 'deviceId' | 'subvendorId' | 'subdeviceId'>,
): boolean {
  return (
    offering.vendorId === device.vendorId &&
    offering.deviceId === device.deviceId &&
    (offering.subvendorId === undefined || offering.subvendorId === device.subvendorId) &&
    (offering.subdeviceId === undefined || offering.subdeviceId === device.subdeviceId)
  );
}
