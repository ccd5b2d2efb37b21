import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

const auxiliaryBytes = 4;

/** A payload of a session. IPMI 2.0 §24.1, §24.2 */
export interface PayloadRequest {
  /** 6 bits; 1 is serial over LAN. */
  readonly type: number;
  /** 1 to 15. */
  readonly instance: number;
  /** Four bytes whose meaning the payload type gives; see `solAuxiliary`. */
  readonly auxiliary: Uint8Array;
}

/** How an activated payload is sent. IPMI 2.0 §24.1, table 24-2 */
export interface ActivatePayloadReply {
  readonly auxiliary: Uint8Array;
  /** Largest payload to the BMC and from it, in bytes. */
  readonly inboundBytes: number;
  readonly outboundBytes: number;
  /** UDP port to use. */
  readonly port: number;
  /** 0xffff: no VLAN. */
  readonly vlan: number;
}

const four = (auxiliary: Uint8Array): Uint8Array => {
  if (auxiliary.length !== auxiliaryBytes)
    throw new WireError('bad-value', 'payload.auxiliary', 'has 4 bytes');
  return auxiliary;
};

const encodeRequest = ({ type, instance, auxiliary }: PayloadRequest): Uint8Array =>
  new ByteWriter(6)
    .u8(type & 0x3f)
    .u8(instance & 0x0f)
    .bytes(four(auxiliary))
    .done();

function decodeRequest(data: Uint8Array): PayloadRequest {
  const r = new ByteReader(data);
  return {
    type: r.u8('payload.type') & 0x3f,
    instance: r.u8('payload.instance') & 0x0f,
    auxiliary: r.bytes(auxiliaryBytes, 'payload.auxiliary'),
  };
}

/**
 * Activate Payload; completion codes: 0x80 active in another session, 0x81 payload type switched off, 0x82 no free instance, 0x83 / 0x84
 * not possible with / without encryption. IPMI 2.0 §24.1
 */
export const activatePayload: Command<PayloadRequest, ActivatePayloadReply> = {
  name: 'Activate Payload',
  netFn: netFn.app,
  cmd: 0x48,
  encodeRequest,
  decodeRequest,
  encodeReply: (reply) =>
    new ByteWriter(12)
      .bytes(four(reply.auxiliary))
      .u16le(reply.inboundBytes)
      .u16le(reply.outboundBytes)
      .u16le(reply.port)
      .u16le(reply.vlan)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return {
      auxiliary: r.bytes(auxiliaryBytes, 'payload.auxiliary'),
      inboundBytes: r.u16le('payload.inboundBytes'),
      outboundBytes: r.u16le('payload.outboundBytes'),
      port: r.u16le('payload.port'),
      // Left out by some boards that know no VLAN.
      vlan: r.remaining >= 2 ? r.u16le('payload.vlan') : 0xffff,
    };
  },
};

/** Deactivate Payload; completion code 0x80: was not active, 0x81: payload type switched off. IPMI 2.0 §24.2 */
export const deactivatePayload: Command<PayloadRequest, undefined> = {
  name: 'Deactivate Payload',
  netFn: netFn.app,
  cmd: 0x49,
  encodeRequest,
  decodeRequest,
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};

/** How a serial-over-LAN payload is wished. IPMI 2.0 §24.1, table 24-2 */
export interface SolActivation {
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  /** What becomes of serial alerts meanwhile: 0 they fail, 1 they wait, 2 they succeed unsent. */
  readonly alerts: 0 | 1 | 2;
  /** The BMC keeps CTS, DCD and DSR deasserted at the start, so that no output is lost. */
  readonly holdHandshake: boolean;
}

/** The four auxiliary bytes of an Activate Payload for serial over LAN. IPMI 2.0 §24.1, table 24-2 */
export const solAuxiliary = (wish: SolActivation): Uint8Array =>
  new ByteWriter(auxiliaryBytes)
    .u8(
      (wish.encrypted ? 0x80 : 0) |
        (wish.authenticated ? 0x40 : 0) |
        (wish.alerts << 2) |
        (wish.holdHandshake ? 0x02 : 0),
    )
    .fill(3)
    .done();
