import { ByteReader } from '../../base/bytes.ts';
import type { RakpFacts, SessionKeys } from '../crypto/rakp.ts';
import type { CipherSuite } from '../crypto/suite.ts';
import { IpmiError } from '../types.ts';
import type { Envelope } from './envelope.ts';
import type { LoginFacts } from './facts.ts';
import type { LoginAttempt } from './handshake-requests.ts';
import type { IpmiTiming } from './timing.ts';
import { waitAfter } from './timing.ts';

type Phase =
  | { readonly at: 'probe' }
  | { readonly at: 'suites'; readonly index: number; readonly records: Uint8Array }
  | { readonly at: 'open' }
  | { readonly at: 'rakp2'; readonly bmcSessionId: number }
  | { readonly at: 'rakp4'; readonly facts: RakpFacts; readonly keys: SessionKeys }
  | { readonly at: 'done' };

/** What every kind of login keeps about its messages. */
export interface Exchange {
  readonly deadlineAt: number;
  /** What is repeated until the phase ends, and how often it was sent. */
  readonly request: Uint8Array;
  readonly sends: number;
  readonly heard: boolean;
  readonly malformed: number;
}

/** An RMCP+ login under way. IPMI 2.0 §13.15, §13.31 */
export interface Handshake extends LoginAttempt, Exchange {
  readonly phase: Phase;
  /** Suites to try when the BMC refuses `suite`, best first. */
  readonly otherSuites: readonly CipherSuite[];
  readonly facts: LoginFacts | undefined;
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
  | {
      readonly kind: 'opened';
      readonly envelope: Envelope;
      /** Undefined for IPMI 1.5. */
      readonly suite: CipherSuite | undefined;
      readonly facts: LoginFacts | undefined;
    }
  | { readonly kind: 'failed'; readonly error: IpmiError };

export type Step = readonly [Handshake, readonly HandshakeEffect[]];

/** Bytes of randomness that a start and each timer event need. */
export const handshakeRandomBytes = 36;

/** Transmissions of one login message before the login starts again with fresh numbers: some BMCs answer a repeated one never. */
export const sendsBeforeRestart = 3;

/** The fields of `handshakeRandomBytes` random bytes. */
export function freshNumbers(random: Uint8Array): {
  readonly consoleSessionId: number;
  readonly consoleRandom: Uint8Array;
  readonly iv: Uint8Array;
} {
  const r = new ByteReader(random);
  // 0 would mean "outside a session". IPMI 2.0 §13.17
  const consoleSessionId = r.u32le('random') || 1;
  return { consoleSessionId, consoleRandom: r.bytes(16, 'random'), iv: r.bytes(16, 'random') };
}

/** Goes to `phase` and sends its request, which is repeated until an answer comes. */
export function enter(state: Handshake, phase: Phase, request: Uint8Array, now: number): Step {
  return transmit({ ...state, phase, request, sends: 0 }, state.login.timing, now);
}

/** Sends the request of the present phase once more. */
export function transmit<S extends Exchange>(
  state: S,
  timing: IpmiTiming,
  now: number,
): readonly [S, readonly HandshakeEffect[]] {
  const sends = state.sends + 1;
  const ms = waitAfter(timing.retryMs, sends, now, state.deadlineAt);
  return [
    { ...state, sends },
    [
      { kind: 'send', datagram: state.request },
      { kind: 'timer', ms },
    ],
  ];
}

/** Ends the login; `last` are datagrams that free what the BMC holds. */
export function fail(state: Handshake, error: IpmiError, last: readonly Uint8Array[] = []): Step {
  return [{ ...state, phase: { at: 'done' } }, [...sendAll(last), { kind: 'failed', error }]];
}

export function sendAll(datagrams: readonly Uint8Array[]): readonly HandshakeEffect[] {
  return datagrams.map((datagram) => ({ kind: 'send', datagram }));
}

/** Why a login ends at its deadline. */
export function silence(state: Exchange, timing: IpmiTiming): IpmiError {
  const seconds = timing.deadlineMs / 1000;
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
