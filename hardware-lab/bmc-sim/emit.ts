import { ByteWriter } from '../../src/base/bytes.ts';
import { ipmiDatagram, seal } from '../../src/ipmi/session/sealed.ts';
import { nextSequence } from '../../src/ipmi/session/window.ts';
import { encodeIpmiMessage, type IpmiMessage } from '../../src/ipmi/wire/ipmi-message.ts';
import { encodeSessionPacket } from '../../src/ipmi/wire/session-packet.ts';
import { encodeSessionless } from '../../src/ipmi/wire/sessionless-packet.ts';
import type { UdpPeer } from '../../src/net/udp.ts';
import { reorderMs } from './faults.ts';
import { chance, drawBytes } from './random.ts';
import type { BmcSession, Turn } from './state.ts';

const extraBytes = 64;
const farAway = 1000;

/** Gives a datagram to the network, which may be a bad one. */
export function emit(turn: Turn, datagram: Uint8Array, to: UdpPeer): void {
  const { bmc, effects } = turn;
  const { loss, duplicate, delayMs, reorder } = bmc.faults;
  if (chance(bmc, loss)) return;
  const afterMs = delayMs + (chance(bmc, reorder) ? reorderMs : 0);
  effects.push({ kind: 'send', datagram, to, afterMs });
  if (chance(bmc, duplicate)) effects.push({ kind: 'send', datagram, to, afterMs });
}

/** Cuts off or adds what the faults say. */
function resized(turn: Turn, bytes: Uint8Array): Uint8Array {
  const { bmc } = turn;
  if (chance(bmc, bmc.faults.truncate)) return bytes.slice(0, Math.ceil(bytes.length / 2));
  if (chance(bmc, bmc.faults.oversize))
    return new ByteWriter(bytes.length + extraBytes).bytes(bytes).fill(extraBytes, 0xa5).done();
  return bytes;
}

/** An RMCP+ payload outside a session. */
export function sendPlain(turn: Turn, type: number, payload: Uint8Array, to: UdpPeer): void {
  const outside = { encrypted: false, authenticated: false, sessionId: 0, sequence: 0 };
  const packet = { ...outside, payloadType: type, payload: resized(turn, payload) };
  emit(turn, ipmiDatagram(encodeSessionPacket(packet)), to);
}

/** The answer to a request as an IPMI message; `data` starts with the completion code. */
export function replyMessage(turn: Turn, request: IpmiMessage, data: Uint8Array): Uint8Array {
  const { bmc } = turn;
  const message = encodeIpmiMessage({
    toAddr: request.fromAddr,
    toLun: request.fromLun,
    netFn: request.netFn | 1,
    fromAddr: request.toAddr,
    fromLun: request.toLun,
    rqSeq: request.rqSeq,
    cmd: request.cmd,
    data: resized(turn, data),
  });
  if (!chance(bmc, bmc.faults.badChecksum)) return message;
  return message.map((byte, index) => (index === message.length - 1 ? byte ^ 0xff : byte));
}

/** An IPMI 1.5 packet outside a session, which echoes the request's sequence number. */
export function sendSessionless(turn: Turn, sequence: number, payload: Uint8Array, to: UdpPeer): void {
  emit(turn, ipmiDatagram(encodeSessionless({ sequence, sessionId: 0, payload })), to);
}

/** A payload inside a session; answers the session as it is afterwards. */
export function sendSealed(turn: Turn, session: BmcSession, type: number, payload: Uint8Array): BmcSession {
  const { bmc } = turn;
  const { secrets, peer } = session;
  const jump = chance(bmc, bmc.faults.wrongSequence) ? farAway : 0;
  const sequence = nextSequence(session.sequence);
  const packet = { to: secrets.consoleSessionId, payloadType: type, sequence: sequence + jump, payload };
  const sealed = seal(secrets, packet, drawBytes(bmc, 16));
  const wrong = chance(bmc, bmc.faults.wrongSession);
  emit(turn, wrong ? sealed.map((byte, i) => (i === sealed.length - 1 ? byte ^ 0x01 : byte)) : sealed, peer);
  return { ...session, sequence };
}
