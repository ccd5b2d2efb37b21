import { ByteReader, ByteWriter } from '../../../../base/bytes.ts';
import { ipv4FromNumber, ipv4ToNumber, type Ipv4 } from '../../../../base/ipv4.ts';

/** Options of exactly one address: 1, 28, 50 (RFC 2132 §9.1), 54 (RFC 2132 §9.7). Throws WireError. */
export function decodeAddress(value: Uint8Array, field: string): Ipv4 {
  const r = new ByteReader(value);
  const address = ipv4FromNumber(r.u16be(field) * 0x10000 + r.u16be(field));
  r.end(field);
  return address;
}

/** One address, or a list of them (options 3 and 6, RFC 2132 §3.5 and §3.8). */
export function encodeAddresses(addresses: readonly Ipv4[]): Uint8Array {
  const w = new ByteWriter(4 * addresses.length);
  for (const address of addresses) w.u32be(ipv4ToNumber(address));
  return w.done();
}
