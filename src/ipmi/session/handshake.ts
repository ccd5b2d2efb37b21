import { ByteReader, WireError } from '../../base/bytes.ts';
import { assertNever } from '../../base/errors.ts';
import { equalSecrets } from '../crypto/hmac.ts';
import {
  deriveKeys,
  type RakpFacts,
  rakp2AuthCode,
  rakp3AuthCode,
  rakp4Icv,
  type SessionKeys,
} from '../crypto/rakp.ts';
import { rakpFailure } from '../status-text.ts';
import { IpmiError, type IpmiErrorCode } from '../types.ts';
import type { OpenSessionResponse } from '../wire/open-session.ts';
import type { Rakp2 } from '../wire/rakp2.ts';
import type { Rakp4 } from '../wire/rakp4.ts';
import { decodeHandshakeReply, type HandshakeReply } from './handshake-replies.ts';
import {
  closeDatagram,
  type LoginAttempt,
  openDatagram,
  probeDatagram,
  rakp1Datagram,
  rakp3Datagram,
  refusalDatagram,
} from './handshake-requests.ts';
import type { Login } from './login.ts';
import type { SessionSecrets } from './sealed.ts';
import { waitAfter } from './timing.ts';

type Phase =
  | { readonly at: 'probe' }
  | { readonly at: 'open' }
  | { readonly at: 'rakp2'; readonly bmcSessionId: number }
  | { readonly at: 'rakp4'; readonly facts: RakpFacts; readonly keys: SessionKeys }
  | { readonly at: 'done' };

/** A login under way. IPMI 2.0 §13.15, §13.31 */
export interface Handshake extends LoginAttempt {
  readonly phase: Phase;
  readonly deadlineAt: number;
  /** What is repeated until the phase ends, and how often it was sent. */
  readonly request: Uint8Array;
  readonly sends: number;
  readonly heard: boolean;
  readonly malformed: number;
  readonly keyGSet: boolean;
}

/** `now` in milliseconds; `random`: 36 unpredictable bytes. */
export type HandshakeEvent =
  | { readonly kind: 'datagram'; readonly datagram: Uint8Array; readonly now: number }
  | { readonly kind: 'timer'; readonly now: number; readonly random: Uint8Array }
  | { readonly kind: 'give-up'; readonly error: IpmiError; readonly random: Uint8Array };

/** `timer` replaces the one before; `opened` and `failed` end the handshake and its timer. */
export type HandshakeEffect =
  | { readonly kind: 'send'; readonly datagram: Uint8Array }
  | { readonly kind: 'timer'; readonly ms: number }
  | { readonly kind: 'opened'; readonly secrets: SessionSecrets }
  | { readonly kind: 'failed'; readonly error: IpmiError };

type Step = readonly [Handshake, readonly HandshakeEffect[]];

/** Bytes of randomness that `startHandshake` and each timer event need. */
export const handshakeRandomBytes = 36;

/** Transmissions of one RAKP message before the login starts again with fresh numbers: some BMCs answer a repeated RAKP message never. */
const sendsBeforeRestart = 3;

function fresh(random: Uint8Array): { consoleSessionId: number; consoleRandom: Uint8Array; iv: Uint8Array } {
  const r = new ByteReader(random);
  // 0 would mean "outside a session". IPMI 2.0 §13.17
  const consoleSessionId = r.u32le('random') || 1;
  return { consoleSessionId, consoleRandom: r.bytes(16, 'random'), iv: r.bytes(16, 'random') };
}

/**
 * Begins with Get Channel Authentication Capabilities: it costs the BMC no session slot, so repetitions to a slow BMC leave no
 * half-open sessions behind, and it tells BMCs without IPMI 2.0 apart from dead ones.
 */
export function startHandshake(login: Login, now: number, random: Uint8Array): Step {
  const { consoleSessionId, consoleRandom } = fresh(random);
  const start: Handshake = {
    login,
    phase: { at: 'probe' },
    tag: 0,
    consoleSessionId,
    consoleRandom,
    deadlineAt: now + login.timing.deadlineMs,
    request: new Uint8Array(),
    sends: 0,
    heard: false,
    malformed: 0,
    keyGSet: false,
  };
  return enter(start, { at: 'probe' }, probeDatagram(login), now);
}

