import { cipherSuiteIds, cipherSuitePartBytes } from '../commands/app/get-channel-cipher-suites.ts';
import { equalSecrets } from '../crypto/hmac.ts';
import { deriveKeys, type RakpFacts, rakp2AuthCode, rakp3AuthCode, rakp4Icv } from '../crypto/rakp.ts';
import { rakpFailure } from '../status-text.ts';
import { IpmiError, type IpmiErrorCode } from '../types.ts';
import type { OpenSessionResponse } from '../wire/open-session.ts';
import type { Rakp2 } from '../wire/rakp2.ts';
import type { Rakp4 } from '../wire/rakp4.ts';
import { rmcpPlusEnvelope } from './envelope.ts';
import type { LoginFacts } from './facts.ts';
import type { SuitesReply } from './handshake-replies.ts';
import {
  openDatagram,
  rakp1Datagram,
  rakp3Datagram,
  refusalDatagram,
  suitesDatagram,
} from './handshake-requests.ts';
import { enter, fail, type Handshake, type Step } from './handshake-state.ts';
import { passwordFor } from './login.ts';
import { isSuiteRefusal, preferListed } from './suite-choice.ts';

/** Parts of 16 bytes in the longest list. IPMI 2.0 §22.15 */
const maxParts = 64;
/** RAKP statuses that this side gives. IPMI 2.0 §13.24, table 13-15 */
const rakpStatus = { inactiveSessionId: 0x08, invalidIcv: 0x0f, noSuiteMatch: 0x11 } as const;

/** Goes on with what the BMC told about its channel; undefined when it refused to tell. */
export function probed(state: Handshake, facts: LoginFacts | undefined, now: number): Step {
  const { distrustCapabilities } = state.login.quirks;
  const known = { ...state, facts };
  if (facts?.supportsIpmi20 === false && !distrustCapabilities)
    return fail(
      known,
      new IpmiError(
        'suite-refused',
        'the BMC speaks IPMI 1.5 only, or IPMI 2.0 is switched off: switch it on, or set protocol 1.5 for this BMC',
      ),
    );
  // A pinned suite is used whatever the BMC lists.
  if (state.otherSuites.length === 0) return enter(known, { at: 'open' }, openDatagram(known), now);
  return askSuites(known, 0, new Uint8Array(), now);
}

function askSuites(state: Handshake, index: number, records: Uint8Array, now: number): Step {
  return enter(state, { at: 'suites', index, records }, suitesDatagram(index), now);
}

/** Takes a part of the BMC's list of suites; without a list, or at its end, opens with the best suite. */
export function listed(
  state: Handshake,
  phase: Handshake['phase'] & { at: 'suites' },
  reply: SuitesReply,
  now: number,
): Step {
  if (reply.index !== phase.index) return [state, []];
  const part = reply.records ?? new Uint8Array();
  const records = Uint8Array.from([...phase.records, ...part]);
  // A board that sends the same part for every number would keep the login busy for its 64 parts.
  const isRepeated = phase.index > 0 && part.every((byte, i) => byte === phase.records.at(i - part.length));
  const isLast = part.length < cipherSuitePartBytes || isRepeated || phase.index + 1 >= maxParts;
  if (!isLast) return askSuites(state, phase.index + 1, records, now);
  return openWithBest(state, reply.records === undefined ? undefined : cipherSuiteIds(records), now);
}

/** Opens with the best suite; `listed`: the numbers that the BMC lists, undefined when it does not tell. */
export function openWithBest(state: Handshake, numbers: readonly number[] | undefined, now: number): Step {
  const ordered = preferListed([state.suite, ...state.otherSuites], numbers ?? []);
  const [suite = state.suite, ...otherSuites] = ordered;
  const facts = state.facts && { ...state.facts, cipherSuites: numbers };
  const next = { ...state, suite, otherSuites, facts };
  return enter(next, { at: 'open' }, openDatagram(next), now);
}

/** Open Session Response. IPMI 2.0 §13.18 */
export function opened(state: Handshake, response: OpenSessionResponse, now: number): Step {
  const { login, suite } = state;
  if (response.kind === 'refused') {
    const [next, ...otherSuites] = state.otherSuites;
    if (next === undefined || !isSuiteRefusal(response.status))
      return fail(state, rakpFailure(response.status, login.usernameText, suite.id));
    const tag = (state.tag + 1) & 0xff;
    const again = { ...state, tag, suite: next, otherSuites };
    return enter(again, { at: 'open' }, openDatagram(again), now);
  }
  const { bmcSessionId, algorithms } = response;
  if (response.consoleSessionId !== state.consoleSessionId) return [state, []];
  if (bmcSessionId === 0)
    return fail(state, new IpmiError('bad-reply', 'the BMC opened a session with the id 0'));
  const wished = suite.algorithms;
  const agreed =
    algorithms.authentication === wished.authentication &&
    algorithms.integrity === wished.integrity &&
    algorithms.confidentiality === wished.confidentiality;
  if (!agreed) {
    const text = `the BMC answered with other algorithms than those of cipher suite ${suite.id}`;
    return fail(state, new IpmiError('suite-refused', text), [
      refusalDatagram(state.tag, rakpStatus.noSuiteMatch, bmcSessionId),
    ]);
  }
  return enter(state, { at: 'rakp2', bmcSessionId }, rakp1Datagram(state, bmcSessionId), now);
}

