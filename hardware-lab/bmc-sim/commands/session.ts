import { ByteReader } from '../../../src/base/bytes.ts';
import { closeSession } from '../../../src/ipmi/commands/app/close-session.ts';
import {
  getChannelAuthCapabilities,
  thisChannel,
} from '../../../src/ipmi/commands/app/get-channel-auth-capabilities.ts';
import {
  cipherSuitePartBytes,
  encodeCipherSuiteRecords,
  getChannelCipherSuites,
} from '../../../src/ipmi/commands/app/get-channel-cipher-suites.ts';
import { getSessionInfo } from '../../../src/ipmi/commands/app/get-session-info.ts';
import { setSessionPrivilege } from '../../../src/ipmi/commands/app/set-session-privilege.ts';
import { suites } from '../../../src/ipmi/crypto/suite.ts';
import type { BmcSession, Turn } from '../state.ts';
import { type CommandRow, completion, refuse, row } from './row.ts';

/** The one LAN channel. */
export const lanChannel = 1;

/** True for the LAN channel's number and for "this channel". */
export const isLanChannel = (channel: number): boolean => channel === lanChannel || channel === thisChannel;

/** Bit 2: there are named users. IPMI 2.0 §22.13 */
const namedUsers = 0x04;
const rmcpPlus = 1;

/** Completion codes of their own. IPMI 2.0 §22.18, §22.19 */
const own = { aboveLimit: 0x81, unknownSession: 0x87 } as const;

/** A number from 1 on by which people tell sessions apart. */
const handleOf = (turn: Turn, session: BmcSession): number =>
  turn.bmc.sessions.findIndex((one) => one.secrets.bmcSessionId === session.secrets.bmcSessionId) + 1;

function describeSession(turn: Turn, session: BmcSession | undefined) {
  const { bmc } = turn;
  const count = { possible: bmc.config.sessionLimit, active: bmc.sessions.length };
  if (session === undefined) return { handle: 0, ...count, session: undefined };
  const { userId, privilege, peer } = session;
  const ip = Uint8Array.from(peer.address.split('.'), Number);
  const console = { ip, mac: new Uint8Array(6), port: peer.port };
  return {
    handle: handleOf(turn, session),
    ...count,
    session: { userId, privilege, channel: lanChannel, protocol: rmcpPlus, console },
  };
}

/** What belongs to sessions. IPMI 2.0 §22.13-22.20 */
export const sessionCommands: readonly CommandRow[] = [
  row(getChannelAuthCapabilities, 'anyone', ({ bmc }, { channel, extended }) => {
    if (!isLanChannel(channel)) return refuse(completion.invalidField);
    return {
      channel: lanChannel,
      authTypes: 0,
      loginStatus: namedUsers,
      keyGSet: bmc.config.kg !== undefined,
      supportsIpmi15: false,
      supportsIpmi20: extended,
      oemId: 0,
      oemData: 0,
    };
  }),
  row(getChannelCipherSuites, 'anyone', ({ bmc }, { channel, index }) => {
    if (!isLanChannel(channel)) return refuse(completion.invalidField);
    const list = bmc.config.suites.flatMap((id) => suites.get(id) ?? []);
    const from = index * cipherSuitePartBytes;
    const records = encodeCipherSuiteRecords(list).slice(from, from + cipherSuitePartBytes);
    return { channel: lanChannel, records };
  }),
  row(setSessionPrivilege, 'user', ({ bmc }, level, session) => {
    if (session === undefined) return refuse(completion.notNow);
    if (level === 0) return session.privilege;
    if (level === 1 || level > 4) return refuse(completion.invalidField);
    if (level > session.maxPrivilege) return refuse(own.aboveLimit);
    const id = session.secrets.bmcSessionId;
    bmc.sessions = bmc.sessions.map((one) =>
      one.secrets.bmcSessionId === id ? { ...one, privilege: level } : one,
    );
    return level;
  }),
  row(closeSession, 'user', (turn, id, session) => {
    const { bmc } = turn;
    const target = bmc.sessions.find((one) => one.secrets.bmcSessionId === id);
    if (target === undefined) return refuse(own.unknownSession);
    // Somebody else's session only for an administrator. IPMI 2.0 §22.19
    const ownSession = session?.secrets.bmcSessionId === id;
    if (!ownSession && session?.privilege !== 4) return refuse(completion.insufficientPrivilege);
    bmc.sessions = bmc.sessions.filter((one) => one !== target);
    return undefined;
  }),
  {
    ...row(getSessionInfo, 'user', (turn, which, session) =>
      describeSession(turn, which === 'own' ? session : turn.bmc.sessions[which - 1]),
    ),
    // By handle (0xFE) and by session id (0xFF) more bytes follow, which the codec of the client does not send.
    run(turn, data, session) {
      const r = new ByteReader(data);
      if (r.remaining === 0) return refuse(completion.wrongLength);
      const index = r.u8('sessionInfo.index');
      const id = index === 0xff && r.remaining >= 4 ? r.u32le('sessionInfo.id') : undefined;
      const handle = index === 0xfe && r.remaining >= 1 ? r.u8('sessionInfo.handle') : undefined;
      const { sessions } = turn.bmc;
      const found =
        id !== undefined
          ? sessions.find((one) => one.secrets.bmcSessionId === id)
          : index === 0
            ? session
            : sessions[(handle ?? index) - 1];
      return getSessionInfo.encodeReply(describeSession(turn, found));
    },
  },
];