/** One step of a login. Never throws for what a datagram holds. */
export function stepHandshake(state: Handshake, event: HandshakeEvent): Step {
  if (state.phase.at === 'done') return [state, []];
  switch (event.kind) {
    case 'datagram':
      return receive(state, event.datagram, event.now);
    case 'timer':
      return timeout(state, event.now, event.random);
    case 'give-up':
      return fail(state, event.error, abandon(state, fresh(event.random).iv));
    default:
      return assertNever(event, 'event');
  }
}

function enter(state: Handshake, phase: Phase, request: Uint8Array, now: number): Step {
  return transmit({ ...state, phase, request, sends: 0 }, now);
}

function transmit(state: Handshake, now: number): Step {
  const sends = state.sends + 1;
  const ms = waitAfter(state.login.timing.retryMs, sends, now, state.deadlineAt);
  return [
    { ...state, sends },
    [
      { kind: 'send', datagram: state.request },
      { kind: 'timer', ms },
    ],
  ];
}

/** Ends the login; `last` are datagrams that free what the BMC holds. */
function fail(state: Handshake, error: IpmiError, last: readonly Uint8Array[] = []): Step {
  const sends = last.map((datagram) => ({ kind: 'send', datagram }) as const);
  return [{ ...state, phase: { at: 'done' } }, [...sends, { kind: 'failed', error }]];
}

/** Datagrams that free the session slot of a login that is given up, best effort. */
function abandon(state: Handshake, iv: Uint8Array): readonly Uint8Array[] {
  const { phase, login, tag } = state;
  const inactiveSessionId = 0x08;
  if (phase.at === 'rakp2') return [refusalDatagram(tag, inactiveSessionId, phase.bmcSessionId)];
  if (phase.at !== 'rakp4') return [];
  // RAKP 3 may have arrived and only RAKP 4 got lost: then the session is open. If not, the refusal ends it.
  const { bmcSessionId } = phase.facts;
  return [
    closeDatagram({ suite: login.suite, keys: phase.keys }, bmcSessionId, iv),
    refusalDatagram(tag, inactiveSessionId, bmcSessionId),
  ];
}

function timeout(state: Handshake, now: number, random: Uint8Array): Step {
  const numbers = fresh(random);
  if (now >= state.deadlineAt) return fail(state, silence(state), abandon(state, numbers.iv));
  const inRakp = state.phase.at === 'rakp2' || state.phase.at === 'rakp4';
  if (!inRakp || state.sends < sendsBeforeRestart) return transmit(state, now);
  const { consoleSessionId, consoleRandom } = numbers;
  const again = { ...state, tag: (state.tag + 1) & 0xff, consoleSessionId, consoleRandom };
  const [next, effects] = enter(again, { at: 'open' }, openDatagram(again), now);
  const goodbye = abandon(state, numbers.iv).map((datagram) => ({ kind: 'send', datagram }) as const);
  return [next, [...goodbye, ...effects]];
}

function silence(state: Handshake): IpmiError {
  const seconds = state.login.timing.deadlineMs / 1000;
  if (state.malformed > 0)
    return new IpmiError('bad-reply', `login: the BMC sent malformed answers only (${state.malformed})`);
  if (state.heard)
    return new IpmiError(
      'no-answer',
      `login: the BMC answered at first and fell silent (waited ${seconds} s)`,
    );
  return new IpmiError(
    'unreachable',
    `no answer within ${seconds} s: wrong address or port, no power, a firewall, or IPMI over LAN is switched off`,
  );
}

function receive(state: Handshake, datagram: Uint8Array, now: number): Step {
  try {
    const keys = state.phase.at === 'rakp4' ? state.phase.keys : undefined;
    const reply = decodeHandshakeReply(datagram, state.login.suite, keys, state.consoleSessionId);
    return reply === undefined ? [state, []] : advance(state, reply, now);
  } catch (error) {
    if (error instanceof WireError) return [{ ...state, malformed: state.malformed + 1 }, []];
    throw error;
  }
}

