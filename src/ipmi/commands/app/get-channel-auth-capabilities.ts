import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Channel number that means "the one this request came in on". IPMI 2.0 §22.13 */
export const thisChannel = 0x0e;

/** What to ask for. IPMI 2.0 §22.13, table 22-15 */
export interface GetChannelAuthCapabilitiesRequest {
  readonly channel: number;
  /** True asks for the IPMI 2.0 form of the answer. */
  readonly extended: boolean;
  readonly privilege: number;
}

/** Which logins a channel allows. IPMI 2.0 §22.13, table 22-15 */
export interface GetChannelAuthCapabilitiesReply {
  readonly channel: number;
  /** Bits 5:0: IPMI 1.5 authentication types. */
  readonly authTypes: number;
  /** Bits 4:0 of the status byte: per-message and user-level authentication, anonymous and null logins. */
  readonly loginStatus: number;
  /** The BMC key K_G is set, so that a login needs two keys. */
  readonly keyGSet: boolean;
  readonly supportsIpmi15: boolean;
  readonly supportsIpmi20: boolean;
  /** OEM id (3 bytes) and OEM data, 0 where there is none. */
  readonly oemId: number;
  readonly oemData: number;
}

/** Get Channel Authentication Capabilities, allowed before a session. IPMI 2.0 §22.13 */
export const getChannelAuthCapabilities: Command<
  GetChannelAuthCapabilitiesRequest,
  GetChannelAuthCapabilitiesReply
> = {
  name: 'Get Channel Authentication Capabilities',
  netFn: netFn.app,
  cmd: 0x38,

  encodeRequest: (request) =>
    new ByteWriter(2)
      .u8((request.extended ? 0x80 : 0) | (request.channel & 0x0f))
      .u8(request.privilege & 0x0f)
      .done(),

  decodeRequest(data) {
    const r = new ByteReader(data);
    const channel = r.u8('authCapabilities.channel');
    return {
      channel: channel & 0x0f,
      extended: (channel & 0x80) !== 0,
      privilege: r.u8('authCapabilities.privilege') & 0x0f,
    };
  },

  encodeReply(reply) {
    const extended = reply.supportsIpmi20;
    return new ByteWriter(8)
      .u8(reply.channel)
      .u8((extended ? 0x80 : 0) | (reply.authTypes & 0x3f))
      .u8((reply.keyGSet ? 0x20 : 0) | (reply.loginStatus & 0x1f))
      .u8(extended ? 0x02 | (reply.supportsIpmi15 ? 0x01 : 0) : 0)
      .u16le(reply.oemId)
      .u8(reply.oemId >>> 16)
      .u8(reply.oemData)
      .done();
  },

  decodeReply(data) {
    const r = new ByteReader(data);
    const channel = r.u8('authCapabilities.channel');
    const types = r.u8('authCapabilities.authTypes');
    const status = r.u8('authCapabilities.loginStatus');
    const versions = r.u8('authCapabilities.versions');
    const extended = (types & 0x80) !== 0;
    return {
      channel,
      authTypes: types & 0x3f,
      loginStatus: status & 0x1f,
      keyGSet: (status & 0x20) !== 0,
      supportsIpmi15: extended ? (versions & 0x01) !== 0 : true,
      supportsIpmi20: extended && (versions & 0x02) !== 0,
      oemId: r.u16le('authCapabilities.oemId') | (r.u8('authCapabilities.oemId') << 16),
      oemData: r.u8('authCapabilities.oemData'),
    };
  },
};
