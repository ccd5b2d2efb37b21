import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** IPMI 1.5 authentication types. IPMI 2.0 §13.6, table 13-8 */
export const lan15AuthType = { none: 0x00, md2: 0x01, md5: 0x02, straight: 0x04, oem: 0x05 } as const;

/** IPMI 1.5 session packet behind the RMCP header. IPMI 2.0 §13.6, table 13-8 */
export interface Lan15Packet {
  readonly authType: number;
  readonly sequence: number;
  /** The BMC's id in both directions: IPMI 1.5 has one id a session. */
  readonly sessionId: number;
  /** 16 bytes, or none with authentication type "none". */
  readonly authCode: Uint8Array;
  /** An IPMI message, at most 255 bytes. */
  readonly payload: Uint8Array;
}

/** Bytes of an auth code. */
export const lan15CodeBytes = 16;

/** Whole datagrams of these lengths were lost by an old network controller, so they get a byte more. IPMI 2.0 §13.6, table 13-8 */
const unluckyLengths = [56, 84, 112, 128, 156];
const rmcpBytes = 4;

/** Bytes of the packet; WireError when payload or auth code have a wrong length. */
export function encodeLan15(packet: Lan15Packet): Uint8Array {
  const { authType, authCode, payload } = packet;
  if (payload.length > 255)
    throw new WireError('too-long', 'lan15.payload', 'does not fit into an IPMI 1.5 packet');
  if (authCode.length !== (authType === lan15AuthType.none ? 0 : lan15CodeBytes))
    throw new WireError('bad-value', 'lan15.authCode', 'has not the length of its authentication type');
  const w = new ByteWriter(32 + payload.length)
    .u8(authType)
    .u32le(packet.sequence)
    .u32le(packet.sessionId)
    .bytes(authCode)
    .u8(payload.length)
    .bytes(payload);
  return (unluckyLengths.includes(rmcpBytes + w.length) ? w.u8(0) : w).done();
}

/** Reads a packet, without checking its auth code; WireError when it is too short or an RMCP+ one. Bytes behind the payload are allowed. */
export function decodeLan15(body: Uint8Array): Lan15Packet {
  const r = new ByteReader(body);
  const authType = r.u8('lan15.authType');
  if (authType > lan15AuthType.oem)
    throw new WireError('bad-value', 'lan15.authType', 'is no IPMI 1.5 authentication type');
  const sequence = r.u32le('lan15.sequence');
  const sessionId = r.u32le('lan15.sessionId');
  const codeBytes = authType === lan15AuthType.none ? 0 : lan15CodeBytes;
  const authCode = r.bytes(codeBytes, 'lan15.authCode');
  const length = r.u8('lan15.payloadLength');
  return { authType, sequence, sessionId, authCode, payload: r.bytes(length, 'lan15.payload') };
}
