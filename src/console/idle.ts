import type { Clock } from '../base/clock.ts';

/** Watches for somebody who does nothing any more. */
export interface Idle {
  /** Something was done. */
  touch(): void;
  stop(): void;
}

/** Calls `over` once, when nothing was done for `limitMs`. As long as `isExcused` then says so, the time begins anew. */
export function createIdle(deps: {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly isExcused: () => boolean;
  readonly over: () => void;
}): Idle {
  const { clock, limitMs, isExcused, over } = deps;
  let touchedAt = clock.now();
  let cancel = (): void => {};
  const wait = (): void => {
    cancel = clock.after(Math.max(1, touchedAt + limitMs - clock.now()), () => {
      if (isExcused()) touchedAt = clock.now();
      if (clock.now() - touchedAt >= limitMs) return over();
      wait();
    });
  };
  wait();
  return {
    touch() {
      touchedAt = clock.now();
    },
    stop: () => cancel(),
  };
}
