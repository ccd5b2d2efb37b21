import { toHex } from '../../src/base/bytes.ts';
import { deriveKeys, rakp2AuthCode, rakp3AuthCode, rakp4Icv } from '../../src/ipmi/crypto/rakp.ts';
import { type CipherSuite, suites } from '../../src/ipmi/crypto/suite.ts';
import { decodeOpenSessionRequest, encodeOpenSessionResponse } from '../../src/ipmi/wire/open-session.ts';
import { decodeRakp1 } from '../../src/ipmi/wire/rakp1.ts';
import { encodeRakp2 } from '../../src/ipmi/wire/rakp2.ts';
import { decodeRakp3 } from '../../src/ipmi/wire/rakp3.ts';
import { encodeRakp4 } from '../../src/ipmi/wire/rakp4.ts';
import type { UdpPeer } from '../../src/net/udp.ts';
import type { SimUser } from './config.ts';
import { drawBytes } from './random.ts';
import { emptyWindow } from './receive-window.ts';
import type { BmcSession, PendingLogin, Turn } from './state.ts';

/** RMCP+ status codes that this BMC gives. IPMI 2.0 §13.24, table 13-15 */
export const rmcpStatus = {
  noResources: 0x01,
  invalidSessionId: 0x02,
  unauthorizedRole: 0x0a,
  unauthorizedName: 0x0d,
  invalidIntegrityValue: 0x0f,
  noMatchingSuite: 0x11,
} as const;

const highest = 4;
const userLevel = 2;
const text = new TextEncoder();

function acceptedSuite(turn: Turn, wish: CipherSuite['algorithms']): CipherSuite | undefined {
  const { suites: accepted } = turn.bmc.config;
  return accepted
    .map((id) => suites.get(id))
    .find(
      (suite) =>
        suite !== undefined &&
        suite.algorithms.authentication === wish.authentication &&
        suite.algorithms.integrity === wish.integrity &&
        suite.algorithms.confidentiality === wish.confidentiality,
    );
}

/** Session ids of the BMC; one that is in use is never given again. */
function newSessionId(turn: Turn): number {
  const { bmc } = turn;
  for (;;) {
    const id = drawBytes(bmc, 4).reduce((sum, byte) => sum * 256 + byte, 0);
    const taken =
      bmc.logins.some((one) => one.bmcSessionId === id) ||
      bmc.sessions.some((one) => one.secrets.bmcSessionId === id);
    if (id !== 0 && !taken) return id;
  }
}

function forget(turn: Turn, bmcSessionId: number): void {
  turn.bmc.logins = turn.bmc.logins.filter((one) => one.bmcSessionId !== bmcSessionId);
}

/** Open Session Request in, response payload out. IPMI 2.0 §13.17, §13.18 */
export function onOpenSession(turn: Turn, payload: Uint8Array): Uint8Array {
  const { bmc, now } = turn;
  const { tag, maxPrivilege: wish, consoleSessionId, algorithms } = decodeOpenSessionRequest(payload);
  const refuse = (status: number): Uint8Array => encodeOpenSessionResponse({ kind: 'refused', tag, status });
  const suite = acceptedSuite(turn, algorithms);
  if (suite === undefined) return refuse(rmcpStatus.noMatchingSuite);
  if (wish > highest) return refuse(rmcpStatus.unauthorizedRole);
  // A console that repeats its request has not heard the answer: the slot of its first try is given up.
  bmc.logins = bmc.logins.filter(
    (one) => one.consoleSessionId !== consoleSessionId || one.named !== undefined,
  );
  const full = bmc.logins.length + bmc.sessions.length >= bmc.config.sessionLimit;
  if (full || bmc.faults.sessionsExhausted) return refuse(rmcpStatus.noResources);
  const bmcSessionId = newSessionId(turn);
  const maxPrivilege = wish === 0 ? highest : wish;
  const login: PendingLogin = {
    suite,
    consoleSessionId,
    bmcSessionId,
    maxPrivilege,
    named: undefined,
    lastAt: now,
  };
  bmc.logins = [...bmc.logins, login];
  const ids = { consoleSessionId, bmcSessionId };
  return encodeOpenSessionResponse({ kind: 'accepted', tag, maxPrivilege, ...ids, algorithms });
}

/** The user that RAKP 1 names; a status code when there is none. IPMI 2.0 §13.20, §6.9 */
export function findUser(users: readonly SimUser[], username: string, role: number): number | SimUser {
  const wish = role & 0x0f;
  const nameOnly = (role & 0x10) !== 0;
  const named = users.filter((user) => user.enabled && user.name === username && user.privilege <= highest);
  const user = nameOnly
    ? named[0]
    : (named.find((one) => one.privilege === wish) ?? named.find((one) => one.privilege > wish));
  if (user === undefined)
    return named.length === 0 ? rmcpStatus.unauthorizedName : rmcpStatus.unauthorizedRole;
  return wish > user.privilege ? rmcpStatus.unauthorizedRole : user;
}

