import { closeSession } from '../commands/app/close-session.ts';
import { getChannelAuthCapabilities, thisChannel } from '../commands/app/get-channel-auth-capabilities.ts';
import { getChannelCipherSuites } from '../commands/app/get-channel-cipher-suites.ts';
import type { CipherSuite } from '../crypto/suite.ts';
import { encodeIpmiMessage, lanAddress } from '../wire/ipmi-message.ts';
import { encodeOpenSessionRequest } from '../wire/open-session.ts';
import { encodeRakp1 } from '../wire/rakp1.ts';
import { encodeRakp3 } from '../wire/rakp3.ts';
import { encodeSessionPacket, payloadType } from '../wire/session-packet.ts';
import { encodeSessionless } from '../wire/sessionless-packet.ts';
import type { Login } from './login.ts';
import { ipmiDatagram, type SessionSecrets, seal } from './sealed.ts';

/** The numbers of one attempt to log in. */
export interface LoginAttempt {
  readonly login: Login;
  readonly suite: CipherSuite;
  /** Echoed by the BMC; counts the attempts, so that answers to an earlier one are known. */
  readonly tag: number;
  readonly consoleSessionId: number;
  readonly consoleRandom: Uint8Array;
}

/** RMCP+ packet outside a session: session id and sequence 0, nothing protected. IPMI 2.0 §13.6 */
function plain(type: number, payload: Uint8Array): Uint8Array {
  const open = { encrypted: false, authenticated: false, sessionId: 0, sequence: 0 };
  return ipmiDatagram(encodeSessionPacket({ payloadType: type, payload, ...open }));
}

const request = { toAddr: lanAddress.bmc, toLun: 0, fromAddr: lanAddress.remoteConsole, fromLun: 0 } as const;

function sessionless(netFn: number, cmd: number, data: Uint8Array, rqSeq: number): Uint8Array {
  const payload = encodeIpmiMessage({ netFn, rqSeq, cmd, data, ...request });
  return ipmiDatagram(encodeSessionless({ sequence: 0, sessionId: 0, payload }));
}

/** Get Channel Authentication Capabilities before a session; IPMI 1.5 has no extended form. IPMI 2.0 §22.13 */
export function probeDatagram(login: Login): Uint8Array {
  const { netFn, cmd, encodeRequest } = getChannelAuthCapabilities;
  const extended = login.protocol === '2.0';
  return sessionless(
    netFn,
    cmd,
    encodeRequest({ channel: thisChannel, extended, privilege: login.privilege }),
    0,
  );
}

/** Get Channel Cipher Suites before a session; the part's number is the requester's sequence number too. IPMI 2.0 §22.15 */
export function suitesDatagram(index: number): Uint8Array {
  const { netFn, cmd, encodeRequest } = getChannelCipherSuites;
  const data = encodeRequest({ channel: thisChannel, payloadType: payloadType.ipmi, index });
  return sessionless(netFn, cmd, data, index);
}

/** RMCP+ Open Session Request. IPMI 2.0 §13.17 */
export function openDatagram(attempt: LoginAttempt): Uint8Array {
  const { tag, consoleSessionId, login, suite } = attempt;
  // Privilege 0, the highest that the suite allows: the user's own level is checked with RAKP 1.
  const maxPrivilege = login.quirks.privilegeInOpenSession ? login.privilege : 0;
  const { algorithms } = suite;
  return plain(
    payloadType.openSessionRequest,
    encodeOpenSessionRequest({ tag, maxPrivilege, consoleSessionId, algorithms }),
  );
}

/** RAKP 1. IPMI 2.0 §13.20 */
export function rakp1Datagram(attempt: LoginAttempt, bmcSessionId: number): Uint8Array {
  const { tag, consoleRandom, login } = attempt;
  const { role, username } = login;
  return plain(payloadType.rakp1, encodeRakp1({ tag, bmcSessionId, consoleRandom, role, username }));
}

/** RAKP 3 with the console's proof of the password. IPMI 2.0 §13.22 */
export function rakp3Datagram(tag: number, bmcSessionId: number, authCode: Uint8Array): Uint8Array {
  return plain(payloadType.rakp3, encodeRakp3({ kind: 'accepted', tag, bmcSessionId, authCode }));
}

/** RAKP 3 that gives the login up; carries nothing made of the password. IPMI 2.0 §13.22 */
export function refusalDatagram(tag: number, status: number, bmcSessionId: number): Uint8Array {
  return plain(payloadType.rakp3, encodeRakp3({ kind: 'refused', tag, status, bmcSessionId }));
}

/** Close Session as the first packet of a session whose RAKP 4 never came. IPMI 2.0 §22.19 */
export function closeDatagram(
  secrets: Pick<SessionSecrets, 'suite' | 'keys'>,
  bmcSessionId: number,
  iv: Uint8Array,
): Uint8Array {
  const { netFn, cmd, encodeRequest } = closeSession;
  const data = encodeRequest(bmcSessionId);
  const payload = encodeIpmiMessage({ ...request, netFn, rqSeq: 1, cmd, data });
  return seal(secrets, { to: bmcSessionId, payloadType: payloadType.ipmi, sequence: 1, payload }, iv);
}
