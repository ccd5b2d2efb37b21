import { ByteReader, WireError } from '../../base/bytes.ts';
import { assertNever } from '../../base/errors.ts';
import type { LoginFacts } from '../session/facts.ts';
import { probeDatagram } from '../session/handshake-requests.ts';
import {
  type Exchange,
  type HandshakeEffect,
  type HandshakeEvent,
  sendsBeforeRestart,
  silence,
  transmit,
} from '../session/handshake-state.ts';
import type { Login } from '../session/login.ts';
import { completionFailure } from '../status-text.ts';
import { IpmiError } from '../types.ts';
import { lan15AuthType } from '../wire/lan15-packet.ts';
import type { ActivateSessionReply } from './activate-session.ts';
import type { GetSessionChallengeReply } from './get-session-challenge.ts';
import {
  activateDatagram,
  challengeDatagram,
  decodeLan15Reply,
  isAuthentic,
  type Lan15Reply,
} from './handshake-messages.ts';
import { lan15Envelope } from './sealed.ts';

/** An IPMI 1.5 login under way. IPMI 2.0 §6.11, §22.16, §22.17 */
export interface Lan15Handshake extends Exchange {
  readonly login: Login;
  readonly authType: number;
  /** Number of the first packet that the BMC is asked to send. */
  readonly outboundSequence: number;
  /** Requester's sequence number of the present message. */
  readonly rqSeq: number;
  readonly phase:
    | { readonly at: 'probe' | 'challenge' | 'done' }
    | { readonly at: 'activate'; readonly challenge: GetSessionChallengeReply };
  readonly facts: LoginFacts | undefined;
  /** Times that the BMC had forgotten the challenge. */
  readonly forgotten: number;
  /** Answers whose auth code was wrong. */
  readonly forged: number;
}

type Step = readonly [Lan15Handshake, readonly HandshakeEffect[]];

/** "Invalid session id": the BMC forgot the challenge, or has taken the login already and its answer got lost. IPMI 2.0 §22.17 */
const invalidSessionId = 0x85;
const maxForgotten = 5;

/** Begins with Get Channel Authentication Capabilities, which says whether the BMC takes the wished kind of proof. */
export function startLan15(login: Login, now: number, random: Uint8Array): Step {
  const start: Lan15Handshake = {
    login,
    authType: lan15AuthType[login.ipmi15Auth],
    outboundSequence: new ByteReader(random).u32le('random') || 1,
    rqSeq: 0,
    phase: { at: 'probe' },
    facts: undefined,
    forgotten: 0,
    deadlineAt: now + login.timing.deadlineMs,
    request: probeDatagram(login),
    sends: 0,
    heard: false,
    malformed: 0,
    forged: 0,
  };
  return transmit(start, login.timing, now);
}

/** One step of a login. Never throws for what a datagram holds. */
export function stepLan15(state: Lan15Handshake, event: HandshakeEvent): Step {
  if (state.phase.at === 'done') return [state, []];
  switch (event.kind) {
    case 'datagram':
      return receive(state, event.datagram, event.now);
    case 'timer':
      return timeout(state, event.now);
    case 'give-up':
      return fail(state, event.error);
    default:
      return assertNever(event, 'event');
  }
}

function fail(state: Lan15Handshake, error: IpmiError): Step {
  return [{ ...state, phase: { at: 'done' } }, [{ kind: 'failed', error }]];
}

function enter(
  state: Lan15Handshake,
  phase: Lan15Handshake['phase'],
  now: number,
  request: (rqSeq: number) => Uint8Array,
): Step {
  const rqSeq = (state.rqSeq + 1) & 0x3f;
  return transmit({ ...state, phase, rqSeq, request: request(rqSeq), sends: 0 }, state.login.timing, now);
}

function askChallenge(state: Lan15Handshake, now: number): Step {
  const { authType, login } = state;
  return enter(state, { at: 'challenge' }, now, (rqSeq) =>
    challengeDatagram(authType, login.username, rqSeq),
  );
}