/** RAKP 1 in, RAKP 2 out; undefined for a login that nobody began. IPMI 2.0 §13.20, §13.21 */
export function onRakp1(turn: Turn, payload: Uint8Array): Uint8Array | undefined {
  const { bmc, now } = turn;
  const { tag, bmcSessionId, consoleRandom, role, username } = decodeRakp1(payload);
  const login = bmc.logins.find((one) => one.bmcSessionId === bmcSessionId);
  if (login === undefined) return undefined;
  const rakp1 = toHex(payload);
  if (login.named !== undefined) return login.named.rakp1 === rakp1 ? login.named.rakp2 : undefined;
  const { suite, consoleSessionId } = login;
  const user = findUser(bmc.users, new TextDecoder('latin1').decode(username), role);
  const wish = role & 0x0f;
  if (typeof user === 'number' || wish > login.maxPrivilege) {
    forget(turn, bmcSessionId);
    const status = typeof user === 'number' ? user : rmcpStatus.unauthorizedRole;
    return encodeRakp2({ kind: 'refused', tag, status, consoleSessionId });
  }
  const bmcRandom = drawBytes(bmc, 16);
  const facts = {
    consoleSessionId,
    bmcSessionId,
    consoleRandom,
    bmcRandom,
    bmcGuid: bmc.guid,
    role,
    username,
    password: text.encode(user.password),
    kg: bmc.config.kg,
  };
  const authCode = spoiled(rakp2AuthCode(suite, facts), bmc.faults.wrongRakp2);
  const rakp2 = encodeRakp2({
    kind: 'accepted',
    tag,
    consoleSessionId,
    bmcRandom,
    bmcGuid: bmc.guid,
    authCode,
  });
  const named = { facts, userId: bmc.users.indexOf(user) + 1, rakp1, rakp2 };
  bmc.logins = bmc.logins.map((one) => (one === login ? { ...login, named, lastAt: now } : one));
  return rakp2;
}

/** RAKP 3 in, RAKP 4 out; undefined when the console gave up or nobody began. IPMI 2.0 §13.22, §13.23 */
export function onRakp3(turn: Turn, payload: Uint8Array, peer: UdpPeer): Uint8Array | undefined {
  const { bmc, now } = turn;
  const message = decodeRakp3(payload);
  const { tag, bmcSessionId } = message;
  const rakp3 = toHex(payload);
  const open = bmc.sessions.find((one) => one.secrets.bmcSessionId === bmcSessionId);
  if (open !== undefined) {
    // A console that does not believe RAKP 4 gives the session up before it sends anything in it. IPMI 2.0 §13.23
    if (message.kind === 'refused' && open.window === emptyWindow)
      bmc.sessions = bmc.sessions.filter((one) => one !== open);
    return open.login.rakp3 === rakp3 ? open.login.rakp4 : undefined;
  }
  const login = bmc.logins.find((one) => one.bmcSessionId === bmcSessionId);
  if (login?.named === undefined) return undefined;
  const { suite, consoleSessionId } = login;
  const { facts, userId } = login.named;
  forget(turn, bmcSessionId);
  if (message.kind === 'refused') return undefined;
  if (toHex(message.authCode) !== toHex(rakp3AuthCode(suite, facts))) {
    const status = rmcpStatus.invalidIntegrityValue;
    return encodeRakp4({ kind: 'refused', tag, status, consoleSessionId });
  }
  const keys = deriveKeys(suite, facts);
  const icv = spoiled(rakp4Icv(suite, keys.sik, facts), bmc.faults.wrongRakp4);
  const rakp4 = encodeRakp4({ kind: 'accepted', tag, consoleSessionId, icv });
  const wish = facts.role & 0x0f;
  const limit = bmc.users[userId - 1]?.privilege ?? 0;
  const maxPrivilege = Math.min(wish === 0 ? highest : wish, limit, login.maxPrivilege);
  const session: BmcSession = {
    secrets: { suite, keys, consoleSessionId, bmcSessionId },
    userId,
    peer,
    // A session starts at user level whatever was asked for. IPMI 2.0 §22.18
    privilege: Math.min(userLevel, maxPrivilege),
    maxPrivilege,
    sequence: 0,
    window: emptyWindow,
    lastAt: now,
    login: { rakp3, rakp4 },
    answered: undefined,
  };
  bmc.sessions = [...bmc.sessions, session];
  return rakp4;
}

function spoiled(code: Uint8Array, wrong: boolean): Uint8Array {
  return wrong ? code.map((byte, index) => (index === 0 ? byte ^ 0x01 : byte)) : code;
}
