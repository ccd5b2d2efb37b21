import { ByteReader } from '../../../../base/bytes.ts';

/** Option 93: processor architecture types, the preferred one first. RFC 4578 §2.1. Throws WireError when not 16-bit numbers. */
export function decodeClientArch(value: Uint8Array): readonly number[] {
  const r = new ByteReader(value);
  const types = [r.u16be('dhcp.options.93')];
  while (r.remaining > 0) types.push(r.u16be('dhcp.options.93'));
  return types;
}
