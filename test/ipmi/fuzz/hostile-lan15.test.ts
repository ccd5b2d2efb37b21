import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { getDeviceId } from '../../../src/ipmi/commands/app/get-device-id.ts';
import { connectBmc, IpmiError } from '../../../src/ipmi/index.ts';
import { type Lan15Handshake, startLan15, stepLan15 } from '../../../src/ipmi/lan15/handshake.ts';
import { type HandshakeEffect, handshakeRandomBytes } from '../../../src/ipmi/session/handshake-state.ts';
import { loginOf } from '../../../src/ipmi/session/login.ts';
import { openSession, type SessionEffect, stepSession } from '../../../src/ipmi/session/session.ts';
import { defaultTiming } from '../../../src/ipmi/session/timing.ts';
import { cases } from '../../support/cases.ts';
import { fakeBmc } from '../../support/fake-bmc.ts';
import { fakeLab } from '../../support/fake-lab.ts';
import { seededRandom } from '../../support/faults.ts';
import { using } from '../../support/ipmi-deps.ts';
import { mutations } from '../../support/mutations.ts';

const numRuns = cases(100_000);
const patienceMs = 120_000;
const now = 1_700_000_000_000;
const dice = seededRandom(11);
const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(dice() * 256));
const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const command = { ...getDeviceId, data: new Uint8Array(), retryMs: [500], deadlineMs: 1000 };
const iv = new Uint8Array(16);

/** A genuine login with MD5, stopped before each answer of the BMC. */
function genuineLogin() {
  const bmc = fakeBmc({ random, onCommand: () => ({ completionCode: 0, data: deviceId }) });
  const target = { address: '192.0.2.7', port: 623, username: 'admin', password: 'test-secret' };
  const login = loginOf({ ...target, protocol: '1.5' }, defaultTiming);
  let [state, effects] = startLan15(login, now, random(handshakeRandomBytes));
  const stages: Array<{ readonly state: Lan15Handshake; readonly answer: Uint8Array }> = [];
  for (;;) {
    const opened = effects.find((effect) => effect.kind === 'opened');
    if (opened) return { bmc, stages, envelope: opened.envelope };
    const sent = effects.find((effect) => effect.kind === 'send');
    const answer = sent && bmc.handle(sent.datagram)[0];
    if (!answer) throw new Error('the genuine login stopped');
    stages.push({ state, answer });
    [state, effects] = stepLan15(state, { kind: 'datagram', datagram: answer, now });
  }
}

const { bmc, stages, envelope } = genuineLogin();
const answers = stages.map(({ answer }) => answer);
const [waiting, sent] = stepSession(openSession(envelope), { kind: 'command', command, now, iv });
const request = sent.find((effect) => effect.kind === 'send');
const reply = (request && bmc.handle(request.datagram)[0]) ?? new Uint8Array();
const repliedOf = (effects: readonly SessionEffect[]): string | undefined => {
  const effect = effects.find((one) => one.kind === 'replied');
  return effect && toHex(effect.data);
};

it('has a genuine IPMI 1.5 login and command to damage', () => {
  expect(stages.map(({ state }) => state.phase.at)).toEqual(['probe', 'challenge', 'activate']);
  expect(repliedOf(stepSession(waiting, { kind: 'datagram', datagram: reply })[1])).toBe(toHex(deviceId));
});

describe('hostile IPMI 1.5 datagrams', { timeout: patienceMs }, () => {
  it.each(stages.map(({ state }, i) => [state.phase.at, i] as const))(
    'in the login, waiting for the answer to %s: no crash, no session that the password did not prove',
    (at, i) => {
      const stage = stages[i];
      if (!stage) throw new Error('no such stage');
      fc.assert(
        fc.property(mutations, (mutate) => {
          const datagram = mutate(stage.answer, answers);
          const [, effects] = stepLan15(stage.state, { kind: 'datagram', datagram, now });
          const isSafe = (effect: HandshakeEffect): boolean => {
            if (effect.kind === 'failed') return effect.error instanceof IpmiError;
            // What nobody signs, RMCP's reserved bytes and what follows the message, may differ.
            const isOurs = at === 'activate' && 'envelope' in effect;
            return (
              effect.kind !== 'opened' || (isOurs && effect.envelope.bmcSessionId === envelope.bmcSessionId)
            );
          };
          expect(effects.every(isSafe)).toBe(true);
        }),
        { numRuns },
      );
    },
  );

  it('in a session: only the genuine reply is taken', () => {
    fc.assert(
      fc.property(mutations, (mutate) => {
        const [next, effects] = stepSession(waiting, {
          kind: 'datagram',
          datagram: mutate(reply, [...answers, request?.datagram ?? reply]),
        });
        const data = repliedOf(effects);
        if (data === undefined) expect(next.pending).toBeDefined();
        else expect(data).toBe(toHex(deviceId));
      }),
      { numRuns },
    );
  });

  it.each(['md5', 'straight', 'none'] as const)(
    'all along, with %s: a connect over a wire that damages half of the answers ends, and leaves no socket',
    async (ipmi15Auth) => {
      const damage = fc.array(fc.tuple(fc.boolean(), mutations), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(damage, fc.nat(0xffff), async (plan, seed) => {
          let at = 0;
          const lab = fakeLab({
            seed,
            onCommand: () => ({ completionCode: 0, data: deviceId }),
            meddle(answer) {
              const [harm, mutate] = plan[at++ % plan.length] ?? [false];
              return harm && mutate ? [mutate(answer, [answer])] : [answer];
            },
          });
          try {
            const target = { ...lab.target, protocol: '1.5', ipmi15Auth } as const;
            const client = await lab.time.settle(connectBmc(target, lab.deps));
            await lab.time.settle(using(Promise.resolve(client), (open) => open.deviceId()));
          } catch (error) {
            expect(error).toBeInstanceOf(IpmiError);
          }
          expect(lab.sockets()).toBe(0);
        }),
        { numRuns: cases(2000) },
      );
    },
  );
});
