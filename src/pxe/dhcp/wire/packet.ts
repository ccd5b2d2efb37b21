import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { ipv4FromNumber, ipv4ToNumber, type Ipv4 } from '../../../base/ipv4.ts';
import { Slab } from '../../../base/slab.ts';
import { decodeOptionFields, encodeOptions, inOrder, type Options, writeOption } from './option-area.ts';
import { code } from './option-codes.ts';
import { layOutOptions, type OptionLayout } from './option-layout.ts';

export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;
/** htype of 10 Mb and faster Ethernet. IANA ARP parameters */
export const ETHERNET = 1;
/** First bit of `flags`: the client can't take a unicast before it has an address. RFC 2131 §2 */
export const BROADCAST_FLAG = 0x8000;

const NOWHERE = '0.0.0.0' as Ipv4;
const MAGIC_COOKIE = 0x63825363;
const CHADDR_LENGTH = 16;
const SNAME_LENGTH = 64;
const FILE_LENGTH = 128;
/** Where the options field begins behind the magic cookie. RFC 2131 figure 1 */
const OPTIONS_OFFSET = 240;
/** Smallest BOOTP message; older relays and ROMs drop shorter ones. RFC 1542 §2.1 */
const MIN_LENGTH = 300;
/** Room for nearly every message. */
const USUAL_LENGTH = 480;
/** Messages live until they are sent. */
const slab = new Slab();

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
  const op = r.u8('dhcp.op');
  const htype = r.u8('dhcp.htype');
  const hlen = r.u8('dhcp.hlen');
  if (hlen > CHADDR_LENGTH) throw new WireError('bad-value', 'dhcp.hlen', `${hlen} is over 16`);
  const hops = r.u8('dhcp.hops');
  const xid = r.u32be('dhcp.xid');
  const secs = r.u16be('dhcp.secs');
  const flags = r.u16be('dhcp.flags');
  const ciaddr = readAddress(r, 'dhcp.ciaddr');
  const yiaddr = readAddress(r, 'dhcp.yiaddr');
  const siaddr = readAddress(r, 'dhcp.siaddr');
  const giaddr = readAddress(r, 'dhcp.giaddr');
  const chaddr = r.bytes(CHADDR_LENGTH, 'dhcp.chaddr');
  const snameAt = r.offset;
  r.skip(SNAME_LENGTH, 'dhcp.sname');
  const fileAt = r.offset;
  r.skip(FILE_LENGTH, 'dhcp.file');
  if (r.u32be('dhcp.cookie') !== MAGIC_COOKIE) {
    throw new WireError('bad-value', 'dhcp.cookie', 'not the magic cookie of RFC 2131 §3');
  }
  const { options, overload } = decodeOptionFields(
    r,
    () => new ByteReader(datagram, fileAt).bytes(FILE_LENGTH, 'dhcp.file'),
    () => new ByteReader(datagram, snameAt).bytes(SNAME_LENGTH, 'dhcp.sname'),
  );
  return {
    op,
    htype,
    hlen,
    hops,
    xid,
    secs,
    flags,
    ciaddr,
    yiaddr,
    siaddr,
    giaddr,
    chaddr,
    sname: overload.sname ? '' : readText(new ByteReader(datagram, snameAt), SNAME_LENGTH),
    file: overload.file ? '' : readText(new ByteReader(datagram, fileAt), FILE_LENGTH),
    options,
  };
}

/** Bytes of a message, padded to 300. Throws WireError `too-long` when a text does not fit its field with a NUL behind it. */
export function encodeDhcpPacket(packet: DhcpPacket): Uint8Array {
  return written(packet, { options: encodeOptions(packet.options), file: undefined, sname: undefined });
}

/**
 * As encodeDhcpPacket in at most `limit` bytes (padded to these where they are under 300), with options in an empty `file` and `sname` when the options field is too small
 * (RFC 2131 §4.1); undefined when even these do not hold them.
 */
