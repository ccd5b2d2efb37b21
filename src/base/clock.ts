/** Time as an input. Decision code gets `now` as a value; drivers get a Clock. All times are milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /** Calls `run` once after `ms`; the returned function cancels it and may be called at any time. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's clock; its timers do not keep a closing process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` on `clock`. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
