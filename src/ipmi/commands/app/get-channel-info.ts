import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** What a channel is. IPMI 2.0 §22.24, table 22-30 */
export interface GetChannelInfoReply {
  readonly channel: number;
  /** 4: 802.3 LAN, 5: serial, 12: system interface; table 6-3. */
  readonly medium: number;
  /** 1: IPMB, as LAN channels have it; table 6-2. */
  readonly protocol: number;
  /** 0 none, 1 one session, 2 many, 3 may be either. */
  readonly sessionSupport: number;
  readonly activeSessions: number;
  /** IANA enterprise number; 7154 for protocols of the standard. */
  readonly vendor: number;
  readonly auxiliary: number;
}

/** Get Channel Info of a channel number; 0x0e is the one that the request comes in on. IPMI 2.0 §22.24 */
export const getChannelInfo: Command<number, GetChannelInfoReply> = {
  name: 'Get Channel Info',
  netFn: netFn.app,
  cmd: 0x42,
  encodeRequest: (channel) => new ByteWriter(1).u8(channel & 0x0f).done(),
  decodeRequest: (data) => new ByteReader(data).u8('channelInfo.channel') & 0x0f,
  encodeReply: (reply) =>
    new ByteWriter(9)
      .u8(reply.channel & 0x0f)
      .u8(reply.medium & 0x7f)
      .u8(reply.protocol & 0x1f)
      .u8((reply.sessionSupport << 6) | (reply.activeSessions & 0x3f))
      .u16le(reply.vendor)
      .u8(reply.vendor >>> 16)
      .u16le(reply.auxiliary)
      .done(),
  decodeReply(data) {
    const r = new ByteReader(data);
    const channel = r.u8('channelInfo.channel') & 0x0f;
    const medium = r.u8('channelInfo.medium') & 0x7f;
    const protocol = r.u8('channelInfo.protocol') & 0x1f;
    const sessions = r.u8('channelInfo.sessions');
    return {
      channel,
      medium,
      protocol,
      sessionSupport: sessions >> 6,
      activeSessions: sessions & 0x3f,
      vendor: r.u16le('channelInfo.vendor') | (r.u8('channelInfo.vendor') << 16),
      auxiliary: r.u16le('channelInfo.auxiliary'),
    };
  },
};
