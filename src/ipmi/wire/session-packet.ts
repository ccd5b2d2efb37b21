import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';
import { authType } from './sessionless-packet.ts';

/** RMCP+ payload types. IPMI 2.0 §13.27.3, table 13-16 */
export const payloadType = {
  ipmi: 0x00,
  sol: 0x01,
  oemExplicit: 0x02,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

/** RMCP+ packet behind the RMCP header. IPMI 2.0 §13.6, table 13-8 */
export interface SessionPacket {
  readonly payloadType: number;
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  /** The receiver's session id; 0 outside a session. */
  readonly sessionId: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** A packet as received, with what its integrity check needs. */
export interface ReceivedSessionPacket extends SessionPacket {
  /** From the auth type to the next header field, as received: what the auth code covers. IPMI 2.0 §13.28.4 */
  readonly signed: Uint8Array;
  /** Empty when not authenticated. */
  readonly authCode: Uint8Array;
}

const nextHeaderRmcp = 0x07;
const nothing = new Uint8Array();

/**
 * Bytes of the packet behind the RMCP header. An authenticated one ends with its integrity pad, pad length and next header, and
 * lacks only the auth code, which is computed over exactly these bytes and appended. WireError when the payload is over 65535 bytes.
 */
export function encodeSessionPacket(packet: SessionPacket): Uint8Array {
  if (packet.payload.length > 0xffff)
    throw new WireError('too-long', 'session.payload', 'does not fit into an RMCP+ packet');
  const w = new ByteWriter(32 + packet.payload.length)
    .u8(authType.rmcpPlus)
    .u8((packet.encrypted ? 0x80 : 0) | (packet.authenticated ? 0x40 : 0) | (packet.payloadType & 0x3f))
    .u32le(packet.sessionId)
    .u32le(packet.sequence)
    .u16le(packet.payload.length)
    .bytes(packet.payload);
  if (packet.authenticated) {
    const pad = (4 - ((w.length + 2) % 4)) % 4;
    w.fill(pad, 0xff).u8(pad).u8(nextHeaderRmcp);
  }
  return w.done();
}

/** The receiver's session id in a packet, by which it knows the keys for reading the rest; WireError when too short or not RMCP+. */
export function peekSessionId(body: Uint8Array): number {
  const r = new ByteReader(body);
  if (r.u8('session.authType') !== authType.rmcpPlus)
    throw new WireError('bad-value', 'session.authType', 'is not RMCP+');
  r.skip(1, 'session.payloadType');
  return r.u32le('session.id');
}

/**
 * Reads an RMCP+ packet whose auth code, if it has one, is `authCodeLength` bytes long. The auth code is not checked here.
 * WireError when malformed. OEM explicit payloads have a longer header and are refused: nothing here uses them.
 * Payload and signed part are views of `body`, which must not change: this runs for each packet of thousands of sessions.
 */
export function decodeSessionPacket(body: Uint8Array, authCodeLength: number): ReceivedSessionPacket {
  const r = new ByteReader(body);
  if (r.u8('session.authType') !== authType.rmcpPlus)
    throw new WireError('bad-value', 'session.authType', 'is not RMCP+');
  const typeByte = r.u8('session.payloadType');
  const type = typeByte & 0x3f;
  if (type === payloadType.oemExplicit)
    throw new WireError('bad-value', 'session.payloadType', 'is an OEM payload');
  const sessionId = r.u32le('session.id');
  const sequence = r.u32le('session.sequence');
  const length = r.u16le('session.payloadLength');
  const at = r.offset;
  r.skip(length, 'session.payload');
  const authenticated = (typeByte & 0x40) !== 0;
  const packet = {
    payloadType: type,
    encrypted: (typeByte & 0x80) !== 0,
    authenticated,
    sessionId,
    sequence,
    payload: body.subarray(at, at + length),
  };
  if (!authenticated) return { signed: nothing, authCode: nothing, ...packet };

  const pad = r.remaining - 2 - authCodeLength;
  r.skip(pad, 'session.trailer');
  if (r.u8('session.padLength') !== pad)
    throw new WireError('bad-value', 'session.padLength', `is not the ${pad} bytes that are there`);
  if (r.u8('session.nextHeader') !== nextHeaderRmcp)
    throw new WireError('bad-value', 'session.nextHeader', 'is not 0x07');
  return {
    signed: body.subarray(0, r.offset),
    authCode: r.bytes(authCodeLength, 'session.authCode'),
    ...packet,
  };
}
