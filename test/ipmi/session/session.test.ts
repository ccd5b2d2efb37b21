import { describe, expect, it } from 'vitest';
import { hmac } from '../../../src/ipmi/crypto/hmac.ts';
import { deriveKeys } from '../../../src/ipmi/crypto/rakp.ts';
import { suite3 } from '../../../src/ipmi/crypto/suite.ts';
import { IpmiError } from '../../../src/ipmi/index.ts';
import { rmcpPlusEnvelope } from '../../../src/ipmi/session/envelope.ts';
import { ipmiDatagram, seal, unseal } from '../../../src/ipmi/session/sealed.ts';
import {
  openSession,
  type Session,
  type SessionEffect,
  stepSession,
} from '../../../src/ipmi/session/session.ts';
import {
  decodeIpmiMessage,
  encodeIpmiMessage,
  type IpmiMessage,
} from '../../../src/ipmi/wire/ipmi-message.ts';
import { encodeSessionPacket } from '../../../src/ipmi/wire/session-packet.ts';
import { flipBit } from '../../support/flip.ts';

const zeros = new Uint8Array(16);
const ids = { consoleSessionId: 0xa0a2a3a4, bmcSessionId: 0x0102 };
const facts = {
  ...ids,
  consoleRandom: zeros,
  bmcRandom: zeros,
  bmcGuid: zeros,
  role: 0x14,
  username: zeros,
  password: zeros,
};
const secrets = { suite: suite3, keys: deriveKeys(suite3, facts), ...ids };
const iv = new Uint8Array(16).fill(1);
const command = {
  name: 'Test',
  netFn: 6,
  cmd: 1,
  data: Uint8Array.of(7),
  retryMs: [500, 1000],
  deadlineMs: 4000,
};

function start(
  over: Partial<typeof command> = {},
  session: Session = openSession(rmcpPlusEnvelope(secrets)),
) {
  return stepSession(session, { kind: 'command', command: { ...command, ...over }, now: 0, iv });
}

function timer(session: Session, now: number) {
  return stepSession(session, { kind: 'timer', now, iv });
}

/** Session sequence, rqSeq and the bytes of what is sent; the sequence is the four bytes behind the session id. */
function sentMessage(
  effects: readonly SessionEffect[],
): { sequence: number; message: IpmiMessage } | undefined {
  const send = effects.find((effect) => effect.kind === 'send');
  if (!send) return undefined;
  const inside = unseal(secrets, ids.bmcSessionId, send.datagram);
  if (inside.kind === 'drop') throw new Error(inside.reason);
  return { sequence: inside.sequence, message: decodeIpmiMessage(inside.payload) };
}

function answer(over: Partial<IpmiMessage> = {}, sequence = 1, payloadType = 0): Uint8Array {
  const payload = encodeIpmiMessage({
    toAddr: 0x81,
    toLun: 0,
    netFn: 7,
    fromAddr: 0x20,
    fromLun: 0,
    rqSeq: 1,
    cmd: 1,
    data: Uint8Array.of(0, 0xaa),
    ...over,
  });
  return seal(secrets, { to: ids.consoleSessionId, payloadType, sequence, payload }, iv);
}

/** A reply with a right auth code whose payload is in clear: what a downgraded session would look like. */
function unencrypted(): Uint8Array {
  const inside = unseal(secrets, ids.consoleSessionId, answer());
  if (inside.kind === 'drop') throw new Error(inside.reason);
  const signed = encodeSessionPacket({
    payloadType: 0,
    encrypted: false,
    authenticated: true,
    sessionId: ids.consoleSessionId,
    sequence: 1,
    payload: inside.payload,
  });
  const code = hmac(suite3, secrets.keys.k1, signed).subarray(0, suite3.authCodeBytes);
  return ipmiDatagram(Uint8Array.from([...signed, ...code]));
}

