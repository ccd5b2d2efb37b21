import { ConsoleError } from './errors.ts';
import type { Screenshot } from './service.ts';

/** Each costs up to 100 MiB and a processor for some seconds; runs that go quiet together ask for many. */
export const shotLimits = { atOnce: 2, waiting: 32 } as const;

/** Screenshots of all machines: a few at a time, one of a machine, which all share who ask meanwhile. */
export interface Shots {
  /** Rejects as `take` does, and with ConsoleError `refused` when too many wait. */
  of(machine: string, take: () => Promise<Screenshot>): Promise<Screenshot>;
}

export function createShots(): Shots {
  const underWay = new Map<string, Promise<Screenshot>>();
  const queue: (() => void)[] = [];
  let running = 0;

  async function inTurn(take: () => Promise<Screenshot>): Promise<Screenshot> {
    if (running >= shotLimits.atOnce) {
      if (queue.length >= shotLimits.waiting) {
        throw new ConsoleError('refused', 'too many screenshots are being taken; try again in a minute');
      }
      // Whoever ends leaves its place to the first that waits.
      await new Promise<void>((begin) => void queue.push(begin));
    } else {
      running += 1;
    }
    try {
      return await take();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    of(machine, take) {
      const shared = underWay.get(machine);
      if (shared !== undefined) return shared;
      const shot = inTurn(take).finally(() => void underWay.delete(machine));
      underWay.set(machine, shot);
      return shot;
    },
  };
}
