import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Ipv4, ipv4FromNumber } from '../../../base/ipv4.ts';

const ECHO_REPLY = 0;
const ECHO = 8;

/** The one's complement sum over 16-bit words. RFC 1071 §1 */
function checksum(bytes: Uint8Array): number {
  const r = new ByteReader(bytes);
  let sum = 0;
  while (r.remaining > 1) sum += r.u16be('icmp.word');
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An echo message without data. RFC 792 */
export function encodeEcho(id: number, sequence: number): Uint8Array {
  const write = (sum: number): Uint8Array =>
    new ByteWriter(8).u8(ECHO).u8(0).u16be(sum).u16be(id).u16be(sequence).done();
  return write(checksum(write(0)));
}

/** An echo reply that arrived. */
export interface EchoReply {
  readonly from: Ipv4;
  readonly id: number;
  readonly sequence: number;
}

/** Reads an IPv4 packet as a raw socket gives it (raw(7)), with its header; undefined for any other ICMP message. Throws WireError. */
export function decodeEchoReply(packet: Uint8Array): EchoReply | undefined {
  const r = new ByteReader(packet);
  const first = r.u8('ip.version');
  const headerLength = (first & 15) * 4;
  if (first >>> 4 !== 4 || headerLength < 20) throw new WireError('bad-value', 'ip.version', 'not IPv4');
  r.skip(11, 'ip.header');
  const from = ipv4FromNumber(r.u32be('ip.source'));
  r.skip(headerLength - 16, 'ip.options');
  if (r.u8('icmp.type') !== ECHO_REPLY) return undefined;
  r.skip(3, 'icmp.checksum');
  return { from, id: r.u16be('icmp.id'), sequence: r.u16be('icmp.sequence') };
}
