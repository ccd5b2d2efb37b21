import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Which instances of a payload type are in use. IPMI 2.0 §24.4, table 24-5 */
export interface GetPayloadActivationStatusReply {
  /** Instances that the BMC can have at once. */
  readonly capacity: number;
  /** 16 bits; bit 0 is instance 1. */
  readonly active: number;
}

/** Get Payload Activation Status of a payload type; 1 is serial over LAN. IPMI 2.0 §24.4 */
export const getPayloadActivationStatus: Command<number, GetPayloadActivationStatusReply> = {
  name: 'Get Payload Activation Status',
  netFn: netFn.app,
  cmd: 0x4a,
  encodeRequest: (type) => new ByteWriter(1).u8(type & 0x3f).done(),
  decodeRequest: (data) => new ByteReader(data).u8('payloadStatus.type') & 0x3f,
  encodeReply: (reply) =>
    new ByteWriter(3)
      .u8(reply.capacity & 0x0f)
      .u16le(reply.active)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    return { capacity: r.u8('payloadStatus.capacity') & 0x0f, active: r.u16le('payloadStatus.active') };
  },
};