export function fitDhcpPacket(packet: DhcpPacket, limit: number, mayOverload = true): Uint8Array | undefined {
  const layout = layOutOptions(packet.options, {
    options: limit - OPTIONS_OFFSET,
    file: mayOverload && packet.file === '' ? FILE_LENGTH : 0,
    sname: mayOverload && packet.sname === '' ? SNAME_LENGTH : 0,
  });
  return layout && written(packet, layout, limit);
}

function written(packet: DhcpPacket, layout: OptionLayout, limit = MIN_LENGTH): Uint8Array {
  const w = headOf(packet, slab.take(USUAL_LENGTH));
  writeField(w, layout.sname ?? textBytes(packet.sname, SNAME_LENGTH, 'dhcp.sname'), SNAME_LENGTH);
  writeField(w, layout.file ?? textBytes(packet.file, FILE_LENGTH, 'dhcp.file'), FILE_LENGTH);
  w.u32be(MAGIC_COOKIE).bytes(layout.options);
  return padded(w, limit);
}

/** The same end for many messages: empty `sname` and `file`, and options that more can follow. */
export function encodeTail(options: Options): Uint8Array {
  const w = new ByteWriter(MIN_LENGTH).fill(SNAME_LENGTH + FILE_LENGTH).u32be(MAGIC_COOKIE);
  for (const option of inOrder(options)) writeOption(w, option, options.get(option) ?? new Uint8Array());
  return w.done();
}

/** Begins a message on such a tail, behind which more options are to be written; the packet's own, `sname` and `file` are left out. */
export function beginOnTail(packet: DhcpPacket, tail: Uint8Array): ByteWriter {
  return headOf(packet, slab.take(USUAL_LENGTH)).bytes(tail);
}

/** Ends a message of `beginOnTail`. */
export function endOnTail(w: ByteWriter): Uint8Array {
  return padded(w.u8(code.end));
}

function headOf(packet: DhcpPacket, room: Uint8Array): ByteWriter {
  const w = new ByteWriter(room);
  w.u8(packet.op).u8(packet.htype).u8(packet.hlen).u8(packet.hops);
  w.u32be(packet.xid).u16be(packet.secs).u16be(packet.flags);
  writeAddress(w, packet.ciaddr);
  writeAddress(w, packet.yiaddr);
  writeAddress(w, packet.siaddr);
  writeAddress(w, packet.giaddr);
  if (packet.chaddr.length !== CHADDR_LENGTH) {
    throw new WireError('bad-value', 'dhcp.chaddr', `${packet.chaddr.length} bytes, not 16`);
  }
  return w.bytes(packet.chaddr);
}

function padded(w: ByteWriter, limit = MIN_LENGTH): Uint8Array {
  const missing = Math.min(MIN_LENGTH, limit) - w.length;
  if (missing > 0) w.fill(missing);
  return w.view();
}

function writeAddress(w: ByteWriter, ip: Ipv4): void {
  w.u32be(ip === NOWHERE ? 0 : ipv4ToNumber(ip));
}

/** True when a text fits `file` with its final NUL. */
export function fitsFileField(text: string): boolean {
  return text.length < FILE_LENGTH;
}

function readAddress(r: ByteReader, field: string): Ipv4 {
  const number = r.u32be(field);
  return number === 0 ? NOWHERE : ipv4FromNumber(number);
}

/** Latin-1, because it gives every byte back as it was. */
function readText(r: ByteReader, length: number): string {
  let text = '';
  while (text.length < length) {
    const byte = r.u8('dhcp.text');
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
  return text;
}

function textBytes(text: string, length: number, field: string): Uint8Array {
  if (text.length >= length) {
    throw new WireError('too-long', field, `${text.length} characters, room for ${length - 1}`);
  }
  const w = new ByteWriter(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0 || code > 255) throw new WireError('bad-value', field, 'a character that is not one byte');
    w.u8(code);
  }
  return w.view();
}

function writeField(w: ByteWriter, bytes: Uint8Array, length: number): void {
  w.bytes(bytes).fill(length - bytes.length);
}
