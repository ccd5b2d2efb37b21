import { WireError } from '../../base/bytes.ts';
import { assertNever } from '../../base/errors.ts';
import { IpmiError } from '../types.ts';
import { finished, listed, opened, openedAgain, openWithBest, probed, proven } from './handshake-answers.ts';
import { decodeHandshakeReply, type HandshakeReply } from './handshake-replies.ts';
import { closeDatagram, openDatagram, probeDatagram, refusalDatagram } from './handshake-requests.ts';
import {
  enter,
  fail,
  freshNumbers,
  type Handshake,
  type HandshakeEvent,
  sendAll,
  sendsBeforeRestart,
  silence,
  type Step,
  transmit,
} from './handshake-state.ts';
import type { Login } from './login.ts';

/** Transmissions of Get Channel Cipher Suites: boards without the command may not answer it at all. */
const sendsOfSuites = 2;

/**
 * Begins with Get Channel Authentication Capabilities: it costs the BMC no session slot, so repetitions to a slow BMC leave no
 * half-open sessions behind, and it tells BMCs without IPMI 2.0 apart from dead ones.
 */
export function startHandshake(login: Login, now: number, random: Uint8Array): Step {
  const { consoleSessionId, consoleRandom } = freshNumbers(random);
  const [suite, ...otherSuites] = login.suites;
  if (suite === undefined) throw new IpmiError('bad-target', 'no cipher suite is allowed');
  const start: Handshake = {
    login,
    suite,
    otherSuites,
    consoleSessionId,
    consoleRandom,
    phase: { at: 'probe' },
    tag: 0,
    deadlineAt: now + login.timing.deadlineMs,
    request: new Uint8Array(),
    sends: 0,
    heard: false,
    malformed: 0,
    facts: undefined,
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
      return fail(state, event.error, abandon(state, freshNumbers(event.random).iv));
    default:
      return assertNever(event, 'event');
  }
}

/** Datagrams that free the session slot of a login that is given up, best effort. */
function abandon(state: Handshake, iv: Uint8Array): readonly Uint8Array[] {
  const { phase, suite, tag } = state;
  const inactiveSessionId = 0x08;
  if (phase.at === 'rakp2') return [refusalDatagram(tag, inactiveSessionId, phase.bmcSessionId)];
  if (phase.at !== 'rakp4') return [];
  // RAKP 3 may have arrived and only RAKP 4 got lost: then the session is open. If not, the refusal ends it.
  const { bmcSessionId } = phase.facts;
  return [
    closeDatagram({ suite, keys: phase.keys }, bmcSessionId, iv),
    refusalDatagram(tag, inactiveSessionId, bmcSessionId),
  ];
}

function timeout(state: Handshake, now: number, random: Uint8Array): Step {
  const { phase } = state;
  const { timing } = state.login;
  const numbers = freshNumbers(random);
  if (now >= state.deadlineAt) return fail(state, silence(state, timing), abandon(state, numbers.iv));
  if (phase.at === 'suites' && state.sends >= sendsOfSuites) return openWithBest(state, undefined, now);
  const inRakp = phase.at === 'rakp2' || phase.at === 'rakp4';
  if (!inRakp || state.sends < sendsBeforeRestart) return transmit(state, timing, now);
  const { consoleSessionId, consoleRandom } = numbers;
  const again = { ...state, tag: (state.tag + 1) & 0xff, consoleSessionId, consoleRandom };
  const [next, effects] = enter(again, { at: 'open' }, openDatagram(again), now);
  return [next, [...sendAll(abandon(state, numbers.iv)), ...effects]];
}

function receive(state: Handshake, datagram: Uint8Array, now: number): Step {
  try {
    const keys = state.phase.at === 'rakp4' ? state.phase.keys : undefined;
    const reply = decodeHandshakeReply(datagram, state.suite, keys, state.consoleSessionId);
    return reply === undefined ? [state, []] : advance(state, reply, now);
  } catch (error) {
    if (error instanceof WireError) return [{ ...state, malformed: state.malformed + 1 }, []];
    throw error;
  }
}

function advance(state: Handshake, reply: HandshakeReply, now: number): Step {
  const { phase } = state;
  const heard = { ...state, heard: true, malformed: 0 };
  if (reply.kind === 'capabilities')
    return phase.at === 'probe' ? probed(heard, reply.facts, now) : [state, []];
  if (reply.kind === 'suites') return phase.at === 'suites' ? listed(heard, phase, reply, now) : [state, []];
  if (reply.message.tag !== state.tag) return [state, []];
  if (reply.kind === 'open' && phase.at === 'open') return opened(heard, reply.message, now);
  if (reply.kind === 'open' && phase.at === 'rakp2')
    return openedAgain(heard, phase.bmcSessionId, reply.message, now);
  if (reply.kind === 'rakp2' && phase.at === 'rakp2')
    return proven(heard, phase.bmcSessionId, reply.message, now);
  if (reply.kind === 'rakp4' && phase.at === 'rakp4') return finished(heard, phase, reply.message);
  return [state, []];
}
