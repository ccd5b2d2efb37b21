import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../../base/ipv4.ts';
import { type Mac, macFromBytes, macToBytes } from '../../../base/mac.ts';

const REQUEST = 1;
const ETHERNET = 1;
const IPV4 = 0x0800;

/** Who sent an ARP packet, as it says itself. RFC 826 */
export interface ArpSender {
  readonly mac: Mac;
  readonly ip: Ipv4;
}

/** A probe: a request whose sender address is 0.0.0.0, so that it changes nobody's ARP cache. RFC 5227 §2.1.1 */
export function encodeArpProbe(from: Mac, ip: Ipv4): Uint8Array {
  return new ByteWriter(28)
    .u16be(ETHERNET)
    .u16be(IPV4)
    .u8(6)
    .u8(4)
    .u16be(REQUEST)
    .bytes(macToBytes(from))
    .u32be(0)
    .fill(6)
    .u32be(ipv4ToNumber(ip))
    .done();
}

/** The sender of a request or reply; bytes behind it (Ethernet's padding) are left alone. Throws WireError. */
export function decodeArpSender(packet: Uint8Array): ArpSender {
  const r = new ByteReader(packet);
  const kinds = [r.u16be('arp.hrd'), r.u16be('arp.pro'), r.u8('arp.hln'), r.u8('arp.pln')];
  if (kinds.join() !== [ETHERNET, IPV4, 6, 4].join()) {
    throw new WireError('bad-value', 'arp.hrd', 'not IPv4 over Ethernet');
  }
  const op = r.u16be('arp.op');
  if (op !== 1 && op !== 2) throw new WireError('bad-value', 'arp.op', `${op} is neither request nor reply`);
  const mac = macFromBytes(r.bytes(6, 'arp.sha'));
  const ip = ipv4FromNumber(r.u32be('arp.spa'));
  r.skip(10, 'arp.tha');
  if (mac === undefined) throw new WireError('truncated', 'arp.sha', 'no hardware address');
  return { mac, ip };
}
