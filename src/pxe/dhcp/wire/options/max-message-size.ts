import { ByteReader, WireError } from '../../../../base/bytes.ts';

/** What every client takes without option 57, and the least it may name: the largest IP datagram, in bytes. RFC 2131 §2 */
export const MIN_MESSAGE_SIZE = 576;

/** Option 57, in bytes of the IP datagram. RFC 2132 §9.10. Throws WireError below 576. */
export function decodeMaxMessageSize(value: Uint8Array): number {
  const r = new ByteReader(value);
  const size = r.u16be('dhcp.options.57');
  r.end('dhcp.options.57');
  if (size < MIN_MESSAGE_SIZE) {
    throw new WireError('bad-value', 'dhcp.options.57', `${size} is under ${MIN_MESSAGE_SIZE}`);
  }
  return size;
}
