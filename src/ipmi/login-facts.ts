import type { Ipv4 } from '../base/ipv4.ts';
import { peerOf } from './peer.ts';
import { startHandshake, stepHandshake } from './session/handshake.ts';
import { type HandshakeEvent, handshakeRandomBytes, type Step } from './session/handshake-state.ts';
import type { LoginFacts } from './session/facts.ts';
import { loginOf } from './session/login.ts';
import { defaultTiming, type IpmiTiming } from './session/timing.ts';
import { type BmcTarget, IpmiError, type IpmiDeps } from './types.ts';

const anyAddress = '0.0.0.0' as Ipv4;

/**
 * Asks a BMC what it tells everybody about its logins, without one: no user, no password, no session slot. Rejects with IpmiError:
 * `unreachable`, `bad-reply`, or `command-failed` when the BMC does not tell.
 */
export async function readLoginFacts(
  target: Pick<BmcTarget, 'address' | 'port'>,
  deps: IpmiDeps,
  timing: Partial<IpmiTiming> = {},
): Promise<LoginFacts> {
  const { clock, random, openUdp } = deps;
  const peer = peerOf(target);
  const login = loginOf({ ...peer, username: '', password: '' }, { ...defaultTiming, ...timing });
  let [state, effects] = startHandshake(login, clock.now(), random(handshakeRandomBytes));
  let cancelTimer = (): void => {};
  let settle: { done: (facts: LoginFacts) => void; failed: (error: IpmiError) => void } | undefined;

  const socket = await openUdp({ address: anyAddress, port: 0 }, (datagram, from) => {
    if (from.address === peer.address && from.port === peer.port)
      step({ kind: 'datagram', datagram, now: clock.now() });
  }).catch((cause: unknown) => {
    throw new IpmiError('unreachable', `can't open a socket towards ${peer.address}`, { cause });
  });

  function step(event: HandshakeEvent): void {
    if (settle) apply(stepHandshake(state, event));
  }

  function apply([next, following]: Step): void {
    [state, effects] = [next, following];
    const failed = effects.find((effect) => effect.kind === 'failed');
    // The next message would be the first of a login.
    if (state.facts && (failed || state.phase.at === 'open'))
      return end((to) => state.facts && to.done(state.facts));
    if (failed) return end((to) => to.failed(failed.error));
    if (state.phase.at === 'open')
      return end((to) =>
        to.failed(new IpmiError('command-failed', 'the BMC does not tell about its logins')),
      );
    for (const effect of effects) {
      if (effect.kind === 'send') void socket.send(effect.datagram, peer).catch(() => undefined);
      if (effect.kind !== 'timer') continue;
      cancelTimer();
      cancelTimer = clock.after(effect.ms, () =>
        step({ kind: 'timer', now: clock.now(), random: random(handshakeRandomBytes) }),
      );
    }
  }

  function end(act: (to: NonNullable<typeof settle>) => void): void {
    cancelTimer();
    if (settle) act(settle);
    settle = undefined;
  }

  try {
    return await new Promise<LoginFacts>((done, failed) => {
      settle = { done, failed };
      apply([state, effects]);
    });
  } finally {
    cancelTimer();
    await socket.close();
  }
}
