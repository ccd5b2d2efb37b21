import { WireError } from '../../base/bytes.ts';
import { assertNever } from '../../base/errors.ts';
import { freshReceiver, receive, type Receiver } from './receiver.ts';
import {
  addJob,
  freshSender,
  hurry,
  onAck,
  onWake,
  type Sender,
  type SenderEffect,
  type SolJob,
  type SolPace,
} from './sender.ts';
import { decodeSolFromBmc, encodeSolFromConsole, quietConsole, type SolFromBmc } from './wire/sol-payload.ts';

/** Serial over LAN as the console sees it, from the activation to its end. IPMI 2.0 §15 */
export interface SolMachine {
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** CTS is to be deasserted; each packet says it anew. */
  readonly paused: boolean;
  readonly available: boolean;
  readonly over: boolean;
}

export type SolMachineEvent =
  | { readonly kind: 'payload'; readonly payload: Uint8Array; readonly now: number }
  | { readonly kind: 'job'; readonly job: SolJob; readonly now: number }
  /** The BMC told how it wants its packets. */
  | { readonly kind: 'pace'; readonly pace: SolPace }
  /** Holds the output of the serial port, or lets it go on; `id` is that of the job by which the BMC is told. */
  | { readonly kind: 'pause'; readonly paused: boolean; readonly id: number; readonly now: number }
  | { readonly kind: 'timer'; readonly now: number };

/** Why no packet goes either way any more. */
export type SolOver = 'deactivated' | 'stuck';

export type SolMachineEffect =
  | { readonly kind: 'send'; readonly payload: Uint8Array }
  | { readonly kind: 'output'; readonly data: Uint8Array }
  /** Characters were lost before this place: in the BMC (overrun), or between it and us. */
  | { readonly kind: 'gap'; readonly reason: 'overrun' | 'skipped' }
  | { readonly kind: 'break' }
  /** Whether characters reach the serial port at present. */
  | { readonly kind: 'availability'; readonly available: boolean }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'over'; readonly reason: SolOver };

type Step = readonly [SolMachine, readonly SolMachineEffect[]];

/** The state at the activation; `sequence` is the last packet number that was used towards this BMC, 0 without one. */
export const startSolMachine = (sequence: number, pace: SolPace): SolMachine => ({
  sender: freshSender(sequence, pace),
  receiver: freshReceiver,
  paused: false,
  available: true,
  over: false,
});

/** When `step` wants a `timer`; undefined: when something else happens. */
export const solWakeAt = ({ over, sender }: SolMachine): number | undefined =>
  over ? undefined : sender.wakeAt;

/** One step of serial over LAN. Never throws for what a BMC sends; payloads that are too short are dropped. */
export function step(machine: SolMachine, event: SolMachineEvent): Step {
  if (machine.over) return [machine, []];
  switch (event.kind) {
    case 'payload': {
      const packet = readPacket(event.payload);
      return packet ? onPacket(machine, packet, event.now) : [machine, []];
    }
    case 'job':
      return send(machine, addJob(machine.sender, event.job, event.now));
    case 'pace':
      return [{ ...machine, sender: { ...machine.sender, pace: event.pace } }, []];
    case 'pause': {
      const paused = { ...machine, paused: event.paused };
      const job = { id: event.id, kind: 'signal', signal: 'status' } as const;
      return send(paused, addJob(paused.sender, job, event.now));
    }
    case 'timer':
      return send(machine, onWake(machine.sender, event.now));
    default:
      return assertNever(event, 'SOL event');
  }
}

function readPacket(payload: Uint8Array): SolFromBmc | undefined {
  try {
    return decodeSolFromBmc(payload);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function onPacket(before: SolMachine, packet: SolFromBmc, now: number): Step {
  const effects: SolMachineEffect[] = [];
  const [receiver, receipt] = receive(before.receiver, packet, now);
  let machine: SolMachine = { ...before, receiver };
  if (receipt.isNew) {
    if (receipt.gap) effects.push({ kind: 'gap', reason: 'skipped' });
    if (packet.transmitOverrun) effects.push({ kind: 'gap', reason: 'overrun' });
    if (packet.data.length > 0) effects.push({ kind: 'output', data: packet.data });
    if (packet.breakDetected) effects.push({ kind: 'break' });
  }
  if (receipt.ack) {
    const { sequence: ackSequence, accepted } = receipt.ack;
    const payload = encodeSolFromConsole({
      ...quietConsole,
      ackSequence,
      accepted,
      pauseCts: machine.paused,
    });
    effects.push({ kind: 'send', payload });
  }
  if (packet.deactivated)
    return [{ ...machine, over: true }, [...effects, { kind: 'over', reason: 'deactivated' }]];

  const available = !packet.transferUnavailable;
  const returned = available && !machine.available;
  if (available !== machine.available) effects.push({ kind: 'availability', available });
  machine = { ...machine, available };
  const acked = send(machine, onAck(machine.sender, packet, now));
  const [last, more] = returned ? then(acked, ({ sender }) => hurry(sender, now)) : acked;
  return [last, [...effects, ...more]];
}

function then(
  [machine, effects]: Step,
  next: (machine: SolMachine) => readonly [Sender, readonly SenderEffect[]],
): Step {
  const [after, more] = send(machine, next(machine));
  return [after, [...effects, ...more]];
}

/** Makes payloads of what the sending half wants. */
function send(machine: SolMachine, [sender, wishes]: readonly [Sender, readonly SenderEffect[]]): Step {
  const effects = wishes.map((wish): SolMachineEffect => {
    switch (wish.kind) {
      case 'packet': {
        const { sequence, data, signal } = wish;
        const payload = encodeSolFromConsole({
          ...quietConsole,
          sequence,
          data,
          pauseCts: machine.paused,
          generateBreak: signal === 'break',
          flushInbound: signal === 'flush-to-machine',
          flushOutbound: signal === 'flush-from-machine',
        });
        return { kind: 'send', payload };
      }
      case 'done':
        return wish;
      case 'stuck':
        return { kind: 'over', reason: 'stuck' };
      default:
        return assertNever(wish, 'wish of the sender');
    }
  });
  const over = wishes.some(({ kind }) => kind === 'stuck');
  return [{ ...machine, sender, over }, effects];
}
