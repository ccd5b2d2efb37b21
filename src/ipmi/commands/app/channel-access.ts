import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import { type Command, netFn, nothing } from '../command.ts';

/** Which settings: those in force now, or those kept over a power loss. IPMI 2.0 §22.23 */
export type ChannelSettings = 'kept' | 'active';

const settingsBits = { kept: 0x40, active: 0x80 } as const;

export interface GetChannelAccessRequest {
  readonly channel: number;
  readonly settings: ChannelSettings;
}

/** How a channel may be used. IPMI 2.0 §22.23, table 22-29 */
export interface ChannelAccess {
  readonly alertingDisabled: boolean;
  readonly perMessageAuthDisabled: boolean;
  readonly userLevelAuthDisabled: boolean;
  /** 0 disabled, 1 before the system boots, 2 always, 3 shared. */
  readonly mode: number;
  readonly privilege: number;
}

function encodeAccess(w: ByteWriter, access: ChannelAccess, which: number): ByteWriter {
  const flags =
    (access.alertingDisabled ? 0x20 : 0) |
    (access.perMessageAuthDisabled ? 0x10 : 0) |
    (access.userLevelAuthDisabled ? 0x08 : 0) |
    (access.mode & 0x07);
  return w.u8((which & 0xc0) | flags).u8((which & 0xc0) | (access.privilege & 0x0f));
}

function decodeAccess(r: ByteReader): ChannelAccess {
  const flags = r.u8('channelAccess.flags');
  return {
    alertingDisabled: (flags & 0x20) !== 0,
    perMessageAuthDisabled: (flags & 0x10) !== 0,
    userLevelAuthDisabled: (flags & 0x08) !== 0,
    mode: flags & 0x07,
    privilege: r.u8('channelAccess.privilege') & 0x0f,
  };
}

const settingsOf = (byte: number): ChannelSettings => ((byte & 0x80) === 0 ? 'kept' : 'active');

/** Get Channel Access. IPMI 2.0 §22.23 */
export const getChannelAccess: Command<GetChannelAccessRequest, ChannelAccess> = {
  name: 'Get Channel Access',
  netFn: netFn.app,
  cmd: 0x41,
  encodeRequest: ({ channel, settings }) =>
    new ByteWriter(2)
      .u8(channel & 0x0f)
      .u8(settingsBits[settings])
      .done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    const channel = r.u8('channelAccess.channel') & 0x0f;
    return { channel, settings: settingsOf(r.u8('channelAccess.settings')) };
  },
  encodeReply: (access) => encodeAccess(new ByteWriter(2), access, 0).done(),
  decodeReply: (data) => decodeAccess(new ByteReader(data)),
};

/** Access mode and highest privilege level are both set. IPMI 2.0 §22.22 */
export interface SetChannelAccessRequest extends GetChannelAccessRequest {
  readonly access: ChannelAccess;
}

/** Set Channel Access; completion codes 0x82 and 0x83 say that the mode or the settings are not supported. IPMI 2.0 §22.22 */
export const setChannelAccess: Command<SetChannelAccessRequest, undefined> = {
  name: 'Set Channel Access',
  netFn: netFn.app,
  cmd: 0x40,
  encodeRequest: ({ channel, settings, access }) =>
    encodeAccess(new ByteWriter(3).u8(channel & 0x0f), access, settingsBits[settings]).done(),
  decodeRequest(data) {
    const r = new ByteReader(data);
    const channel = r.u8('channelAccess.channel') & 0x0f;
    const which = new ByteReader(data, r.offset).u8('channelAccess.flags');
    return { channel, settings: settingsOf(which), access: decodeAccess(r) };
  },
  encodeReply: nothing.encode,
  decodeReply: nothing.decode,
};