function advance(state: Handshake, reply: HandshakeReply, now: number): Step {
  const { phase } = state;
  const heard = { ...state, heard: true, malformed: 0 };
  if (reply.kind === 'capabilities') {
    if (phase.at !== 'probe') return [state, []];
    if (reply.supportsIpmi20 === false)
      return fail(
        heard,
        new IpmiError('suite-refused', 'the BMC speaks IPMI 1.5 only, or IPMI 2.0 is switched off'),
      );
    return enter({ ...heard, keyGSet: reply.keyGSet }, { at: 'open' }, openDatagram(state), now);
  }
  if (reply.message.tag !== state.tag) return [state, []];
  if (reply.kind === 'open' && phase.at === 'open') return opened(heard, reply.message, now);
  if (reply.kind === 'rakp2' && phase.at === 'rakp2')
    return proven(heard, phase.bmcSessionId, reply.message, now);
  if (reply.kind === 'rakp4' && phase.at === 'rakp4') return finished(heard, phase, reply.message);
  return [state, []];
}

function opened(state: Handshake, response: OpenSessionResponse, now: number): Step {
  const { login } = state;
  if (response.kind === 'refused') return fail(state, rakpFailure(response.status, login.usernameText));
  const { bmcSessionId, algorithms } = response;
  if (response.consoleSessionId !== state.consoleSessionId) return [state, []];
  if (bmcSessionId === 0) return fail(state, badReply('the BMC opened a session with the id 0'));
  const wished = login.suite.algorithms;
  const agreed =
    algorithms.authentication === wished.authentication &&
    algorithms.integrity === wished.integrity &&
    algorithms.confidentiality === wished.confidentiality;
  if (!agreed) {
    const text = `the BMC answered with other algorithms than those of cipher suite ${login.suite.id}`;
    return fail(state, new IpmiError('suite-refused', text), [
      refusalDatagram(state.tag, 0x11, bmcSessionId),
    ]);
  }
  return enter(state, { at: 'rakp2', bmcSessionId }, rakp1Datagram(state, bmcSessionId), now);
}

function proven(state: Handshake, bmcSessionId: number, message: Rakp2, now: number): Step {
  const { login, consoleSessionId, consoleRandom } = state;
  if (message.consoleSessionId !== consoleSessionId) return [state, []];
  if (message.kind === 'refused') return fail(state, rakpFailure(message.status, login.usernameText));
  const { bmcRandom, bmcGuid } = message;
  const facts = { ...login, consoleSessionId, bmcSessionId, consoleRandom, bmcRandom, bmcGuid };
  if (!equalSecrets(rakp2AuthCode(login.suite, facts), message.authCode)) {
    // Nothing made of the password leaves here: the refusal has no auth code. IPMI 2.0 §13.22
    return fail(
      state,
      wrong(
        'auth-failed',
        `login as "${login.usernameText}": wrong password, or the device at this address is not the BMC that knows it`,
        0x0f,
      ),
      [refusalDatagram(state.tag, 0x0f, bmcSessionId)],
    );
  }
  const keys = deriveKeys(login.suite, facts);
  const request = rakp3Datagram(state.tag, bmcSessionId, rakp3AuthCode(login.suite, facts));
  return enter(state, { at: 'rakp4', facts, keys }, request, now);
}

function finished(state: Handshake, phase: Phase & { at: 'rakp4' }, message: Rakp4): Step {
  const { login, consoleSessionId } = state;
  const { facts, keys } = phase;
  if (message.consoleSessionId !== consoleSessionId) return [state, []];
  if (message.kind === 'refused') return fail(state, rakpFailure(message.status, login.usernameText));
  const { bmcSessionId } = facts;
  if (!equalSecrets(rakp4Icv(login.suite, keys.sik, facts), message.icv)) {
    const error = state.keyGSet
      ? wrong(
          'auth-failed',
          'the BMC has a second key (K_G) set, which is not supported; set K_G to zeros',
          0x0f,
        )
      : wrong(
          'bmc-not-genuine',
          'the last login message failed its integrity check; somebody interferes',
          0x0f,
        );
    return fail(state, error, [refusalDatagram(state.tag, 0x0f, bmcSessionId)]);
  }
  const secrets = { suite: login.suite, keys, consoleSessionId, bmcSessionId };
  return [{ ...state, phase: { at: 'done' } }, [{ kind: 'opened', secrets }]];
}

function badReply(text: string): IpmiError {
  return new IpmiError('bad-reply', text);
}

function wrong(code: IpmiErrorCode, text: string, rakpStatus: number): IpmiError {
  return new IpmiError(code, text, { data: { rakpStatus } });
}
