import type { Clock } from '../../base/clock.ts';

/** After a look the next one comes this much later at the earliest, so that many that run out together cost no look each. */
const leastMs = 5;

/** A time to do something at, which is put off far more often than it comes. */
export interface Deadline {
  /** Runs `ms` after `now`, once, and no more at the time that was set before. */
  set(now: number, ms: number): void;
  /** Runs no more. */
  cancel(): void;
}

interface Entry {
  readonly run: () => void;
  isWaiting: boolean;
  dueAt: number;
  /** What was to be waited: more is left only when the clock was set back. */
  waitMs: number;
}

/** Keeps the deadlines of many by one timer of the clock, which comes for the first of them: to put one off takes no timer at all. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #waiting = new Set<Entry>();
  #armedFor = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A deadline that is not set yet. */
  create(run: () => void): Deadline {
    const entry: Entry = { run, isWaiting: false, dueAt: 0, waitMs: 0 };
    return {
      set: (now, ms) => {
        entry.dueAt = now + ms;
        entry.waitMs = ms;
        if (!entry.isWaiting) {
          entry.isWaiting = true;
          this.#waiting.add(entry);
        }
        if (entry.dueAt < this.#armedFor) this.#arm(entry.dueAt, ms);
      },
      cancel: () => {
        this.#end(entry);
        if (this.#waiting.size === 0) this.#disarm();
      },
    };
  }

  /** False when it waited no more. */
  #end(entry: Entry): boolean {
    entry.isWaiting = false;
    return this.#waiting.delete(entry);
  }

  #arm(at: number, ms: number): void {
    this.#disarm();
    this.#armedFor = at;
    this.#cancelTimer = this.#clock.after(ms, () => this.#look());
  }

  #disarm(): void {
    this.#cancelTimer();
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #look(): void {
    const now = this.#clock.now();
    this.#armedFor = Number.POSITIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    const due: Entry[] = [];
    for (const entry of this.#waiting) {
      const left = entry.dueAt - now;
      if (left <= 0 || left > entry.waitMs) due.push(entry);
      else least = Math.min(least, left);
    }
    for (const entry of due) {
      // One of the others may have ended it.
      if (this.#end(entry)) entry.run();
    }
    const ms = Math.max(least, leastMs);
    if (this.#waiting.size > 0 && Number.isFinite(least) && now + ms < this.#armedFor)
      this.#arm(now + ms, ms);
  }
}
