import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { ipv4FromNumber, ipv4ToNumber, type Ipv4 } from '../../../base/ipv4.ts';
import { decodeOptions, encodeOptions, type Options, overloadOf } from './option-area.ts';

export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;
/** htype of 10 Mb and faster Ethernet. IANA ARP parameters */
export const ETHERNET = 1;
/** First bit of `flags`: the client can't take a unicast before it has an address. RFC 2131 §2 */
export const BROADCAST_FLAG = 0x8000;

const MAGIC_COOKIE = 0x63825363;
const CHADDR_LENGTH = 16;
const SNAME_LENGTH = 64;
const FILE_LENGTH = 128;
/** Smallest BOOTP message; older relays and ROMs drop shorter ones. RFC 1542 §2.1 */
const MIN_LENGTH = 300;

/** A BOOTP message with DHCP options, field names of RFC 2131 §2. */
export interface DhcpPacket {
  readonly op: number;
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  /** All 16 bytes; the first hlen count. */
  readonly chaddr: Uint8Array;
  /** Text up to the first NUL, Latin-1; empty when option 52 says that the field holds options. */
  readonly sname: string;
  readonly file: string;
  readonly options: Options;
}

/** Reads one datagram. Options of overloaded fields are merged (RFC 2131 §4.1). Throws WireError. */
export function decodeDhcpPacket(datagram: Uint8Array): DhcpPacket {
  const r = new ByteReader(datagram);
  const ip = (field: string): Ipv4 => ipv4FromNumber(r.u32be(field));
  const fixed = {
    op: r.u8('dhcp.op'),
    htype: r.u8('dhcp.htype'),
    hlen: r.u8('dhcp.hlen'),
    hops: r.u8('dhcp.hops'),
    xid: r.u32be('dhcp.xid'),
    secs: r.u16be('dhcp.secs'),
    flags: r.u16be('dhcp.flags'),
    ciaddr: ip('dhcp.ciaddr'),
    yiaddr: ip('dhcp.yiaddr'),
    siaddr: ip('dhcp.siaddr'),
    giaddr: ip('dhcp.giaddr'),
    chaddr: r.bytes(CHADDR_LENGTH, 'dhcp.chaddr'),
  };
  if (fixed.hlen > CHADDR_LENGTH) throw new WireError('bad-value', 'dhcp.hlen', `${fixed.hlen} is over 16`);
  const sname = r.bytes(SNAME_LENGTH, 'dhcp.sname');
  const file = r.bytes(FILE_LENGTH, 'dhcp.file');
  if (r.u32be('dhcp.cookie') !== MAGIC_COOKIE) {
    throw new WireError('bad-value', 'dhcp.cookie', 'not the magic cookie of RFC 2131 §3');
  }
  const area = r.rest();
  const overload = overloadOf(area);
  // Order of RFC 2131 §4.1 and RFC 3396 §5: options, file, sname.
  const areas = [area, ...(overload.file ? [file] : []), ...(overload.sname ? [sname] : [])];
  return {
    ...fixed,
    sname: overload.sname ? '' : textOf(sname),
    file: overload.file ? '' : textOf(file),
    options: decodeOptions(areas),
  };
}

/** Bytes of a message, padded to 300. Throws WireError `too-long` when a text does not fit its field with a NUL behind it. */
export function encodeDhcpPacket(packet: DhcpPacket): Uint8Array {
  const w = new ByteWriter(MIN_LENGTH);
  w.u8(packet.op).u8(packet.htype).u8(packet.hlen).u8(packet.hops);
  w.u32be(packet.xid).u16be(packet.secs).u16be(packet.flags);
  for (const ip of [packet.ciaddr, packet.yiaddr, packet.siaddr, packet.giaddr]) w.u32be(ipv4ToNumber(ip));
  if (packet.chaddr.length !== CHADDR_LENGTH) {
    throw new WireError('bad-value', 'dhcp.chaddr', `${packet.chaddr.length} bytes, not 16`);
  }
  w.bytes(packet.chaddr);
  writeText(w, packet.sname, SNAME_LENGTH, 'dhcp.sname');
  writeText(w, packet.file, FILE_LENGTH, 'dhcp.file');
  w.u32be(MAGIC_COOKIE);
  w.bytes(encodeOptions(packet.options));
  if (w.length < MIN_LENGTH) w.fill(MIN_LENGTH - w.length);
  return w.done();
}

/** True when a text fits `file` with its final NUL. */
export function fitsFileField(text: string): boolean {
  return text.length < FILE_LENGTH;
}

/** Latin-1, because it gives every byte back as it was. */
function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Array.from(end < 0 ? field : field.subarray(0, end), (b) => String.fromCharCode(b)).join('');
}

function writeText(w: ByteWriter, text: string, length: number, field: string): void {
  if (text.length >= length) {
    throw new WireError('too-long', field, `${text.length} characters, room for ${length - 1}`);
  }
  const codes = Array.from(text, (c) => c.charCodeAt(0));
  if (codes.some((code) => code === 0 || code > 255)) {
    throw new WireError('bad-value', field, 'a character that is not one byte');
  }
  w.bytes(Uint8Array.from(codes)).fill(length - text.length);
}
