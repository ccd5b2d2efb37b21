import { ByteWriter, toHex } from '../../src/base/bytes.ts';
import { unseal } from '../../src/ipmi/session/sealed.ts';
import { decodeSolFromConsole, encodeSolFromBmc } from '../../src/ipmi/sol/wire/sol-payload.ts';
import { decodeIpmiMessage, type IpmiMessage, lanAddress } from '../../src/ipmi/wire/ipmi-message.ts';
import { payloadType } from '../../src/ipmi/wire/session-packet.ts';
import type { UdpPeer } from '../../src/net/udp.ts';
import { commandRow } from './commands/index.ts';
import { completion, Refusal } from './commands/row.ts';
import { replyMessage, sendSealed } from './emit.ts';
import { receiveSequence } from './receive-window.ts';
import { type SolEvent, stepSol } from './sol.ts';
import { restartBmc } from './restart.ts';
import type { BmcSession, Turn } from './state.ts';

/** A repetition of a request is known for so long. IPMI 2.0 §5.3 */
const repetitionMs = 5000;

/** The session as it is now; undefined when a command has ended it. */
const sessionOf = (turn: Turn, id: number): BmcSession | undefined =>
  turn.bmc.sessions.find((one) => one.secrets.bmcSessionId === id);

function keep(turn: Turn, session: BmcSession): void {
  const id = session.secrets.bmcSessionId;
  turn.bmc.sessions = turn.bmc.sessions.map((one) => (one.secrets.bmcSessionId === id ? session : one));
}

/** A datagram for an open session. What is not genuine, or was there before, is dropped without a word. */
export function onSessionDatagram(
  turn: Turn,
  session: BmcSession,
  datagram: Uint8Array,
  from: UdpPeer,
): void {
  const { secrets } = session;
  const inside = unseal(secrets, secrets.bmcSessionId, datagram);
  if (inside.kind === 'drop') return;
  const window = receiveSequence(session.window, inside.sequence);
  if (window === undefined) return;
  const heard = { ...session, window, lastAt: turn.now, peer: from };
  keep(turn, heard);
  if (inside.payloadType === payloadType.ipmi) onRequest(turn, heard, decodeIpmiMessage(inside.payload));
  if (inside.payloadType === payloadType.sol && turn.bmc.sol?.bmcSessionId === secrets.bmcSessionId)
    driveSol(turn, { kind: 'packet', packet: decodeSolFromConsole(inside.payload), now: turn.now });
}

/** The outcome of a command as bytes that begin with a completion code. */
export function carryOut(turn: Turn, request: IpmiMessage, session: BmcSession | undefined): Uint8Array {
  const row = commandRow(request.netFn, request.cmd);
  const only = (code: number): Uint8Array => Uint8Array.of(code);
  if (row === undefined) return only(completion.invalidCommand);
  if (session === undefined && !row.outsideSession) return only(completion.insufficientPrivilege);
  if (session !== undefined && session.privilege < row.privilege)
    return only(completion.insufficientPrivilege);
  const outcome = row.run(turn, request.data, session);
  if (outcome instanceof Refusal) return only(outcome.completionCode);
  return new ByteWriter(1 + outcome.length).u8(completion.ok).bytes(outcome).done();
}

function onRequest(turn: Turn, session: BmcSession, request: IpmiMessage): void {
  const { bmc, now } = turn;
  if (request.toAddr !== lanAddress.bmc || (request.netFn & 1) !== 0) return;
  if (bmc.faults.rebootInCommand) {
    bmc.faults = { ...bmc.faults, rebootInCommand: false };
    restartBmc(turn, bmc.config.coldResetMs);
    return;
  }
  const id = session.secrets.bmcSessionId;
  const key = `${request.rqSeq} ${request.netFn} ${request.cmd} ${toHex(request.data)}`;
  const { answered } = session;
  if (answered?.request === key && now - answered.at <= repetitionMs) {
    keep(turn, sendSealed(turn, session, payloadType.ipmi, replyMessage(turn, request, answered.data)));
    return;
  }
  const busy = bmc.faults.busy > 0;
  if (busy) bmc.faults = { ...bmc.faults, busy: bmc.faults.busy - 1 };
  const data = busy ? Uint8Array.of(completion.busy) : carryOut(turn, request, session);
  const reply = replyMessage(turn, request, data);
  // A session that its own command ended still gets the answer.
  const after = sendSealed(turn, sessionOf(turn, id) ?? session, payloadType.ipmi, reply);
  keep(turn, { ...after, answered: { request: key, data, at: now } });
}

/** Gives an event to the active SOL, if there is one, and sends what comes of it. */
export function driveSol(turn: Turn, event: SolEvent): void {
  const { bmc } = turn;
  if (bmc.sol === undefined) return;
  const [next, packets] = stepSol(bmc.sol, event, bmc.config.console);
  bmc.sol = next;
  for (const packet of packets) {
    const session = sessionOf(turn, next.bmcSessionId);
    if (session) keep(turn, sendSealed(turn, session, payloadType.sol, encodeSolFromBmc(packet)));
  }
}
