import { ByteReader } from '../../../../base/bytes.ts';

/** Option 55: numbers of the options that the client wants. RFC 2132 §9.8 */
export function decodeParameterList(value: Uint8Array): ReadonlySet<number> {
  return new Set(new ByteReader(value).rest());
}
