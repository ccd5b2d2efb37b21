import { startLan15, stepLan15 } from './lan15/handshake.ts';
import { startHandshake, stepHandshake } from './session/handshake.ts';
import type { HandshakeEffect, HandshakeEvent } from './session/handshake-state.ts';
import type { Login } from './session/login.ts';

/** A login under way, the same for both protocols: an event in, effects out. */
export type LoginMachine = (event: HandshakeEvent) => readonly HandshakeEffect[];

/** Starts the login of its protocol; `random`: `handshakeRandomBytes` unpredictable bytes. */
export function startLogin(
  login: Login,
  now: number,
  random: Uint8Array,
): readonly [LoginMachine, readonly HandshakeEffect[]] {
  return login.protocol === '1.5'
    ? machine(startLan15(login, now, random), stepLan15)
    : machine(startHandshake(login, now, random), stepHandshake);
}

function machine<S>(
  [start, first]: readonly [S, readonly HandshakeEffect[]],
  step: (state: S, event: HandshakeEvent) => readonly [S, readonly HandshakeEffect[]],
): readonly [LoginMachine, readonly HandshakeEffect[]] {
  let state = start;
  return [
    (event) => {
      const [next, effects] = step(state, event);
      state = next;
      return effects;
    },
    first,
  ];
}
