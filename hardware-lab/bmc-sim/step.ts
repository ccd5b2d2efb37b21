import { ByteReader, WireError } from '../../src/base/bytes.ts';
import { decodeIpmiMessage } from '../../src/ipmi/wire/ipmi-message.ts';
import { decodeRmcp, encodeRmcp, rmcpClass } from '../../src/ipmi/wire/rmcp.ts';
import { decodeSessionPacket, payloadType } from '../../src/ipmi/wire/session-packet.ts';
import { authType, decodeSessionless } from '../../src/ipmi/wire/sessionless-packet.ts';
import type { UdpPeer } from '../../src/net/udp.ts';
import { pongFor } from './asf.ts';
import { emit, replyMessage, sendPlain, sendSessionless } from './emit.ts';
import type { Faults } from './faults.ts';
import { onOpenSession, onRakp1, onRakp3 } from './login.ts';
import { settleMachine, stepMachine } from './machine.ts';
import { chance } from './random.ts';
import { restartBmc } from './restart.ts';
import { carryOut, driveSol, onSessionDatagram } from './session.ts';
import { solWakeAt } from './sol.ts';
import type { BmcEffect, BmcState, Turn } from './state.ts';

/** Everything that can happen to a BMC. `now` in milliseconds since the epoch. */
export type BmcEvent = { readonly now: number } & (
  | { readonly kind: 'datagram'; readonly datagram: Uint8Array; readonly from: UdpPeer }
  /** The moment of a `wake` effect has come. */
  | { readonly kind: 'wake' }
  /** Other faults from now on; what is not named stays. */
  | { readonly kind: 'faults'; readonly faults: Partial<Faults> }
  /** A person presses the power button, or the mains goes and comes back. */
  | { readonly kind: 'power-button' }
  | { readonly kind: 'mains-lost-and-back' }
  /** The machine writes to its serial port. */
  | { readonly kind: 'serial-output'; readonly data: Uint8Array }
  /** Somebody pulls the BMC's own supply for a moment. */
  | { readonly kind: 'bmc-restart' }
);

/** One step of a simulated BMC. Never throws for what a datagram holds. */
export function stepBmc(state: BmcState, event: BmcEvent): readonly [BmcState, readonly BmcEffect[]] {
  const turn: Turn = { bmc: { ...state }, now: event.now, effects: [] };
  settleMachine(turn);
  settleSessions(turn);
  const wokenAt = turn.bmc.sol && solWakeAt(turn.bmc.sol, turn.bmc.config.console);
  happen(turn, event);
  const { sol, config } = turn.bmc;
  const wakeAt = sol && solWakeAt(sol, config.console);
  if (wakeAt !== undefined && (wakeAt !== wokenAt || event.kind === 'wake'))
    turn.effects.push({ kind: 'wake', at: wakeAt });
  return [turn.bmc, turn.effects];
}

/** Sessions and logins that nobody used for too long are gone, and Serial over LAN with its session. IPMI 2.0 §6.12.15 */
function settleSessions(turn: Turn): void {
  const { bmc, now } = turn;
  const alive = ({ lastAt }: { readonly lastAt: number }): boolean =>
    now - lastAt < bmc.config.sessionTimeoutMs;
  if (!bmc.logins.every(alive)) bmc.logins = bmc.logins.filter(alive);
  if (!bmc.sessions.every(alive)) bmc.sessions = bmc.sessions.filter(alive);
  dropOrphanedSol(turn);
}

function dropOrphanedSol({ bmc }: Turn): void {
  const owner = bmc.sol?.bmcSessionId;
  if (owner !== undefined && !bmc.sessions.some((one) => one.secrets.bmcSessionId === owner))
    bmc.sol = undefined;
}

function happen(turn: Turn, event: BmcEvent): void {
  const { bmc, now } = turn;
  switch (event.kind) {
    case 'datagram':
      if (now < bmc.deafUntil || bmc.faults.hang || chance(bmc, bmc.faults.loss)) return;
      onDatagram(turn, event.datagram, event.from);
      return dropOrphanedSol(turn);
    case 'wake':
      return driveSol(turn, { kind: 'tick', now });
    case 'faults':
      bmc.faults = { ...bmc.faults, ...event.faults };
      return;
    case 'power-button':
      return void stepMachine(turn, { kind: 'button', now });
    case 'mains-lost-and-back':
      stepMachine(turn, { kind: 'mains-lost-and-back', now });
      return restartBmc(turn, bmc.config.coldResetMs);
    case 'serial-output':
      return driveSol(turn, { kind: 'write', data: event.data, now });
    case 'bmc-restart':
      return restartBmc(turn, bmc.config.coldResetMs);
  }
}

function onDatagram(turn: Turn, datagram: Uint8Array, from: UdpPeer): void {
  try {
    const rmcp = decodeRmcp(datagram);
    if (rmcp.isAck) return;
    // Only a sender that numbers its messages wants them acknowledged. IPMI 2.0 §13.1.3
    if (rmcp.sequence !== 0xff)
      emit(turn, encodeRmcp({ ...rmcp, isAck: true, body: new Uint8Array() }), from);
    if (rmcp.messageClass === rmcpClass.asf) {
      const pong = pongFor(rmcp.body);
      if (pong) emit(turn, pong, from);
    }
    if (rmcp.messageClass === rmcpClass.ipmi) onIpmi(turn, rmcp.body, datagram, from);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}

function onIpmi(turn: Turn, body: Uint8Array, datagram: Uint8Array, from: UdpPeer): void {
  const r = new ByteReader(body);
  if (r.u8('session.authType') === authType.none) return onSessionless(turn, body, from);
  r.skip(1, 'session.payloadType');
  const id = r.u32le('session.id');
  const session = turn.bmc.sessions.find((one) => one.secrets.bmcSessionId === id);
  if (id !== 0) return session && onSessionDatagram(turn, session, datagram, from);
  const { payloadType: type, payload, authenticated, encrypted } = decodeSessionPacket(body, 0);
  if (!authenticated && !encrypted) onLogin(turn, type, payload, from);
}

function onLogin(turn: Turn, type: number, payload: Uint8Array, from: UdpPeer): void {
  const answer = (replyType: number, reply: Uint8Array | undefined): void => {
    if (reply) sendPlain(turn, replyType, reply, from);
  };
  if (type === payloadType.openSessionRequest)
    answer(payloadType.openSessionResponse, onOpenSession(turn, payload));
  if (type === payloadType.rakp1) answer(payloadType.rakp2, onRakp1(turn, payload));
  if (type === payloadType.rakp3) answer(payloadType.rakp4, onRakp3(turn, payload, from));
  if (type === payloadType.ipmi) {
    const request = decodeIpmiMessage(payload);
    sendPlain(turn, type, replyMessage(turn, request, carryOut(turn, request, undefined)), from);
  }
}

/** What may be asked before a session. IPMI 2.0 §13.14 */
function onSessionless(turn: Turn, body: Uint8Array, from: UdpPeer): void {
  const { sequence, payload } = decodeSessionless(body);
  const request = decodeIpmiMessage(payload);
  sendSessionless(turn, sequence, replyMessage(turn, request, carryOut(turn, request, undefined)), from);
}
