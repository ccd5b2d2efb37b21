import type { DomainDetails } from '../model.ts';
import { childOf, childrenOf, type XmlElement } from '../xml.ts';

/**
 * Host PCI functions of a definition, `dddd:bb:dd.f`, sorted: hostdevs, interfaces that are virtual functions, and NVMe disks that QEMU
 * drives itself. Each of them takes the function from the host.
 */
export function readPciAddresses(devices: XmlElement | undefined): readonly string[] {
  const owners = [
    ...childrenOf(devices, 'hostdev').filter((hostdev) => hostdev.attributes.get('type') === 'pci'),
    ...childrenOf(devices, 'interface').filter((nic) => nic.attributes.get('type') === 'hostdev'),
    ...childrenOf(devices, 'disk').filter((disk) => disk.attributes.get('type') === 'nvme'),
  ];
  const addresses = owners.flatMap((owner) => {
    const address = pciAddressOf(childOf(childOf(owner, 'source'), 'address'));
    return address === undefined ? [] : [address];
  });
  return [...new Set(addresses)].sort();
}

/** Host USB devices of a definition: by bus and device number, by ids, or both, as it has them. */
export function readUsbHostdevs(devices: XmlElement | undefined): DomainDetails['usbDevices'] {
  return childrenOf(devices, 'hostdev').flatMap((hostdev) => {
    if (hostdev.attributes.get('type') !== 'usb') return [];
    const source = childOf(hostdev, 'source');
    const address = childOf(source, 'address')?.attributes;
    const bus = numberOf(address?.get('bus'), 0xffff);
    const device = numberOf(address?.get('device'), 0xffff);
    const vendorId = idOf(childOf(source, 'vendor'));
    const productId = idOf(childOf(source, 'product'));
    return [
      {
        ...(bus === undefined || device === undefined ? {} : { bus, device }),
        ...(vendorId === undefined || productId === undefined ? {} : { vendorId, productId }),
      },
    ];
  });
}

function pciAddressOf(address: XmlElement | undefined): string | undefined {
  const domain = numberOf(address?.attributes.get('domain') ?? '0', 0xffff_ffff);
  const bus = numberOf(address?.attributes.get('bus'), 0xff);
  const slot = numberOf(address?.attributes.get('slot'), 0x1f);
  const fn = numberOf(address?.attributes.get('function') ?? '0', 7);
  if (domain === undefined || bus === undefined || slot === undefined || fn === undefined) return undefined;
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${fn}`;
}

function idOf(element: XmlElement | undefined): string | undefined {
  const id = numberOf(element?.attributes.get('id'), 0xffff);
  return id === undefined ? undefined : hex(id, 4);
}

/** `0x3b` or decimal, as libvirt reads them. */
function numberOf(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
