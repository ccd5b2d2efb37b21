import { toHex, WireError } from '../../../../base/bytes.ts';

/** Option 61 as hex. RFC 2132 §9.14: a type and at least one byte; opaque to servers. Throws WireError. */
export function decodeClientId(value: Uint8Array): string {
  if (value.length < 2) {
    throw new WireError('truncated', 'dhcp.options.61', `${value.length} bytes, at least 2 needed`);
  }
  return toHex(value);
}
