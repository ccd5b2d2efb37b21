import { messageOf } from '../base/errors.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { UdpPeer } from '../net/udp.ts';
import {
  type Handshake,
  type HandshakeEffect,
  handshakeRandomBytes,
  startHandshake,
  stepHandshake,
} from './session/handshake.ts';
import type { Login } from './session/login.ts';
import {
  openSession,
  type Session,
  type SessionCommand,
  type SessionEffect,
  stepSession,
} from './session/session.ts';
import { IpmiError, type IpmiDeps } from './types.ts';

/** What a BMC answered to a command. */
export interface Answer {
  readonly completionCode: number;
  readonly data: Uint8Array;
}

/** Socket and timer of one session; all decisions are in session/. One call is under way at a time. */
export interface Line {
  /** Logs in. Rejects with IpmiError; what the BMC held for the login is freed. */
  login(): Promise<void>;
  run(command: SessionCommand): Promise<Answer>;
  /** Makes the call that is under way reject with `error`. */
  giveUp(error: IpmiError): void;
  /** The session after a login. */
  session(): Session | undefined;
  /** Closes the socket once everything is sent. */
  shut(): Promise<void>;
}

const anyAddress = '0.0.0.0' as Ipv4;
const ivBytes = 16;

/** Opens a socket towards a BMC. Rejects with IpmiError `unreachable` when there is none to be had. */
export async function openLine(peer: UdpPeer, login: Login, deps: IpmiDeps): Promise<Line> {
  const { clock, random } = deps;
  let handshake: Handshake | undefined;
  let session: Session | undefined;
  let settle: { done: (answer: Answer) => void; failed: (error: IpmiError) => void } | undefined;
  let cancelTimer = (): void => {};
  let sending: Promise<unknown> = Promise.resolve();

  function unreachable(cause: unknown): IpmiError {
    const text = `can't reach ${peer.address}:${peer.port}: ${messageOf(cause)}`;
    return new IpmiError('unreachable', text, { cause });
  }

  function finish(act: (waiting: NonNullable<typeof settle>) => void): void {
    cancelTimer();
    const waiting = settle;
    settle = undefined;
    if (waiting) act(waiting);
  }

  function apply(effects: readonly (HandshakeEffect | SessionEffect)[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send': {
          const sent = socket.send(effect.datagram, peer).catch((error) => giveUp(unreachable(error)));
          sending = sending.then(() => sent);
          break;
        }
        case 'timer':
          cancelTimer();
          cancelTimer = clock.after(effect.ms, onTimer);
          break;
        case 'opened':
          session = openSession(effect.secrets);
          finish((waiting) => waiting.done({ completionCode: 0, data: new Uint8Array() }));
          break;
        case 'replied':
          finish((waiting) => waiting.done(effect));
          break;
        case 'failed':
          finish((waiting) => waiting.failed(effect.error));
      }
    }
  }

  function toHandshake(event: Parameters<typeof stepHandshake>[1]): void {
    if (!handshake) return;
    const [next, effects] = stepHandshake(handshake, event);
    handshake = next;
    apply(effects);
  }

  function toSession(current: Session, event: Parameters<typeof stepSession>[1]): void {
    const [next, effects] = stepSession(current, event);
    session = next;
    apply(effects);
  }

  function onTimer(): void {
    const now = clock.now();
    if (session) toSession(session, { kind: 'timer', now, iv: random(ivBytes) });
    else toHandshake({ kind: 'timer', now, random: random(handshakeRandomBytes) });
  }

  function giveUp(error: IpmiError): void {
    if (session) toSession(session, { kind: 'give-up', error });
    else toHandshake({ kind: 'give-up', error, random: random(handshakeRandomBytes) });
  }

  function waiting(start: () => void): Promise<Answer> {
    return new Promise((done, failed) => {
      settle = { done, failed };
      start();
    });
  }

  const socket = await deps
    .openUdp({ address: anyAddress, port: 0 }, (datagram, from) => {
      if (from.address !== peer.address || from.port !== peer.port) return;
      if (session) toSession(session, { kind: 'datagram', datagram });
      else toHandshake({ kind: 'datagram', datagram, now: clock.now() });
    })
    .catch((error: unknown) => {
      throw unreachable(error);
    });

  return {
    async login() {
      await waiting(() => {
        const [state, effects] = startHandshake(login, clock.now(), random(handshakeRandomBytes));
        handshake = state;
        apply(effects);
      });
    },
    run: (command) =>
      waiting(() => {
        if (session) toSession(session, { kind: 'command', command, now: clock.now(), iv: random(ivBytes) });
      }),
    giveUp,
    session: () => session,
    async shut() {
      cancelTimer();
      await sending;
      await socket.close();
    },
  };
}
