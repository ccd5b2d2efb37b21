import type { Clock } from '../../base/clock.ts';
import { chooseNext, type Priority } from './turn-order.ts';

/** How long somebody waits at a gate, and what they get when that was in vain. */
export interface GatePatience {
  readonly clock: Clock;
  readonly ms: number;
  readonly error: () => Error;
}

/** Lets a limited number in at a time. */
export interface Gate {
  /** Resolves when there is room with a function that gives the place back; calling that twice is harmless. Without `patience` it waits for ever. */
  enter(priority: Priority, patience?: GatePatience): Promise<() => void>;
  run<T>(priority: Priority, work: () => Promise<T>): Promise<T>;
  isFull(): boolean;
  isWaitedFor(): boolean;
  /** Everybody that waits, and all later ones, get `error`. */
  shut(error: Error): void;
}

interface Waiter {
  readonly priority: Priority;
  passedOver: number;
  readonly admit: (leave: () => void) => void;
  readonly refuse: (error: Error) => void;
}

/** A gate for `limit` at a time; who waits is let in by `chooseNext`. */
export function createGate(limit: number): Gate {
  let inside = 0;
  let closed: Error | undefined;
  let waiting: Waiter[] = [];

  function admit(): () => void {
    inside++;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      inside--;
      next();
    };
  }

  function next(): void {
    if (waiting.length === 0 || inside >= limit) return;
    const chosen = chooseNext(waiting);
    for (const [at, waiter] of waiting.entries()) if (at < chosen) waiter.passedOver++;
    waiting.splice(chosen, 1)[0]?.admit(admit());
  }

  const enter = (priority: Priority, patience?: GatePatience): Promise<() => void> => {
    if (closed) return Promise.reject(closed);
    if (inside < limit) return Promise.resolve(admit());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        priority,
        passedOver: 0,
        admit(leave) {
          cancel();
          resolve(leave);
        },
        refuse(error) {
          cancel();
          reject(error);
        },
      };
      const giveUp = (error: Error): void => {
        waiting = waiting.filter((one) => one !== waiter);
        waiter.refuse(error);
      };
      const cancel = patience?.clock.after(patience.ms, () => giveUp(patience.error())) ?? ((): void => {});
      waiting.push(waiter);
    });
  };

  return {
    enter,
    async run(priority, work) {
      const leave = await enter(priority);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    isFull: () => inside >= limit,
    isWaitedFor: () => waiting.length > 0,
    shut(error) {
      closed = error;
      const left = waiting;
      waiting = [];
      for (const waiter of left) waiter.refuse(error);
    },
  };
}
