import type { Clock } from '../../base/clock.ts';

/** When a host is looked at. */
export interface Looks {
  /** Looks now. While one look runs, all later callers share the next one: it begins after they asked. */
  readonly now: () => Promise<void>;
  /** Something changed on the host: looks when it has become quiet. */
  readonly soon: () => void;
  /** No more looks by themselves. */
  readonly stop: () => void;
}

/** Events come in bursts: a look waits for quiet, but not for ever, and does not follow the one before too closely. */
const timing = { quietMs: 300, gapMs: 2000 };

/** When the look that `soon` asks for is due; `firstAt` is the first event since the last look, `lastLookAt` its beginning. */
export function lookDueAt(now: number, firstAt: number, lastLookAt: number | undefined): number {
  const quiet = Math.min(now + timing.quietMs, firstAt + timing.gapMs);
  return lastLookAt === undefined ? quiet : Math.max(quiet, lastLookAt + timing.gapMs);
}

/** Arranges the looks of one host. What a look fails with goes to who waits for it. */
export function createLooks(look: () => Promise<void>, clock: Clock): Looks {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let firstAt: number | undefined;
  let lastLookAt: number | undefined;
  let cancel: () => void = () => undefined;
  let isStopped = false;

  function begin(): Promise<void> {
    lastLookAt = clock.now();
    const outcome = look();
    const settled = outcome.then(
      () => undefined,
      () => undefined,
    );
    running = settled;
    void settled.then(() => {
      if (running === settled) running = undefined;
    });
    return outcome;
  }

  function now(): Promise<void> {
    if (next) return next;
    if (!running) return begin();
    next = running.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  }

  return {
    now,
    soon() {
      if (isStopped) return;
      const at = clock.now();
      firstAt ??= at;
      cancel();
      cancel = clock.after(lookDueAt(at, firstAt, lastLookAt) - at, () => {
        firstAt = undefined;
        now().catch(() => undefined);
      });
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
