/** A PCI function's address: domain of four digits (VMD has eight), bus, device, function. */
const form = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/** Whether a text is `dddd:bb:dd.f`, lower case. */
export function isPciAddress(text: string): boolean {
  return form.test(text);
}

/** The PCI functions on a path of /sys/devices, the one nearest to the root first. */
export function pciAddressesIn(path: string | undefined): readonly string[] {
  return path?.split('/').filter(isPciAddress) ?? [];
}

/** Bus, device and function as the one number that SR-IOV counts in. PCI Express Base 5.0 §9.3.3.9 */
export function routingIdOf(address: string): number {
  const [bus = '0', slot = '0'] = address.split(':').slice(-2);
  const [device = '0', fn = '0'] = slot.split('.');
  return Number.parseInt(bus, 16) * 256 + Number.parseInt(device, 16) * 8 + Number(fn);
}
