import { type ByteReader, WireError } from '../../../base/bytes.ts';

/** A 16-bit number that stands twice, little-endian first; throws WireError when the two differ. ECMA-119 §7.2.3 */
export function u16both(r: ByteReader, field: string): number {
  return same(r.u16le(field), r.u16be(field), field);
}

/** A 32-bit number that stands twice, little-endian first; throws WireError when the two differ. ECMA-119 §7.3.3 */
export function u32both(r: ByteReader, field: string): number {
  return same(r.u32le(field), r.u32be(field), field);
}

function same(little: number, big: number, field: string): number {
  if (little !== big)
    throw new WireError('bad-value', field, `is ${little} in one byte order and ${big} in the other`);
  return little;
}
