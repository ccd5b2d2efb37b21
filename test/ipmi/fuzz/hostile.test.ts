import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, toHex, WireError } from '../../../src/base/bytes.ts';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import { IpmiError } from '../../../src/ipmi/index.ts';
import { decodeHandshakeReply } from '../../../src/ipmi/session/handshake-replies.ts';
import { startHandshake, stepHandshake } from '../../../src/ipmi/session/handshake.ts';
import {
  type Handshake,
  type HandshakeEffect,
  handshakeRandomBytes,
} from '../../../src/ipmi/session/handshake-state.ts';
import { loginOf } from '../../../src/ipmi/session/login.ts';
import { type SessionSecrets, seal } from '../../../src/ipmi/session/sealed.ts';
import {
  openSession,
  type Session,
  type SessionEffect,
  stepSession,
} from '../../../src/ipmi/session/session.ts';
import { defaultTiming } from '../../../src/ipmi/session/timing.ts';
import { decodeSessionPacket, payloadType } from '../../../src/ipmi/wire/session-packet.ts';
import { authType } from '../../../src/ipmi/wire/sessionless-packet.ts';
import { cases, protocolCases } from '../../support/cases.ts';
import { fakeBmc } from '../../support/fake-bmc.ts';
import { fakeLab } from '../../support/fake-lab.ts';
import { seededRandom } from '../../support/faults.ts';
import { using } from '../../support/ipmi-deps.ts';
import { mutations } from '../../support/mutations.ts';

const numRuns = protocolCases();
const patienceMs = 120_000;
const now = 1_700_000_000_000;
const password = 'test-secret';
const dice = seededRandom(7);
const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(dice() * 256));
const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const command = { ...getDeviceId, data: new Uint8Array(), retryMs: [500], deadlineMs: 1000 };

/** A genuine login, stopped before each answer of the BMC. */
function genuineLogin() {
  const bmc = fakeBmc({ random, password, onCommand: () => ({ completionCode: 0, data: deviceId }) });
  const target = { address: '192.0.2.7', port: 623, username: 'admin', password };
  const login = loginOf(target, defaultTiming);
  let [state, effects] = startHandshake(login, now, random(handshakeRandomBytes));
  const stages: Array<{ readonly state: Handshake; readonly answer: Uint8Array }> = [];
  for (;;) {
    const opened = effects.find((effect) => effect.kind === 'opened');
    if (opened) return { bmc, stages, envelope: opened.envelope, secrets: secretsOf(stages.at(-1)?.state) };
    const sent = effects.find((effect) => effect.kind === 'send');
    const answer = sent && bmc.handle(sent.datagram)[0];
    if (!answer) throw new Error('the genuine login stopped');
    stages.push({ state, answer });
    [state, effects] = stepHandshake(state, { kind: 'datagram', datagram: answer, now });
  }
}

function secretsOf(last: Handshake | undefined): SessionSecrets {
  if (last?.phase.at !== 'rakp4') throw new Error('the genuine login did not end with RAKP 4');
  const { facts, keys } = last.phase;
  const { consoleSessionId, bmcSessionId } = facts;
  return { suite: last.suite, keys, consoleSessionId, bmcSessionId };
}

const { bmc, stages, secrets, envelope } = genuineLogin();
const answers = stages.map(({ answer }) => answer);
const iv = new Uint8Array(16).fill(3);
const [waiting, sent] = stepSession(openSession(envelope), { kind: 'command', command, now, iv });
const request = sent.find((effect) => effect.kind === 'send');
const reply = (request && bmc.handle(request.datagram)[0]) ?? new Uint8Array();

/** Type and status of what is sent as an RMCP+ packet outside a session. */
function sentRakp(effect: HandshakeEffect): { type: number; status: number; length: number } | undefined {
  if (effect.kind !== 'send') return undefined;
  // A part of the list of suites is asked for without RMCP+.
  if (effect.datagram[4] !== authType.rmcpPlus) return undefined;
  const packet = decodeSessionPacket(effect.datagram.subarray(4), 12);
  const status = new ByteReader(packet.payload, 1).u8('status');
  return { type: packet.payloadType, status, length: packet.payload.length };
}

