import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { type Command, netFn } from '../commands/command.ts';

/** IPMI 2.0 §22.17 */
export interface ActivateSessionRequest {
  readonly authType: number;
  readonly maxPrivilege: number;
  /** 16 bytes, as Get Session Challenge gave them. */
  readonly challenge: Uint8Array;
  /** Number of the first packet that the BMC sends in the session; not 0. */
  readonly outboundSequence: number;
}

/** IPMI 2.0 §22.17 */
export interface ActivateSessionReply {
  /** Of all later packets: "none" when the channel does not authenticate single messages. */
  readonly authType: number;
  readonly sessionId: number;
  /** Number of the first packet that the console sends in the session. */
  readonly inboundSequence: number;
  readonly maxPrivilege: number;
}

/** Activate Session, the second step of an IPMI 1.5 login; its auth code proves the password. IPMI 2.0 §22.17 */
export const activateSession: Command<ActivateSessionRequest, ActivateSessionReply> = {
  name: 'Activate Session',
  netFn: netFn.app,
  cmd: 0x3a,
  encodeRequest: (request) =>
    new ByteWriter(22)
      .u8(request.authType)
      .u8(request.maxPrivilege & 0x0f)
      .bytes(request.challenge)
      .u32le(request.outboundSequence)
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    return {
      authType: r.u8('activate.authType') & 0x0f,
      maxPrivilege: r.u8('activate.maxPrivilege') & 0x0f,
      challenge: r.bytes(16, 'activate.challenge'),
      outboundSequence: r.u32le('activate.outboundSequence'),
    };
  },
  encodeReply: (reply) =>
    new ByteWriter(10)
      .u8(reply.authType)
      .u32le(reply.sessionId)
      .u32le(reply.inboundSequence)
      .u8(reply.maxPrivilege & 0x0f)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return {
      authType: r.u8('activate.authType') & 0x0f,
      sessionId: r.u32le('activate.sessionId'),
      inboundSequence: r.u32le('activate.inboundSequence'),
      maxPrivilege: r.u8('activate.maxPrivilege') & 0x0f,
    };
  },
};
