import { chooseNext, type Priority } from './turn-order.ts';

/** Lets a limited number in at a time. */
export interface Gate {
  /** Resolves when there is room with a function that gives the place back; calling that twice is harmless. */
  enter(priority: Priority): Promise<() => void>;
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

  const enter = (priority: Priority): Promise<() => void> => {
    if (closed) return Promise.reject(closed);
    if (inside < limit) return Promise.resolve(admit());
    return new Promise((resolve, refuse) => {
      waiting.push({ priority, passedOver: 0, admit: resolve, refuse });
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
