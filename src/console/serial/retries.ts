import type { Clock } from '../../base/clock.ts';

/**
 * Before each try to open again; the last one holds for all later ones. Every half a minute for three minutes and every minute for ten: a
 * BMC that starts again is back by then. One that never gives its console would get, and maybe log, a login for each try: seldom later on.
 */
const retryMs: readonly number[] = [
  1, 2, 5, 10, 30, 30, 30, 30, 30, 60, 60, 60, 60, 60, 60, 60, 300, 300, 300, 300, 900,
].map((seconds) => seconds * 1000);
/**
 * Somebody outside works there; it costs them nothing when we ask. More often at first: it may be a session of our own that was lost,
 * which the BMC ends after about a minute.
 */
const inUseRetryMs: readonly number[] = [15_000, 15_000, 15_000, 15_000, 60_000];
/** Whoever comes has a line tried for at once, but not sooner behind the last try: a page that asks again and again must not log in as often. */
const soonestMs = 5000;

/** When a line that could not be opened, or was lost, is tried again. One try is planned at most. */
export interface Retries {
  /** Tries that came to nothing since the last `forget`. */
  readonly count: () => number;
  /** A try came to nothing just now. */
  failed(): void;
  /** Plans the next one; the pauses grow. */
  plan(isInUse: boolean): void;
  /** Somebody came: true when a try may begin at once, else it is planned for as soon as it may. */
  hurry(): boolean;
  /** Begins the pauses anew. */
  forget(): void;
  cancel(): void;
}

/** Plans nothing before it is asked to; `due` is called when a planned try is to begin. */
export function createRetries(clock: Clock, due: () => void): Retries {
  let count = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.POSITIVE_INFINITY;
  let stop = (): void => {};

  function cancel(): void {
    stop();
    dueAt = Number.POSITIVE_INFINITY;
  }

  function planIn(ms: number): void {
    stop();
    dueAt = clock.now() + ms;
    stop = clock.after(ms, () => {
      dueAt = Number.POSITIVE_INFINITY;
      due();
    });
  }

  return {
    count: () => count,
    failed() {
      failedAt = clock.now();
    },
    plan(isInUse) {
      const pauses = isInUse ? inUseRetryMs : retryMs;
      const pause = pauses[Math.min(count, pauses.length - 1)] ?? 0;
      count += 1;
      planIn(pause);
    },
    hurry() {
      const waitMs = failedAt + soonestMs - clock.now();
      if (waitMs <= 0) return true;
      if (clock.now() + waitMs < dueAt) planIn(waitMs);
      return false;
    },
    forget() {
      count = 0;
    },
    cancel,
  };
}
