import type { Clock } from '../../base/clock.ts';
import { assertNever } from '../../base/errors.ts';
import type { SolPort } from '../link.ts';
import { IpmiError } from '../types.ts';
import { defaultPace } from './activation.ts';
import type { SolNews } from './feed.ts';
import {
  type SolMachineEffect,
  type SolMachineEvent,
  type SolOver,
  solWakeAt,
  startSolMachine,
  step,
} from './machine.ts';
import { progressOf, type SolPace, type SolSignal } from './sender.ts';

/** Timer and packets of one activation; all decisions are in machine.ts. */
export interface Attachment {
  /** How the BMC wants its packets, known after the activation. */
  readonly setPace: (pace: SolPace) => void;
  /** Each resolves when the BMC took it; see SolStream. */
  readonly write: (data: Uint8Array) => Promise<void>;
  readonly signal: (signal: SolSignal) => Promise<void>;
  readonly pause: (paused: boolean) => Promise<void>;
  /** Number of the last packet that was sent; 0 before the first one. */
  readonly sequence: () => number;
  /** Rejects what waits; nothing is sent or told any more. */
  readonly detach: (error: IpmiError) => void;
}

export interface AttachmentHandlers {
  readonly news: (news: SolNews) => void;
  readonly over: (reason: SolOver) => void;
}

interface Waiting {
  readonly length: number;
  readonly done: () => void;
  readonly failed: (error: IpmiError) => void;
}

/** A pasted file waits with its writer, not here. */
const maxWaitingBytes = 65_536;
const maxWaitingJobs = 1024;

/** Listens at a session's port from now on: the first characters may come before the answer to the activation. */
export function attachSol(
  port: SolPort,
  clock: Clock,
  sequence: number,
  handlers: AttachmentHandlers,
): Attachment {
  let machine = startSolMachine(sequence, defaultPace);
  let detached = false;
  let jobs = 0;
  let waitingBytes = 0;
  let cancelTimer = (): void => {};
  const waiting = new Map<number, Waiting>();

  function happen(event: SolMachineEvent): void {
    if (detached) return;
    const [next, effects] = step(machine, event);
    machine = next;
    effects.forEach(apply);
    cancelTimer();
    const at = detached ? undefined : solWakeAt(machine);
    if (at !== undefined)
      cancelTimer = clock.after(Math.max(0, at - clock.now()), () =>
        happen({ kind: 'timer', now: clock.now() }),
      );
  }

  function apply(effect: SolMachineEffect): void {
    switch (effect.kind) {
      case 'send':
        try {
          port.send(effect.payload);
        } catch (error) {
          // The session ended; who owns it is told by the session.
          if (!(error instanceof IpmiError)) throw error;
        }
        break;
      case 'done':
        settle(effect.id)?.done();
        break;
      case 'over':
        handlers.over(effect.reason);
        break;
      case 'output':
      case 'gap':
      case 'break':
      case 'availability':
        handlers.news(effect);
        break;
      default:
        assertNever(effect, 'SOL effect');
    }
  }

  function settle(id: number): Waiting | undefined {
    const one = waiting.get(id);
    waiting.delete(id);
    waitingBytes -= one?.length ?? 0;
    return one;
  }

  function enqueue(length: number, event: (id: number, now: number) => SolMachineEvent): Promise<void> {
    if (waiting.size >= maxWaitingJobs || waitingBytes + length > maxWaitingBytes) {
      const text = 'the BMC has not taken what was typed before; wait for that';
      return Promise.reject(new IpmiError('busy', text));
    }
    return new Promise((done, failed) => {
      const id = ++jobs;
      waitingBytes += length;
      waiting.set(id, { length, done, failed });
      happen(event(id, clock.now()));
    });
  }

  const stopListening = port.onPayload((payload) => happen({ kind: 'payload', payload, now: clock.now() }));

  return {
    setPace: (pace) => happen({ kind: 'pace', pace }),
    write(typed) {
      const data = typed.slice();
      return enqueue(data.length, (id, now) => ({
        kind: 'job',
        job: { id, kind: 'characters', data },
        now,
      }));
    },
    signal: (signal) => enqueue(0, (id, now) => ({ kind: 'job', job: { id, kind: 'signal', signal }, now })),
    pause: (paused) => enqueue(0, (id, now) => ({ kind: 'pause', paused, id, now })),
    sequence: () => machine.sender.sequence,
    detach(error) {
      if (detached) return;
      detached = true;
      cancelTimer();
      stopListening();
      for (const [id, { length, failed }] of waiting) {
        const data = { ...error.data, ...progressOf(machine.sender, id, length) };
        failed(new IpmiError(error.code, error.message, { data, cause: error }));
      }
      waiting.clear();
    },
  };
}
