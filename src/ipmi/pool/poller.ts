import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { createPollWheel } from './poll-wheel.ts';
import {
  afterFailure,
  afterLook,
  isChange,
  notAsked,
  type PowerRecord,
  type PowerView,
} from './power-view.ts';

/** How often to look. */
export interface PollerOptions {
  /** Between two looks at one machine. Default 60 s. */
  readonly intervalMs?: number;
  /** Looks under way together. Default 512: one at a dead BMC takes a whole deadline, and must not hold up the others. */
  readonly maxUnderWay?: number;
}

export interface PollerDeps {
  readonly clock: Clock;
  /** Asks one machine whether it is on, for instance with a pool and priority `status`. */
  readonly read: (key: string) => Promise<boolean>;
  /** Called when a state has changed, and when its reason of being unknown has. Must not throw. */
  readonly changed: (key: string, next: PowerView, previous: PowerView) => void;
  readonly log?: Logger;
}

/** Looks at the power of many machines, evenly spread over the interval. */
export interface PowerPoller {
  /** Looks at a machine from now on; the first time within the interval. */
  add(key: string): void;
  remove(key: string): void;
  /** Looks at once, for instance after a power command. */
  look(key: string): void;
  view(key: string): PowerView | undefined;
  /** Milliseconds by which the latest look of the last interval began too late, and looks under way. */
  lag(): { readonly worstMs: number; readonly underWay: number; readonly waiting: number };
  /** Ends the looks; those under way are not told any more. */
  close(): void;
}

const tickMs = 100;

/** Starts a poller without machines. */
export function createPowerPoller(options: PollerOptions, deps: PollerDeps): PowerPoller {
  const { intervalMs = 60_000, maxUnderWay = 512 } = options;
  const { clock, read, changed, log } = deps;
  const places = Math.max(1, Math.round(intervalMs / tickMs));
  const wheel = createPollWheel(places);
  const records = new Map<string, PowerRecord>();
  const underWay = new Set<string>();
  /** Keys that wait for room, with the time when they should have been looked at. */
  const waiting = new Map<string, number>();
  let worst = { before: 0, now: 0 };
  let isClosed = false;
  let tick = Math.floor(clock.now() / tickMs);
  let cancel = (): void => {};

  function schedule(): void {
    cancel = clock.after(tickMs - (clock.now() % tickMs), onTick);
  }

  function onTick(): void {
    const now = Math.floor(clock.now() / tickMs);
    if (Math.floor(now / places) !== Math.floor(tick / places)) worst = { before: worst.now, now: 0 };
    for (const key of wheel.due(tick, now)) if (!underWay.has(key)) wish(key, dueAt(now));
    tick = now;
    schedule();
  }

  /** The missed part of a late tick counts as lateness. */
  const dueAt = (now: number): number => Math.min(tick + 1, now) * tickMs;

  function wish(key: string, at: number): void {
    if (!waiting.has(key)) waiting.set(key, at);
    startSome();
  }

  function startSome(): void {
    for (const [key, at] of waiting) {
      if (underWay.size >= maxUnderWay) return;
      // Wished again while it is looked at: what that look tells may be older than the wish.
      if (underWay.has(key)) continue;
      waiting.delete(key);
      worst.now = Math.max(worst.now, clock.now() - at);
      underWay.add(key);
      void lookAt(key);
    }
  }

  async function lookAt(key: string): Promise<void> {
    let next: (before: PowerRecord) => PowerRecord;
    try {
      const on = await read(key);
      next = () => afterLook(on, clock.now());
    } catch (error) {
      next = (before) => afterFailure(before, error, clock.now());
    }
    underWay.delete(key);
    if (isClosed) return;
    const before = records.get(key);
    if (before) {
      const after = next(before);
      records.set(key, after);
      if (isChange(before.view, after.view)) tell(key, after.view, before.view);
    }
    startSome();
  }

  function tell(key: string, next: PowerView, previous: PowerView): void {
    try {
      changed(key, next, previous);
    } catch (error) {
      log?.error({ err: error, key }, 'a power change could not be told');
    }
  }

  schedule();
  return {
    add(key) {
      if (records.has(key)) return;
      records.set(key, notAsked(clock.now()));
      wheel.add(key);
    },
    remove(key) {
      records.delete(key);
      waiting.delete(key);
      wheel.remove(key);
    },
    look(key) {
      if (records.has(key) && !isClosed) wish(key, clock.now());
    },
    view: (key) => records.get(key)?.view,
    lag: () => ({
      worstMs: Math.max(worst.before, worst.now),
      underWay: underWay.size,
      waiting: waiting.size,
    }),
    close() {
      isClosed = true;
      cancel();
      waiting.clear();
    },
  };
}