it('has a genuine login and command to damage', () => {
  expect(stages.map(({ state }) => state.phase.at)).toEqual(['probe', 'suites', 'open', 'rakp2', 'rakp4']);
  expect(replied(stepSession(waiting, { kind: 'datagram', datagram: reply }))).toBe(toHex(deviceId));
});

function replied([, effects]: readonly [Session, readonly SessionEffect[]]): string | undefined {
  const effect = effects.find((one) => one.kind === 'replied');
  return effect && toHex(effect.data);
}

describe('hostile datagrams', { timeout: patienceMs }, () => {
  it.each(stages.map(({ state }, i) => [state.phase.at, i] as const))(
    'in the login, waiting for %s: no crash, no proof of the password, no session',
    (_at, i) => {
      const { state, answer } = stages[i]!;
      const { suite } = state;
      const keys = state.phase.at === 'rakp4' ? state.phase.keys : undefined;
      const understood = (datagram: Uint8Array): string => {
        try {
          return JSON.stringify(decodeHandshakeReply(datagram, suite, keys, state.consoleSessionId));
        } catch (error) {
          if (error instanceof WireError) return 'malformed';
          throw error;
        }
      };
      const genuine = understood(answer);
      fc.assert(
        fc.property(mutations, (mutate) => {
          const datagram = mutate(answer, answers);
          const [next, effects] = stepHandshake(state, { kind: 'datagram', datagram, now });
          // Changes in reserved bytes leave the answer what it was.
          if (understood(datagram) === genuine) return;
          for (const effect of effects) {
            expect(effect.kind).not.toBe('opened');
            if (effect.kind === 'failed') expect(effect.error).toBeInstanceOf(IpmiError);
            const rakp = sentRakp(effect);
            if (rakp?.type === payloadType.rakp3) expect(rakp).toMatchObject({ length: 8 });
            if (rakp?.type === payloadType.rakp3) expect(rakp.status).not.toBe(0);
          }
          expect(next.phase.at === 'rakp4' && state.phase.at !== 'rakp4').toBe(false);
        }),
        { numRuns },
      );
    },
  );

  it('in a session: only the genuine reply is taken', () => {
    const others = [...answers, request?.datagram ?? reply];
    fc.assert(
      fc.property(mutations, (mutate) => {
        const step = stepSession(waiting, { kind: 'datagram', datagram: mutate(reply, others) });
        const data = replied(step);
        if (data !== undefined) expect(data).toBe(toHex(deviceId));
        else expect(step[0].pending).toBeDefined();
      }),
      { numRuns },
    );
  });

  it('in a session, from a BMC that has the keys: a reply or a drop, never a crash', () => {
    const to = secrets.consoleSessionId;
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }).map((data) => Uint8Array.from([0x81, 0x1c, 0x63, ...data])),
    );
    fc.assert(
      fc.property(payloads, fc.nat(0xffff_ffff), fc.nat(63), (payload, sequence, type) => {
        const datagram = seal(secrets, { to, payloadType: type === 2 ? 0 : type, sequence, payload }, iv);
        const [, effects] = stepSession(waiting, { kind: 'datagram', datagram });
        for (const effect of effects)
          expect(effect.kind).toBe(type === payloadType.sol ? 'payload' : 'replied');
      }),
      { numRuns },
    );
  });

  it('all along: a connect over a wire that damages half of the answers ends, and leaves nothing open', async () => {
    const damage = fc.array(fc.tuple(fc.boolean(), mutations), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(0xffff), async (plan, seed) => {
        let at = 0;
        const lab = fakeLab({
          seed,
          onCommand: () => ({ completionCode: 0, data: deviceId }),
          meddle(answer) {
            const [harm, mutate] = plan[at++ % plan.length]!;
            return harm ? [mutate(answer, [answer])] : [answer];
          },
        });
        try {
          const client = await lab.connect();
          await lab.time.settle(using(Promise.resolve(client), (open) => open.deviceId()));
        } catch (error) {
          expect(error).toBeInstanceOf(IpmiError);
        }
        expect(lab.sockets()).toBe(0);
        for (const { status, genuine } of lab.bmc.rakp3) expect(status !== 0 || genuine).toBe(true);
      }),
      { numRuns: cases(3000) },
    );
  });
});
