import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** Data of the reply in the standard's fields. IPMI 2.0 §20.1, table 20-2 */
export interface GetDeviceIdReply {
  readonly deviceId: number;
  /** Bit 7: provides SDRs; bits 3:0: revision. */
  readonly deviceRevision: number;
  /** 7 bits. */
  readonly firmwareMajor: number;
  /** False during firmware update or self-initialisation. */
  readonly available: boolean;
  /** Two BCD digits as the BMC sent them; some boards send plain binary, so they stay a number here. */
  readonly firmwareMinor: number;
  /** Minor version in bits 7:4, major in 3:0: 0x02 is 2.0, 0x51 is 1.5. */
  readonly ipmiVersion: number;
  readonly additionalSupport: number;
  /** IANA enterprise number, 20 bits. */
  readonly manufacturerId: number;
  readonly productId: number;
}

/** Get Device ID. IPMI 2.0 §20.1 */
export const getDeviceId: Command<undefined, GetDeviceIdReply> = {
  name: 'Get Device ID',
  netFn: netFn.app,
  cmd: 0x01,
  encodeRequest: nothing.encode,
  decodeRequest: nothing.decode,

  encodeReply(reply) {
    if (reply.manufacturerId > 0xf_ffff)
      throw new WireError('bad-value', 'deviceId.manufacturerId', 'has 20 bits at most');
    return new ByteWriter(11)
      .u8(reply.deviceId)
      .u8(reply.deviceRevision)
      .u8((reply.available ? 0 : 0x80) | (reply.firmwareMajor & 0x7f))
      .u8(reply.firmwareMinor)
      .u8(reply.ipmiVersion)
      .u8(reply.additionalSupport)
      .u16le(reply.manufacturerId)
      .u8(reply.manufacturerId >>> 16)
      .u16le(reply.productId)
      .done();
  },

  decodeReply(data) {
    const r = new ByteReader(data);
    const deviceId = r.u8('deviceId.deviceId');
    const deviceRevision = r.u8('deviceId.deviceRevision');
    const firmware = r.u8('deviceId.firmwareMajor');
    return {
      deviceId,
      deviceRevision,
      firmwareMajor: firmware & 0x7f,
      available: (firmware & 0x80) === 0,
      firmwareMinor: r.u8('deviceId.firmwareMinor'),
      ipmiVersion: r.u8('deviceId.ipmiVersion'),
      additionalSupport: r.u8('deviceId.additionalSupport'),
      manufacturerId: r.u16le('deviceId.manufacturerId') | ((r.u8('deviceId.manufacturerId') & 0x0f) << 16),
      productId: r.u16le('deviceId.productId'),
    };
  },
};
