import type { Clock } from '../../../src/base/clock.ts';

/** A clock that stands until it is told to go. */
export interface VirtualClock extends Clock {
  /** Goes on by so much, timer by timer; what their promises do comes before the next one. */
  readonly advance: (ms: number) => Promise<void>;
  /** Sets the time without running anything, as somebody does who mends a wrong clock. */
  readonly set: (now: number) => void;
  readonly timers: () => number;
}

/** Lets everything run that waits for promises only. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 30; turns++) await Promise.resolve();
}

export function createVirtualClock(start = 1_000_000): VirtualClock {
  let now = start;
  let order = 0;
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  return {
    now: () => now,
    after(ms, run) {
      const id = ++order;
      timers.set(id, { at: now + ms, run });
      return () => void timers.delete(id);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].toSorted(([a, x], [b, y]) => x.at - y.at || a - b);
        if (next === undefined || next[1].at > until) break;
        timers.delete(next[0]);
        now = Math.max(now, next[1].at);
        next[1].run();
        await settle();
      }
      now = until;
    },
    set(to) {
      now = to;
    },
    timers: () => timers.size,
  };
}
