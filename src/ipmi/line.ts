import { messageOf } from '../base/errors.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { UdpPeer } from '../net/udp.ts';
import { type LoginMachine, startLogin } from './login-machine.ts';
import {
  type HandshakeEffect,
  type HandshakeEvent,
  handshakeRandomBytes,
} from './session/handshake-state.ts';
import { createIvSource } from './session/iv-source.ts';
import type { Login } from './session/login.ts';
import {
  openSession,
  type Session,
  type SessionCommand,
  type SessionEffect,
  type SessionEvent,
  stepSession,
} from './session/session.ts';
import { IpmiError, type IpmiDeps } from './types.ts';

/** What a BMC answered to a command. */
export interface Answer {
  readonly completionCode: number;
  readonly data: Uint8Array;
}

type Opened = HandshakeEffect & { readonly kind: 'opened' };

/** Socket and timer of one session; all decisions are in session/. One call is under way at a time. */
export interface Line {
  /** Logs in. Rejects with IpmiError; what the BMC held for the login is freed. */
  login(): Promise<Opened>;
  run(command: SessionCommand): Promise<Answer>;
  /** Sends a payload beside the commands; false before a login. */
  send(payloadType: number, payload: Uint8Array): boolean;
  /** Makes the call that is under way reject with `error`. */
  giveUp(error: IpmiError): void;
  /** The session after a login. */
  session(): Session | undefined;
  /** Closes the socket once everything is sent. */
  shut(): Promise<void>;
}

const anyAddress = '0.0.0.0' as Ipv4;

/** Opens a socket towards a BMC; `onPayload` gets what comes beside the commands. Rejects with IpmiError `unreachable` without a socket. */
export async function openLine(
  peer: UdpPeer,
  login: Login,
  deps: IpmiDeps,
  onPayload: (payload: Uint8Array) => void,
): Promise<Line> {
  const { clock, random } = deps;
  const nextIv = createIvSource(random);
  let handshake: LoginMachine | undefined;
  let session: Session | undefined;
  let opened: ((effect: Opened) => void) | undefined;
  let settle: { done: (answer: Answer) => void; failed: (error: IpmiError) => void } | undefined;
  let cancelTimer = (): void => {};
  let unsent = 0;
  let onAllSent = (): void => {};

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

  function transmit(datagram: Uint8Array): void {
    const done = (): void => {
      unsent--;
      if (unsent === 0) onAllSent();
    };
    unsent++;
    socket.send(datagram, peer).then(done, (error: unknown) => {
      giveUp(unreachable(error));
      done();
    });
  }

  function apply(effects: readonly (HandshakeEffect | SessionEffect)[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          transmit(effect.datagram);
          break;
        case 'timer':
          cancelTimer();
          cancelTimer = clock.after(effect.ms, onTimer);
          break;
        case 'opened':
          session = openSession(effect.envelope);
          cancelTimer();
          opened?.(effect);
          break;
        case 'payload':
          onPayload(effect.payload);
          break;
        case 'replied':
          finish((waiting) => waiting.done(effect));
          break;
        case 'failed':
          finish((waiting) => waiting.failed(effect.error));
      }
    }
  }

  function toSession(current: Session, event: SessionEvent): void {
    const [next, effects] = stepSession(current, event);
    session = next;
    apply(effects);
  }

  function toHandshake(event: HandshakeEvent): void {
    if (handshake) apply(handshake(event));
  }

  function onTimer(): void {
    const now = clock.now();
    if (session) toSession(session, { kind: 'timer', now, iv: nextIv() });
    else toHandshake({ kind: 'timer', now, random: random(handshakeRandomBytes) });
  }

  function giveUp(error: IpmiError): void {
    if (session) toSession(session, { kind: 'give-up', error });
    else toHandshake({ kind: 'give-up', error, random: random(handshakeRandomBytes) });
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
    login: () =>
      new Promise((done, failed) => {
        opened = done;
        settle = { done: () => {}, failed };
        const bytes = random(handshakeRandomBytes);
        const [step, effects] = startLogin(login, clock.now(), bytes);
        handshake = step;
        apply(effects);
      }),
    run: (command) =>
      new Promise((done, failed) => {
        settle = { done, failed };
        if (session) toSession(session, { kind: 'command', command, now: clock.now(), iv: nextIv() });
      }),
    send(payloadType, payload) {
      if (!session) return false;
      toSession(session, { kind: 'payload', payloadType, payload, iv: nextIv() });
      return true;
    },
    giveUp,
    session: () => session,
    async shut() {
      cancelTimer();
      if (unsent > 0) await new Promise<void>((resolve) => (onAllSent = resolve));
      await socket.close();
    },
  };
}
