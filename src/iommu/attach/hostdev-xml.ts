import { IommuError } from '../errors.ts';

/** `dddd:bb:dd.f`; some controllers make domains of more than four digits. */
const addressForm = /^([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/;

/** The address when it has the form of one; rejects anything else, because addresses become paths and arguments on a host. */
export function checkedAddress(address: string): string {
  if (addressForm.test(address)) return address;
  throw new IommuError(
    'invalid-argument',
    `${JSON.stringify(address.slice(0, 40))} is no PCI address; reconnect the host to read its devices again`,
  );
}

/** libvirt's element for one host PCI device given to a domain; libvirt binds it to vfio-pci at the domain's start and back at its end. */
export function renderHostdev(address: string): string {
  const [, domain, bus, slot, fn] = addressForm.exec(checkedAddress(address)) ?? [];
  return [
    `<hostdev mode='subsystem' type='pci' managed='yes'>`,
    `  <driver name='vfio'/>`,
    `  <source>`,
    `    <address domain='0x${domain}' bus='0x${bus}' slot='0x${slot}' function='0x${fn}'/>`,
    `  </source>`,
    `</hostdev>`,
    '',
  ].join('\n');
}
