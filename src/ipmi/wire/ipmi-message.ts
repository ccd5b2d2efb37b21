import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** Addresses on the LAN channel: the BMC, and a remote console's software id. IPMI 2.0 §5.5, §13.8 */
export const lanAddress = { bmc: 0x20, remoteConsole: 0x81 } as const;

/** Request or reply as carried in a LAN payload; a reply's data starts with its completion code. IPMI 2.0 §13.8 */
export interface IpmiMessage {
  /** Who the message goes to: the responder for a request, the requester for a reply. */
  readonly toAddr: number;
  readonly toLun: number;
  /** Even for requests, odd for replies. */
  readonly netFn: number;
  readonly fromAddr: number;
  readonly fromLun: number;
  /** Requester's sequence number, 6 bits. */
  readonly rqSeq: number;
  readonly cmd: number;
  readonly data: Uint8Array;
}

/** Two's complement checksum: the sum of what is covered and itself is 0 modulo 256. IPMI 2.0 §13.8 */
function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

/** Bytes of a message with both checksums. */
export function encodeIpmiMessage(message: IpmiMessage): Uint8Array {
  const head = new ByteWriter(2)
    .u8(message.toAddr)
    .u8((message.netFn << 2) | (message.toLun & 0x03))
    .done();
  const tail = new ByteWriter(4 + message.data.length)
    .u8(message.fromAddr)
    .u8((message.rqSeq << 2) | (message.fromLun & 0x03))
    .u8(message.cmd)
    .bytes(message.data)
    .done();
  return new ByteWriter(4 + tail.length).bytes(head).u8(checksum(head)).bytes(tail).u8(checksum(tail)).done();
}

/** Reads a message; WireError when it is too short, or a checksum is wrong unless they are to be ignored. */
export function decodeIpmiMessage(bytes: Uint8Array, ignoreChecksums = false): IpmiMessage {
  const r = new ByteReader(bytes);
  const toAddr = r.u8('message.toAddr');
  const netFnLun = r.u8('message.netFn');
  r.skip(1, 'message.checksum1');
  const fromAddr = r.u8('message.fromAddr');
  const seqLun = r.u8('message.rqSeq');
  const cmd = r.u8('message.cmd');
  const data = r.bytes(r.remaining - 1, 'message.data');
  r.skip(1, 'message.checksum2');
  const check = (part: Uint8Array): boolean => ignoreChecksums || checksum(part) === 0;
  if (!check(bytes.subarray(0, 3))) throw new WireError('bad-value', 'message.checksum1', 'is wrong');
  if (!check(bytes.subarray(3))) throw new WireError('bad-value', 'message.checksum2', 'is wrong');
  return {
    toAddr,
    toLun: netFnLun & 0x03,
    netFn: netFnLun >> 2,
    fromAddr,
    fromLun: seqLun & 0x03,
    rqSeq: seqLun >> 2,
    cmd,
    data,
  };
}