/**
 * A BMC that is slower than the repetitions answers each Open Session Request, and may have dropped what it opened for the one before: the
 * login goes on with the later session. Its tag is a new one, as a RAKP 2 that is on its way belongs to the other session.
 */
export function openedAgain(
  state: Handshake,
  before: number,
  response: OpenSessionResponse,
  now: number,
): Step {
  if (response.kind === 'refused' || response.consoleSessionId !== state.consoleSessionId) return [state, []];
  if (response.bmcSessionId === before || response.bmcSessionId === 0) return [state, []];
  const [next, effects] = opened({ ...state, tag: (state.tag + 1) & 0xff }, response, now);
  const freed = refusalDatagram(state.tag, rakpStatus.inactiveSessionId, before);
  return [next, [{ kind: 'send', datagram: freed }, ...effects]];
}

/** RAKP 2: only a BMC that knows the password gets the console's proof of it. IPMI 2.0 §13.21, §13.22 */
export function proven(state: Handshake, bmcSessionId: number, message: Rakp2, now: number): Step {
  const { login, suite, consoleSessionId, consoleRandom } = state;
  if (message.consoleSessionId !== consoleSessionId) return [state, []];
  if (message.kind === 'refused')
    return fail(state, rakpFailure(message.status, login.usernameText, suite.id));
  const { bmcRandom, bmcGuid } = message;
  const facts: RakpFacts = {
    consoleSessionId,
    bmcSessionId,
    consoleRandom,
    bmcRandom,
    bmcGuid,
    role: login.role,
    username: login.username,
    password: passwordFor(login, suite),
    kg: login.kg,
  };
  const isLong = login.quirks.longRakp2Code && message.authCode.length === suite.hashBytes + 1;
  const theirs = isLong ? message.authCode.subarray(0, suite.hashBytes) : message.authCode;
  if (!equalSecrets(rakp2AuthCode(suite, facts), theirs)) {
    // Nothing made of the password leaves here: the refusal has no auth code. IPMI 2.0 §13.22
    return fail(
      state,
      wrong(
        'auth-failed',
        `login as "${login.usernameText}": wrong password, or the device at this address is not the BMC that knows it`,
      ),
      [refusalDatagram(state.tag, rakpStatus.invalidIcv, bmcSessionId)],
    );
  }
  const keys = deriveKeys(suite, facts);
  const proof = rakp3AuthCode(suite, { ...facts, ...login.inRakp3 });
  const request = rakp3Datagram(state.tag, bmcSessionId, proof);
  return enter(state, { at: 'rakp4', facts, keys }, request, now);
}

/** RAKP 4: the BMC has made the same keys. IPMI 2.0 §13.23 */
export function finished(
  state: Handshake,
  { facts, keys }: Handshake['phase'] & { at: 'rakp4' },
  message: Rakp4,
): Step {
  const { login, suite, consoleSessionId } = state;
  if (message.consoleSessionId !== consoleSessionId) return [state, []];
  if (message.kind === 'refused')
    return fail(state, rakpFailure(message.status, login.usernameText, suite.id));
  const { bmcSessionId } = facts;
  if (!equalSecrets(rakp4Icv(suite, keys.sik, facts), message.icv))
    return fail(state, wrongKeys(state), [refusalDatagram(state.tag, rakpStatus.invalidIcv, bmcSessionId)]);
  const secrets = { suite, keys, consoleSessionId, bmcSessionId };
  const envelope = rmcpPlusEnvelope(secrets, login.quirks.ignoreChecksums);
  return [{ ...state, phase: { at: 'done' } }, [{ kind: 'opened', envelope, suite, facts: state.facts }]];
}

/** RAKP 2 was right, so the password is: the keys can differ by K_G alone, or somebody changed a message. */
function wrongKeys(state: Handshake): IpmiError {
  if (state.login.kg !== undefined)
    return wrong('auth-failed', 'the second key (K_G) is not the one that the BMC has, or the BMC has none');
  if (state.facts?.kgSet === true)
    return wrong(
      'auth-failed',
      'the BMC has a second key (K_G) set: give it as K_G, or set it to zeros on the BMC',
    );
  return wrong('bmc-not-genuine', 'the last login message failed its integrity check; somebody interferes');
}

function wrong(code: IpmiErrorCode, text: string): IpmiError {
  return new IpmiError(code, text, { data: { rakpStatus: rakpStatus.invalidIcv } });
}
