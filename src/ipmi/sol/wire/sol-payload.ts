import { ByteReader, ByteWriter, WireError } from '../../../base/bytes.ts';

/** What SOL packets of both directions have. IPMI 2.0 §15.9, table 15-2 */
interface SolFrame {
  /** 1-15; 0: nothing to acknowledge, the packet only tells something. */
  readonly sequence: number;
  /** The packet of the other side that is acknowledged (or refused); 0: none. */
  readonly ackSequence: number;
  /** Characters of that packet that were taken; fewer than it had: the rest is to be sent again. */
  readonly accepted: number;
  /** The packet `ackSequence` could not be taken. */
  readonly nack: boolean;
  /** Characters, at most 255. */
  readonly data: Uint8Array;
}

/** Packet from the remote console. IPMI 2.0 §15.9, table 15-2 */
export interface SolFromConsole extends SolFrame {
  readonly ringWor: boolean;
  readonly generateBreak: boolean;
  /** Deassert CTS: the serial port shall stop sending. */
  readonly pauseCts: boolean;
  readonly dropDcd: boolean;
  readonly flushInbound: boolean;
  readonly flushOutbound: boolean;
}

/** Packet from the BMC. IPMI 2.0 §15.9, table 15-2 */
export interface SolFromBmc extends SolFrame {
  /** Characters cannot reach the serial port at present. */
  readonly transferUnavailable: boolean;
  /** SOL was ended, with this packet as the notice. */
  readonly deactivated: boolean;
  /** Characters of the serial port were lost. */
  readonly transmitOverrun: boolean;
  readonly breakDetected: boolean;
}

const nackBit = 0x40;
const consoleBit = {
  ringWor: 0x20,
  generateBreak: 0x10,
  pauseCts: 0x08,
  dropDcd: 0x04,
  flushInbound: 0x02,
  flushOutbound: 0x01,
} as const;
const bmcBit = {
  transferUnavailable: 0x20,
  deactivated: 0x10,
  transmitOverrun: 0x08,
  breakDetected: 0x04,
} as const;

/** A packet of the console that carries nothing; the fields that matter are put over it. */
export const quietConsole: SolFromConsole = {
  sequence: 0,
  ackSequence: 0,
  accepted: 0,
  nack: false,
  data: new Uint8Array(),
  ringWor: false,
  generateBreak: false,
  pauseCts: false,
  dropDcd: false,
  flushInbound: false,
  flushOutbound: false,
};

/** The same for a packet of the BMC. */
export const quietBmc: SolFromBmc = {
  sequence: 0,
  ackSequence: 0,
  accepted: 0,
  nack: false,
  data: new Uint8Array(),
  transferUnavailable: false,
  deactivated: false,
  transmitOverrun: false,
  breakDetected: false,
};

function encode(frame: SolFrame, bits: number): Uint8Array {
  if (frame.data.length > 255) throw new WireError('too-long', 'sol.data', 'has over 255 characters');
  return new ByteWriter(4 + frame.data.length)
    .u8(frame.sequence & 0x0f)
    .u8(frame.ackSequence & 0x0f)
    .u8(frame.accepted)
    .u8(bits | (frame.nack ? nackBit : 0))
    .bytes(frame.data)
    .done();
}

function decode(payload: Uint8Array): readonly [SolFrame, number] {
  const r = new ByteReader(payload);
  const sequence = r.u8('sol.sequence') & 0x0f;
  const ackSequence = r.u8('sol.ackSequence') & 0x0f;
  const accepted = r.u8('sol.accepted');
  const bits = r.u8('sol.bits');
  const nack = (bits & nackBit) !== 0;
  return [{ sequence, ackSequence, accepted, nack, data: r.rest() }, bits];
}

/** Payload of a packet to the BMC; WireError over 255 characters. */
export function encodeSolFromConsole(packet: SolFromConsole): Uint8Array {
  const bits =
    (packet.ringWor ? consoleBit.ringWor : 0) |
    (packet.generateBreak ? consoleBit.generateBreak : 0) |
    (packet.pauseCts ? consoleBit.pauseCts : 0) |
    (packet.dropDcd ? consoleBit.dropDcd : 0) |
    (packet.flushInbound ? consoleBit.flushInbound : 0) |
    (packet.flushOutbound ? consoleBit.flushOutbound : 0);
  return encode(packet, bits);
}

/** Reads a payload that came to the BMC; WireError when it is shorter than its four header bytes. */
export function decodeSolFromConsole(payload: Uint8Array): SolFromConsole {
  const [frame, bits] = decode(payload);
  return {
    ringWor: (bits & consoleBit.ringWor) !== 0,
    generateBreak: (bits & consoleBit.generateBreak) !== 0,
    pauseCts: (bits & consoleBit.pauseCts) !== 0,
    dropDcd: (bits & consoleBit.dropDcd) !== 0,
    flushInbound: (bits & consoleBit.flushInbound) !== 0,
    flushOutbound: (bits & consoleBit.flushOutbound) !== 0,
    ...frame,
  };
}

/** Payload of a packet to the console; WireError over 255 characters. */
export function encodeSolFromBmc(packet: SolFromBmc): Uint8Array {
  const bits =
    (packet.transferUnavailable ? bmcBit.transferUnavailable : 0) |
    (packet.deactivated ? bmcBit.deactivated : 0) |
    (packet.transmitOverrun ? bmcBit.transmitOverrun : 0) |
    (packet.breakDetected ? bmcBit.breakDetected : 0);
  return encode(packet, bits);
}

/** Reads a payload that came to the console; WireError when it is shorter than its four header bytes. */
export function decodeSolFromBmc(payload: Uint8Array): SolFromBmc {
  const [frame, bits] = decode(payload);
  // The spread comes last: V8 is many times slower where keys are added behind it, and this runs for each packet.
  return {
    transferUnavailable: (bits & bmcBit.transferUnavailable) !== 0,
    deactivated: (bits & bmcBit.deactivated) !== 0,
    transmitOverrun: (bits & bmcBit.transmitOverrun) !== 0,
    breakDetected: (bits & bmcBit.breakDetected) !== 0,
    ...frame,
  };
}