function timeout(state: Lan15Handshake, now: number): Step {
  const { timing } = state.login;
  if (now >= state.deadlineAt)
    return fail(state, state.forged > 0 ? notProven(state) : silence(state, timing));
  // A challenge is good for one Activate Session on many boards.
  const isStuck = state.phase.at === 'activate' && state.sends >= sendsBeforeRestart;
  return isStuck ? askChallenge(state, now) : transmit(state, timing, now);
}

function receive(state: Lan15Handshake, datagram: Uint8Array, now: number): Step {
  try {
    const reply = decodeLan15Reply(datagram, state.rqSeq);
    return reply === undefined ? [state, []] : advance(state, reply, now);
  } catch (error) {
    if (error instanceof WireError) return [{ ...state, malformed: state.malformed + 1 }, []];
    throw error;
  }
}

function advance(state: Lan15Handshake, reply: Lan15Reply, now: number): Step {
  const { phase, login } = state;
  const heard = { ...state, heard: true, malformed: 0 };
  if (reply.kind === 'capabilities')
    return phase.at === 'probe' ? probed(heard, reply.facts, now) : [state, []];
  if (reply.kind === 'refused') {
    if (phase.at === 'probe') return [state, []];
    const { forgotten } = state;
    const isForgotten = phase.at === 'activate' && reply.completionCode === invalidSessionId;
    if (isForgotten && forgotten < maxForgotten)
      return askChallenge({ ...heard, forgotten: forgotten + 1 }, now);
    const error = completionFailure(reply.command, reply.completionCode);
    return fail(heard, state.forged > 0 ? notProven(state) : error);
  }
  if (reply.kind === 'challenge') {
    if (phase.at !== 'challenge') return [state, []];
    const { authType, outboundSequence } = state;
    return enter(heard, { at: 'activate', challenge: reply.reply }, now, (rqSeq) =>
      activateDatagram(login, reply.reply, { authType, outboundSequence, rqSeq }),
    );
  }
  if (phase.at !== 'activate') return [state, []];
  if (!isAuthentic(reply.packet, state.authType, login.password))
    return [{ ...heard, forged: state.forged + 1 }, []];
  return activated(heard, reply.reply);
}

function probed(state: Lan15Handshake, facts: LoginFacts | undefined, now: number): Step {
  const { login } = state;
  const wished = login.ipmi15Auth;
  const isOffered = facts === undefined || facts.authTypes.includes(wished);
  if (!isOffered && !login.quirks.distrustCapabilities) {
    const offered = facts.authTypes.join(', ') || 'nothing';
    const onlyMd2 = facts.authTypes.includes('md2') ? '; MD2 is broken and not supported' : '';
    return fail(
      state,
      new IpmiError(
        'suite-refused',
        `the BMC takes no IPMI 1.5 login with "${wished}", only ${offered}${onlyMd2}: switch on MD5 for this channel`,
      ),
    );
  }
  return askChallenge({ ...state, facts: facts && { ...facts, supportsIpmi20: undefined } }, now);
}

function activated(state: Lan15Handshake, reply: ActivateSessionReply): Step {
  const { login, authType } = state;
  // A BMC may give up auth codes for the rest of the session, but not take up other ones.
  const later = login.quirks.forcePerMessageAuth ? authType : reply.authType;
  if (reply.sessionId === 0 || (later !== authType && later !== lan15AuthType.none))
    return fail(
      state,
      new IpmiError('bad-reply', 'Activate Session: the BMC opened a session that was not asked for'),
    );
  const { password, quirks } = login;
  const { bigEndianSequence, ignoreChecksums } = quirks;
  const secrets = { authType: later, password, sessionId: reply.sessionId, bigEndianSequence };
  const envelope = lan15Envelope(secrets, reply.inboundSequence, ignoreChecksums);
  return [
    { ...state, phase: { at: 'done' } },
    [{ kind: 'opened', envelope, suite: undefined, facts: state.facts }],
  ];
}

function notProven(state: Lan15Handshake): IpmiError {
  return new IpmiError(
    'bmc-not-genuine',
    `login as "${state.login.usernameText}": the answers were not made with the same password (${state.forged}); somebody interferes`,
  );
}