describe('repetition', () => {
  it('has a new session sequence and the same rqSeq; waits grow; the deadline ends it', () => {
    let [session, effects] = start();
    const sent = [];
    const waits = [];
    for (let now = 0; ; ) {
      sent.push(sentMessage(effects));
      const wait = effects.find((effect) => effect.kind === 'timer');
      if (!wait) break;
      waits.push(wait.ms);
      now += wait.ms;
      [session, effects] = timer(session, now);
    }
    expect(waits).toEqual([500, 1000, 1000, 1000, 500]);
    expect(sent.map((one) => one?.sequence)).toEqual([1, 2, 3, 4, 5, undefined]);
    expect(new Set(sent.map((one) => one?.message.rqSeq))).toEqual(new Set([1, undefined]));
    expect(effects).toMatchObject([{ kind: 'failed', error: { code: 'no-answer' } }]);
    expect(session.pending).toBeUndefined();
  });

  it('never happens for a command that must be sent once, even when its timer is early', () => {
    const [session, effects] = start({ retryMs: [] });
    expect(effects).toMatchObject([{ kind: 'send' }, { kind: 'timer', ms: 4000 }]);
    expect(timer(session, 3999)[1]).toEqual([{ kind: 'timer', ms: 1 }]);
    expect(timer(session, 4000)[1]).toMatchObject([{ kind: 'failed', error: { code: 'no-answer' } }]);
  });

  it('gives the next command a new rqSeq, 6 bits wide', () => {
    let session = openSession(rmcpPlusEnvelope(secrets));
    const used = [];
    for (let i = 0; i < 65; i++) {
      const [busy, effects] = start({}, session);
      used.push(sentMessage(effects)?.message.rqSeq);
      [session] = stepSession(busy, { kind: 'give-up', error: new IpmiError('closed', 'enough') });
    }
    expect(used.slice(0, 3)).toEqual([1, 2, 3]);
    expect(used.slice(-3)).toEqual([63, 0, 1]);
  });
});

describe('a reply', () => {
  const receive = (session: Session, datagram: Uint8Array) =>
    stepSession(session, { kind: 'datagram', datagram });

  it('ends its command', () => {
    const [session, effects] = receive(start()[0], answer());
    expect(effects).toEqual([{ kind: 'replied', completionCode: 0, data: Uint8Array.of(0xaa) }]);
    expect(session.pending).toBeUndefined();
  });

  it.each([
    ['another rqSeq', answer({ rqSeq: 2 }), 'stale-reply'],
    ['another command', answer({ cmd: 2 }), 'stale-reply'],
    ['another network function', answer({ netFn: 1 }), 'stale-reply'],
    ['a request, not a reply', answer({ netFn: 6 }), 'stale-reply'],
    ['for another requester', answer({ toAddr: 0x8f }), 'stale-reply'],
    ['from another responder', answer({ fromAddr: 0x2c }), 'stale-reply'],
    ['without a completion code', answer({ data: new Uint8Array() }), 'malformed'],
    ['of another payload type', answer({}, 1, 3), 'not-for-us'],
    ['with the sequence number 0', answer({}, 0), 'replayed'],
    ['with a wrong auth code', flipBit(answer(), -1), 'bad-integrity'],
    ['for another session', answer().with(6, 0), 'not-for-us'],
    ['not authenticated', answer().with(5, 0x80), 'bad-integrity'],
    ['not encrypted', answer().with(5, 0x40), 'bad-integrity'],
    ['neither', answer().with(5, 0x00), 'bad-integrity'],
    ['genuine, but its payload not encrypted', unencrypted(), 'bad-integrity'],
    ['of RMCP class ASF', answer().with(3, 0x06), 'not-for-us'],
    ['cut short', answer().subarray(0, 40), 'malformed'],
    ['empty', new Uint8Array(), 'malformed'],
  ] as const)('%s is dropped and counted', (_, datagram, reason) => {
    const [busy] = start();
    const [session, effects] = receive(busy, datagram);
    expect(effects).toEqual([]);
    expect(session.drops).toEqual({ [reason]: 1 });
    expect(session.pending).toBeDefined();
    expect(receive(session, answer({}, 2))[1]).toMatchObject([{ kind: 'replied' }]);
  });

  it('that comes again is a replay', () => {
    const [once] = receive(start()[0], answer());
    const [twice, effects] = receive(once, answer());
    expect(effects).toEqual([]);
    expect(twice.drops).toEqual({ replayed: 1 });
  });

  it('to nobody is dropped', () => {
    const [session, effects] = receive(openSession(rmcpPlusEnvelope(secrets)), answer());
    expect(effects).toEqual([]);
    expect(session.drops).toEqual({ 'stale-reply': 1 });
  });
});

it('takes one command at a time', () => {
  const [busy] = start();
  const [session, effects] = start({}, busy);
  expect(session).toBe(busy);
  expect(effects).toMatchObject([{ kind: 'failed', error: { code: 'busy' } }]);
});
