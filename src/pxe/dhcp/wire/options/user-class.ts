import { ByteReader } from '../../../../base/bytes.ts';
import { decodeText } from './text.ts';

/**
 * Option 77. Standard (RFC 3004 §4): a list of lengths and values. Firmware: iPXE and Microsoft's client send one bare text,
 * e.g. `iPXE`, whose first letter is then no length. What we do: read it as a list; if that does not fit, as one text.
 */
export function decodeUserClass(value: Uint8Array): readonly string[] {
  return (readList(value) ?? [value]).flatMap((one) => decodeText(one) ?? []);
}

function readList(value: Uint8Array): readonly Uint8Array[] | undefined {
  const r = new ByteReader(value);
  const values: Uint8Array[] = [];
  while (r.remaining > 0) {
    const length = r.u8('dhcp.options.77.length');
    // Looked at, not caught: each iPXE has such a text, and an error costs more than the rest of its message.
    if (length === 0 || length > r.remaining) return undefined;
    values.push(r.bytes(length, 'dhcp.options.77'));
  }
  return values;
}
