import { isPciAddress } from './address.ts';

/** One record of `lspci -Dmmnnvk`. Ids are four lower-case hex digits; a name that pciutils does not know is undefined. */
export interface LspciRecord {
  readonly address: string;
  readonly classId: string | undefined;
  readonly className: string | undefined;
  readonly progIf: string | undefined;
  readonly vendorId: string | undefined;
  readonly vendorName: string | undefined;
  readonly deviceId: string | undefined;
  readonly deviceName: string | undefined;
  readonly subvendorId: string | undefined;
  readonly subdeviceId: string | undefined;
  readonly subdeviceName: string | undefined;
  readonly revision: string | undefined;
  readonly driver: string | undefined;
  readonly modules: readonly string[];
  readonly iommuGroup: string | undefined;
}

/** Reads the records of `lspci -Dmmnnvk` by address; what is no record of a PCI function is left out. */
export function parseLspci(text: string | undefined): ReadonlyMap<string, LspciRecord> {
  const records = new Map<string, LspciRecord>();
  for (const block of (text ?? '').split(/\n[ \t]*\n/)) {
    const fields = fieldsOf(block);
    const address = fields.get('Slot')?.[0]?.toLowerCase();
    if (address === undefined || !isPciAddress(address) || records.has(address)) continue;
    const [className, classId] = named(fields, 'Class');
    const [vendorName, vendorId] = named(fields, 'Vendor');
    const [deviceName, deviceId] = named(fields, 'Device');
    const [, subvendorId] = named(fields, 'SVendor');
    const [subdeviceName, subdeviceId] = named(fields, 'SDevice');
    records.set(address, {
      address,
      classId,
      className,
      progIf: hexByte(fields, 'ProgIf'),
      vendorId,
      vendorName,
      deviceId,
      deviceName,
      subvendorId,
      subdeviceId,
      subdeviceName,
      revision: hexByte(fields, 'Rev'),
      driver: fields.get('Driver')?.[0],
      modules: [...new Set(fields.get('Module'))].slice(0, 16),
      iommuGroup: fields.get('IOMMUGroup')?.[0],
    });
  }
  return records;
}

/** Serial numbers of devices, from `lspci -Dv`: 16 lower-case hex digits. PCI Express Base 5.0 §7.9.3 */
export function parseSerials(text: string | undefined): ReadonlyMap<string, string> {
  const serials = new Map<string, string>();
  let address: string | undefined;
  for (const line of (text ?? '').split('\n')) {
    const head = /^([0-9a-f:.]+) /.exec(line)?.[1];
    if (head !== undefined) address = isPciAddress(head) ? head : undefined;
    const serial = /Device Serial Number ((?:[0-9a-f]{2}-){7}[0-9a-f]{2})\s*$/i.exec(line)?.[1];
    if (address !== undefined && serial !== undefined && !serials.has(address)) {
      serials.set(address, serial.replaceAll('-', '').toLowerCase());
    }
  }
  return serials;
}

function fieldsOf(block: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const key = line.slice(0, colon).trim();
    const value = cleanName(line.slice(colon + 1));
    const known = fields.get(key);
    if (value === undefined) continue;
    if (known === undefined) fields.set(key, [value]);
    else known.push(value);
  }
  return fields;
}

/** `Intel Corporation [8086]` apart; `Device [1eb8]` is lspci's way of saying that it has no name. */
function named(
  fields: ReadonlyMap<string, readonly string[]>,
  key: string,
): readonly [name: string | undefined, id: string | undefined] {
  const text = fields.get(key)?.[0];
  const id = text === undefined ? undefined : /\[([0-9a-f]{4})\]$/i.exec(text)?.[1];
  if (text === undefined || id === undefined) return [undefined, undefined];
  const name = text.slice(0, -id.length - 2).trim();
  const unknown = name === '' || name === 'Device' || name === 'Vendor' || name === 'Class';
  return [unknown ? undefined : name, id.toLowerCase()];
}

function hexByte(fields: ReadonlyMap<string, readonly string[]>, key: string): string | undefined {
  const text = fields.get(key)?.[0]?.toLowerCase();
  return text !== undefined && /^[0-9a-f]{2}$/.test(text) ? text : undefined;
}

/** A name without control characters and of a sane length; undefined when nothing is left. */
function cleanName(text: string): string | undefined {
  const clean = text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 255);
  return clean === '' ? undefined : clean;
}
