import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

/** Authentication types of the session header's first byte. IPMI 2.0 §13.6, table 13-8 */
export const authType = { none: 0x00, rmcpPlus: 0x06 } as const;

/** IPMI 1.5 packet without authentication, as used before a session. IPMI 2.0 §13.6 */
export interface SessionlessPacket {
  readonly sequence: number;
  readonly sessionId: number;
  /** An IPMI message, at most 255 bytes. */
  readonly payload: Uint8Array;
}

/** Bytes of the packet behind the RMCP header; WireError when the payload is longer than 255 bytes. */
export function encodeSessionless(packet: SessionlessPacket): Uint8Array {
  if (packet.payload.length > 255)
    throw new WireError('too-long', 'session.payload', 'does not fit into an IPMI 1.5 packet');
  return new ByteWriter(10 + packet.payload.length)
    .u8(authType.none)
    .u32le(packet.sequence)
    .u32le(packet.sessionId)
    .u8(packet.payload.length)
    .bytes(packet.payload)
    .done();
}

/**
 * Reads an IPMI 1.5 packet without authentication; WireError when it is of another kind or too short.
 * Bytes behind the payload are allowed: IPMI 2.0 §13.6 knows a legacy pad byte there.
 */
export function decodeSessionless(body: Uint8Array): SessionlessPacket {
  const r = new ByteReader(body);
  if (r.u8('session.authType') !== authType.none)
    throw new WireError('bad-value', 'session.authType', 'is not "none"');
  const sequence = r.u32le('session.sequence');
  const sessionId = r.u32le('session.id');
  const length = r.u8('session.payloadLength');
  return { sequence, sessionId, payload: r.bytes(length, 'session.payload') };
}
