import { assertNever } from '../../src/base/errors.ts';
import { quietBmc, type SolFromBmc, type SolFromConsole } from '../../src/ipmi/sol/wire/sol-payload.ts';
import type { ConsoleScript } from './config.ts';

interface InFlight {
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly sends: number;
  readonly againAt: number;
}

/** Serial over LAN while it is active: one serial port, one console. IPMI 2.0 §15.11 */
export interface Sol {
  /** The BMC's id of the session that has it. */
  readonly bmcSessionId: number;
  readonly startedAt: number;
  /** Characters of the script that came out so far. */
  readonly scriptAt: number;
  /** Characters from the serial port that are not sent yet. */
  readonly queue: Uint8Array;
  readonly sequence: number;
  readonly inFlight: InFlight | undefined;
  /** No sooner than this goes a new packet out, so that slow characters are collected. */
  readonly sendAt: number;
  readonly lastReceived: { readonly sequence: number; readonly accepted: number };
  readonly paused: boolean;
  readonly breaks: number;
  /** The last characters that were typed, for the eyes of a test. */
  readonly typed: Uint8Array;
  /** Packets that are still to be refused. */
  readonly nacks: number;
}

export type SolEvent =
  | { readonly kind: 'packet'; readonly packet: SolFromConsole; readonly now: number }
  | { readonly kind: 'write'; readonly data: Uint8Array; readonly now: number }
  | { readonly kind: 'tick'; readonly now: number };

type Step = readonly [Sol, readonly SolFromBmc[]];

const accumulateMs = 30;
const chunk = 200;
const retryMs = 250;
const maxSends = 8;
const keepTyped = 256;
const keepQueue = 65_536;
const bytes = new TextEncoder();

export function startSol(bmcSessionId: number, now: number, nacks: number): Sol {
  return {
    bmcSessionId,
    startedAt: now,
    scriptAt: 0,
    queue: new Uint8Array(),
    sequence: 0,
    inFlight: undefined,
    // The console needs the answer to Activate Payload before its first character.
    sendAt: now + accumulateMs,
    lastReceived: { sequence: 0, accepted: 0 },
    paused: false,
    breaks: 0,
    typed: new Uint8Array(),
    nacks,
  };
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
};

const msPerCharacter = (script: ConsoleScript): number => 10_000 / script.baud;

/** One step: what the serial port and the console do, and the packets to send. */
export function stepSol(before: Sol, event: SolEvent, script: ConsoleScript): Step {
  const sol = collect(before, event.now, script);
  switch (event.kind) {
    case 'write':
      return pump({ ...sol, queue: joined(sol.queue, event.data).slice(-keepQueue) }, event.now, undefined);
    case 'tick':
      return pump(sol, event.now, undefined);
    case 'packet':
      return receive(sol, event.packet, event.now, script);
    default:
      return assertNever(event, 'event');
  }
}

/** When `stepSol` wants a tick; undefined when only the console can make something happen. */
export function solWakeAt(sol: Sol, script: ConsoleScript): number | undefined {
  if (sol.inFlight) return sol.inFlight.againAt;
  if (sol.paused) return undefined;
  if (sol.queue.length > 0) return sol.sendAt;
  if (sol.scriptAt >= bytes.encode(script.text).length) return undefined;
  const nextCharacterAt = sol.startedAt + (sol.scriptAt + 1) * msPerCharacter(script);
  return Math.max(sol.sendAt, nextCharacterAt);
}

/** Takes from the script what has come out at the port's speed. */
function collect(sol: Sol, now: number, script: ConsoleScript): Sol {
  const text = bytes.encode(script.text);
  if (sol.scriptAt >= text.length) return sol;
  const out = Math.min(text.length, Math.floor((now - sol.startedAt) / msPerCharacter(script) + 0.001));
  if (out <= sol.scriptAt) return sol;
  return { ...sol, scriptAt: out, queue: joined(sol.queue, text.slice(sol.scriptAt, out)).slice(-keepQueue) };
}

function receive(before: Sol, packet: SolFromConsole, now: number, script: ConsoleScript): Step {
  let sol: Sol = { ...acknowledge(before, packet, now), paused: packet.pauseCts };
  if (packet.flushOutbound) sol = { ...sol, queue: new Uint8Array() };
  if (packet.sequence === 0) return pump(sol, now, undefined);
  if (packet.sequence === sol.lastReceived.sequence) return pump(sol, now, sol.lastReceived);
  if (sol.nacks > 0 && packet.data.length > 0) {
    const refusal = { ...quietBmc, ackSequence: packet.sequence, nack: true };
    return [{ ...sol, nacks: sol.nacks - 1 }, [refusal]];
  }
  const taken = packet.data.slice(0, script.acceptAtMost);
  const heard = packet.generateBreak ? bytes.encode(script.onBreak) : new Uint8Array();
  const echo = script.echo ? taken : new Uint8Array();
  const lastReceived = { sequence: packet.sequence, accepted: taken.length };
  sol = {
    ...sol,
    lastReceived,
    breaks: sol.breaks + (packet.generateBreak ? 1 : 0),
    typed: joined(sol.typed, taken).slice(-keepTyped),
    queue: joined(sol.queue, joined(echo, heard)),
  };
  if (script.dataWithAck) return pump({ ...sol, sendAt: now }, now, lastReceived);
  return [
    { ...sol, sendAt: now + accumulateMs },
    [{ ...quietBmc, ackSequence: packet.sequence, accepted: taken.length }],
  ];
}

/** What the console says about our packet: taken, taken in part, or refused. */
function acknowledge(sol: Sol, packet: SolFromConsole, now: number): Sol {
  const { inFlight } = sol;
  if (!inFlight || packet.ackSequence !== inFlight.sequence) return sol;
  if (packet.nack && packet.accepted === 0)
    return { ...sol, inFlight: { ...inFlight, againAt: now + retryMs } };
  const rest = inFlight.data.slice(packet.accepted);
  return { ...sol, inFlight: undefined, queue: joined(rest, sol.queue) };
}

/** Sends what is to be sent: an acknowledgement, a packet again, a new packet. */
function pump(sol: Sol, now: number, received: Sol['lastReceived'] | undefined): Step {
  const ack = received ? { ackSequence: received.sequence, accepted: received.accepted } : {};
  const alone: readonly SolFromBmc[] = received ? [{ ...quietBmc, ...ack }] : [];
  const { inFlight } = sol;
  if (inFlight) {
    if (now < inFlight.againAt) return [sol, alone];
    if (inFlight.sends >= maxSends) return pump({ ...sol, inFlight: undefined }, now, received);
    const again = { ...inFlight, sends: inFlight.sends + 1, againAt: now + retryMs };
    const { sequence, data } = inFlight;
    return [{ ...sol, inFlight: again }, [{ ...quietBmc, ...ack, sequence, data }]];
  }
  const due = sol.queue.length >= chunk || now >= sol.sendAt;
  if (sol.paused || sol.queue.length === 0 || !due) return [sol, alone];
  const data = sol.queue.slice(0, chunk);
  const sequence = (sol.sequence % 15) + 1;
  const next = {
    ...sol,
    sequence,
    queue: sol.queue.slice(chunk),
    sendAt: now + accumulateMs,
    inFlight: { sequence, data, sends: 1, againAt: now + retryMs },
  };
  return [next, [{ ...quietBmc, ...ack, sequence, data }]];
}
