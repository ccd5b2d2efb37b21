import type { SolFromBmc } from './wire/sol-payload.ts';

/** What a packet tells the BMC besides characters. */
export type SolSignal = 'break' | 'flush-to-machine' | 'flush-from-machine' | 'status';

/** Something to send, in its turn: characters, or a signal of its own packet. */
export type SolJob =
  | { readonly id: number; readonly kind: 'characters'; readonly data: Uint8Array }
  | { readonly id: number; readonly kind: 'signal'; readonly signal: SolSignal };

/** How packets go out; the numbers come from the BMC's SOL parameters where it tells them. */
export interface SolPace {
  /** Characters in a packet at most. */
  readonly chunk: number;
  /** Repetitions at the interval; slower ones follow until the patience is over. */
  readonly retries: number;
  readonly retryMs: number;
}

/** The packet that waits for its acknowledgement: there is one at a time. IPMI 2.0 §15.11 */
interface InFlight {
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly signal: SolSignal | undefined;
  readonly sends: number;
  readonly since: number;
}

/** The direction to the BMC. */
export interface Sender {
  readonly pace: SolPace;
  /** Of the last new packet; 0 before the first one. */
  readonly sequence: number;
  readonly jobs: readonly SolJob[];
  readonly inFlight: InFlight | undefined;
  /** The BMC took nothing more for now. */
  readonly holding: boolean;
  /** Next repetition, or end of holding. */
  readonly wakeAt: number | undefined;
}

export type SenderEffect =
  | {
      readonly kind: 'packet';
      readonly sequence: number;
      readonly data: Uint8Array;
      readonly signal: SolSignal | undefined;
    }
  /** The BMC took all of a job. */
  | { readonly kind: 'done'; readonly id: number }
  /** The BMC acknowledges nothing any more. */
  | { readonly kind: 'stuck' };

type Step = readonly [Sender, readonly SenderEffect[]];

/** A busy BMC gets at least so long before it counts as gone, however short its own retries are. */
const patienceMs = 8000;
const slowRetryMs = 1000;
/** Wait after a refusal: the buffer of the serial port empties, or the machine is switched on. */
const holdMs = 250;

export const freshSender = (sequence: number, pace: SolPace): Sender => ({
  pace,
  sequence,
  jobs: [],
  inFlight: undefined,
  holding: false,
  wakeAt: undefined,
});

/** Puts a job behind the others; no characters are done at once. */
export const addJob = (sender: Sender, job: SolJob, now: number): Step =>
  job.kind === 'characters' && job.data.length === 0
    ? [sender, [{ kind: 'done', id: job.id }]]
    : pump({ ...sender, jobs: [...sender.jobs, job] }, now);

/** Takes what a packet of the BMC says about ours. A refused packet keeps its number: an earlier copy of it may have been taken. */
export function onAck(
  sender: Sender,
  { ackSequence, accepted, nack }: Pick<SolFromBmc, 'ackSequence' | 'accepted' | 'nack'>,
  now: number,
): Step {
  const { inFlight } = sender;
  if (ackSequence === 0) return [sender, []];
  if (inFlight === undefined)
    return sender.holding && !nack && ackSequence === sender.sequence ? hurry(sender, now) : [sender, []];
  if (ackSequence !== inFlight.sequence) return [sender, []];
  const taken = Math.min(accepted, inFlight.data.length);
  if (nack && taken === 0) {
    const waiting = { ...inFlight, sends: 0, since: now };
    return [{ ...sender, inFlight: waiting, holding: true, wakeAt: now + holdMs }, []];
  }
  const [jobs, done] = inFlight.signal === undefined ? consume(sender.jobs, taken) : first(sender.jobs);
  const effects = done.map((id) => ({ kind: 'done', id }) as const);
  const next = { ...sender, jobs, inFlight: undefined, holding: false, wakeAt: undefined };
  const isFull = nack || (inFlight.data.length > 0 && taken === 0);
  if (isFull) return [{ ...next, holding: true, wakeAt: now + holdMs }, effects];
  const [pumped, more] = pump(next, now);
  return [pumped, [...effects, ...more]];
}

/** Ends a holding early: the BMC can take characters again. */
export const hurry = (sender: Sender, now: number): Step =>
  sender.holding ? onWake({ ...sender, wakeAt: now }, now) : [sender, []];

/** The time of `wakeAt` has come; does nothing before it. */
export function onWake(sender: Sender, now: number): Step {
  const { inFlight, wakeAt, pace } = sender;
  if (wakeAt === undefined || now < wakeAt) return [sender, []];
  if (inFlight === undefined) return pump({ ...sender, holding: false, wakeAt: undefined }, now);
  const isLate = now - inFlight.since >= patienceMs;
  if (inFlight.sends > pace.retries && isLate) return [{ ...sender, wakeAt: undefined }, [{ kind: 'stuck' }]];
  const sends = inFlight.sends + 1;
  const again = sends <= pace.retries ? pace.retryMs : Math.max(pace.retryMs, slowRetryMs);
  const { sequence, data, signal } = inFlight;
  return [
    { ...sender, inFlight: { ...inFlight, sends }, holding: false, wakeAt: now + again },
    [{ kind: 'packet', sequence, data, signal }],
  ];
}

function pump(sender: Sender, now: number): Step {
  const head = sender.jobs.at(0);
  if (head === undefined || sender.inFlight || sender.holding) return [sender, []];
  const sequence = (sender.sequence % 15) + 1;
  const signal = head.kind === 'signal' ? head.signal : undefined;
  const data = gather(sender.jobs, sender.pace.chunk);
  const inFlight = { sequence, data, signal, sends: 1, since: now };
  return [
    { ...sender, sequence, inFlight, wakeAt: now + sender.pace.retryMs },
    [{ kind: 'packet', sequence, data, signal }],
  ];
}

/** The characters of the leading jobs, as many as a packet takes. */
function gather(jobs: readonly SolJob[], chunk: number): Uint8Array {
  const data = new Uint8Array(chunk);
  let length = 0;
  for (const job of jobs) {
    if (job.kind !== 'characters' || length === chunk) break;
    const part = job.data.subarray(0, chunk - length);
    data.set(part, length);
    length += part.length;
  }
  return data.subarray(0, length);
}

type Consumed = readonly [jobs: readonly SolJob[], done: readonly number[]];

const first = (jobs: readonly SolJob[]): Consumed => [jobs.slice(1), jobs.slice(0, 1).map(({ id }) => id)];

/** What is left to send once `length` characters were taken, and the jobs that are done by that. */
function consume(jobs: readonly SolJob[], length: number): Consumed {
  const done: number[] = [];
  let left = length;
  for (const job of jobs) {
    if (job.kind !== 'characters' || left === 0) break;
    if (left < job.data.length)
      return [[{ ...job, data: job.data.subarray(left) }, ...jobs.slice(done.length + 1)], done];
    left -= job.data.length;
    done.push(job.id);
  }
  return [jobs.slice(done.length), done];
}

/** How many of a job's `length` characters the BMC took while it is not done, and whether it may have taken more of it. */
export function progressOf(
  { jobs, inFlight }: Sender,
  id: number,
  length: number,
): { readonly accepted: number; readonly mayHaveRun: boolean } {
  let before = 0;
  for (const [at, job] of jobs.entries()) {
    const size = job.kind === 'characters' ? job.data.length : 0;
    if (job.id === id) {
      const mayHaveRun = inFlight !== undefined && (at === 0 || before < inFlight.data.length);
      return { accepted: job.kind === 'characters' ? length - size : 0, mayHaveRun };
    }
    before += size;
  }
  return { accepted: length, mayHaveRun: true };
}
