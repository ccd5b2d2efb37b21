import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';
import { type Command, netFn } from '../command.ts';

/** Which session to tell about: the one that asks, or the n-th active one from 1 on. IPMI 2.0 §22.20 */
export type GetSessionInfoRequest = 'own' | number;

/** Facts of one session. IPMI 2.0 §22.20, table 22-25 */
export interface GetSessionInfoReply {
  /** 0: no such session. */
  readonly handle: number;
  readonly possible: number;
  readonly active: number;
  /** Undefined when there is no such session. */
  readonly session:
    | {
        readonly userId: number;
        readonly privilege: number;
        readonly channel: number;
        /** Bits 7:4 of the channel byte: 0 for IPMI 1.5, 1 for RMCP+. */
        readonly protocol: number;
        /** Of a LAN session: the console's IPv4 address (4 bytes), MAC (6 bytes) and port. Some boards leave it out. */
        readonly console:
          | { readonly ip: Uint8Array; readonly mac: Uint8Array; readonly port: number }
          | undefined;
      }
    | undefined;
}

const lanBytes = 12;

/** Get Session Info. IPMI 2.0 §22.20 */
export const getSessionInfo: Command<GetSessionInfoRequest, GetSessionInfoReply> = {
  name: 'Get Session Info',
  netFn: netFn.app,
  cmd: 0x3d,
  encodeRequest: (which) => new ByteWriter(1).u8(which === 'own' ? 0 : which).done(),
  decodeRequest(data) {
    const index = new ByteReader(data).u8('sessionInfo.index');
    return index === 0 ? 'own' : index;
  },
  encodeReply({ handle, possible, active, session }) {
    const w = new ByteWriter(18)
      .u8(handle)
      .u8(possible & 0x3f)
      .u8(active & 0x3f);
    if (session === undefined) return w.done();
    const { console } = session;
    w.u8(session.userId & 0x3f)
      .u8(session.privilege & 0x0f)
      .u8((session.protocol << 4) | (session.channel & 0x0f));
    if (console === undefined) return w.done();
    if (console.ip.length !== 4 || console.mac.length !== 6)
      throw new WireError('bad-value', 'sessionInfo.console', 'address has 4 bytes and MAC 6');
    return w.bytes(console.ip).bytes(console.mac).u16le(console.port).done();
  },
  decodeReply(data) {
    const r = new ByteReader(data);
    const handle = r.u8('sessionInfo.handle');
    const possible = r.u8('sessionInfo.possible') & 0x3f;
    const active = r.u8('sessionInfo.active') & 0x3f;
    if (handle === 0 || r.remaining === 0) return { handle, possible, active, session: undefined };
    const userId = r.u8('sessionInfo.user') & 0x3f;
    const privilege = r.u8('sessionInfo.privilege') & 0x0f;
    const channelByte = r.u8('sessionInfo.channel');
    const console =
      r.remaining < lanBytes
        ? undefined
        : {
            ip: r.bytes(4, 'sessionInfo.ip'),
            mac: r.bytes(6, 'sessionInfo.mac'),
            port: r.u16le('sessionInfo.port'),
          };
    return {
      handle,
      possible,
      active,
      session: { userId, privilege, channel: channelByte & 0x0f, protocol: channelByte >> 4, console },
    };
  },
};
