import type { Clock } from '../../base/clock.ts';
import { ConsoleError } from '../errors.ts';

/** How much of what is typed may leave. A bucket of bytes that fills at the line's rate. */
export interface Pace {
  readonly bytesPerSecond: number;
  /** Most that leaves at once. */
  readonly burstBytes: number;
  readonly allowed: number;
  /** When `allowed` was right; ms since the epoch. */
  readonly at: number;
}

/**
 * A full bucket at `now`. It holds what the line sends in 20 ms (230 bytes at 115200 baud, never less than the 16 of a UART's buffer):
 * a key, its escape sequence or a short command leaves at once.
 */
export function startPace(bytesPerSecond: number, now: number): Pace {
  const burstBytes = Math.max(16, Math.floor(bytesPerSecond / 50));
  return { bytesPerSecond, burstBytes, allowed: burstBytes, at: now };
}

/** Takes up to `wanted` bytes out of the bucket: how many may leave now, or after how many ms some may. */
export function takePace(
  pace: Pace,
  now: number,
  wanted: number,
): { readonly pace: Pace; readonly bytes: number; readonly waitMs: number } {
  const { bytesPerSecond, burstBytes, at } = pace;
  // A clock that was set back gives nothing.
  const gained = (Math.max(0, now - at) * bytesPerSecond) / 1000;
  const allowed = Math.min(burstBytes, pace.allowed + gained);
  // Not byte by byte: each piece is a packet to a BMC, or a message to a host.
  const least = Math.min(wanted, burstBytes / 2);
  if (allowed < least)
    return {
      pace: { ...pace, allowed, at: now },
      bytes: 0,
      waitMs: ((least - allowed) * 1000) / bytesPerSecond,
    };
  const bytes = Math.min(wanted, Math.floor(allowed));
  return { pace: { ...pace, allowed: allowed - bytes, at: now }, bytes, waitMs: 0 };
}

/** What is typed waits here for its turn on the line. */
export interface Throttle {
  /** Resolves when the line took all; rejects with ConsoleError: `refused` when too much waits, as the line, or as `drop` says. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Does something behind everything that was written before; resolves and rejects as it does. */
  readonly behind: (act: () => Promise<void>) => Promise<void>;
  /** Bytes that the line has not taken. */
  readonly waiting: () => number;
  /** Rejects everything that waits; what is on its way to the line is not called back. */
  readonly drop: (error: ConsoleError) => void;
}

export interface ThrottleOptions {
  readonly send: (bytes: Uint8Array) => Promise<void>;
  readonly clock: Clock;
  readonly bytesPerSecond: number;
  readonly changed: () => void;
}

interface Job {
  /** What of it has not left yet. */
  bytes: Uint8Array;
  readonly act: (() => Promise<void>) | undefined;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** A pasted file waits with its viewer, not here: 6 s of a line at 115200 baud. */
const maxWaitingBytes = 65_536;
/** Each of them costs more memory than its few bytes. */
const maxWaitingJobs = 1024;

export function createThrottle({ send, clock, bytesPerSecond, changed }: ThrottleOptions): Throttle {
  let pace = startPace(bytesPerSecond, clock.now());
  let jobs: Job[] = [];
  let waiting = 0;
  let isRunning = false;

  function enqueue(bytes: Uint8Array, act?: () => Promise<void>): Promise<void> {
    if (waiting + bytes.length > maxWaitingBytes || jobs.length >= maxWaitingJobs) {
      const text = `the machine has not taken ${waiting} bytes that were typed before, and at most ${maxWaitingBytes} may wait; send the rest in smaller pieces, later`;
      return Promise.reject(new ConsoleError('refused', text, { data: { waiting } }));
    }
    return new Promise((done, failed) => {
      jobs.push({ bytes, act, done, failed });
      waiting += bytes.length;
      changed();
      if (!isRunning) void run();
    });
  }

  function drop(error: unknown): void {
    const dropped = jobs;
    jobs = [];
    waiting = 0;
    for (const { failed } of dropped) failed(error);
    if (dropped.length > 0) changed();
  }

  /** The bytes of a job that may leave now; waits until there are some, or until the job is dropped. */
  async function turnOf(job: Job): Promise<Uint8Array> {
    for (;;) {
      if (jobs[0] !== job) return new Uint8Array();
      const taken = takePace(pace, clock.now(), job.bytes.length);
      pace = taken.pace;
      if (taken.bytes > 0) return job.bytes.subarray(0, taken.bytes);
      await new Promise<void>((resolve) => {
        clock.after(Math.ceil(taken.waitMs), resolve);
      });
    }
  }

  async function advance(job: Job): Promise<void> {
    if (job.act !== undefined) {
      await job.act();
    } else {
      const piece = await turnOf(job);
      if (jobs[0] !== job) return;
      await send(piece);
      if (jobs[0] !== job) return;
      job.bytes = job.bytes.subarray(piece.length);
      waiting -= piece.length;
    }
    if (jobs[0] !== job) return;
    if (job.bytes.length === 0) {
      jobs.shift();
      job.done();
    }
    changed();
  }

  async function run(): Promise<void> {
    isRunning = true;
    for (let job = jobs[0]; job !== undefined; job = jobs[0]) {
      try {
        await advance(job);
      } catch (error) {
        // A line that lost a part must not get what follows it.
        if (jobs[0] === job) drop(error);
      }
    }
    isRunning = false;
  }

  return {
    write: (bytes) => (bytes.length === 0 ? Promise.resolve() : enqueue(bytes.slice())),
    behind: (act) => enqueue(new Uint8Array(), act),
    waiting: () => waiting,
    drop,
  };
}
