import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import { ApiError } from '../errors.ts';
import type { JobStore, WebHook, WebHookStore } from '../ports.ts';
import { postHook } from './hook-post.ts';
import type { HookTries } from './webhook.ts';
import { hookGapMs } from './webhook.ts';

const tryTimeoutMs = 10_000;
const maxWaiting = 100_000;
const maxAtOnce = 32;
/** Of those, kept for origins that have nothing under way, so that a few dead ones with long queues cannot take all. */
const reserved = 4;
const maxPerOrigin = 4;
/** Origins that let a post time out get one at a time, and together at most half of all. */
const maxSilent = 16;
/** The newest that many are remembered. */
const maxSilentOrigins = 1000;
/** Some milliseconds of work. */
const originsPerScan = 1000;
const scanPauseMs = 200;
/** A hook whose outcome could not be stored is still due; it holds its place that long. */
const storeFaultMs = 10_000;

/** Delivers job results to callers' URLs, at least once each; never throws but for `admit`. */
export interface WebHooks {
  /** Counts the web hook of a call that is about to be accepted; throws ApiError `overloaded` when too many wait. */
  admit(): void;
  /** Takes `admit` back: the call was not accepted. */
  release(): void;
  /** The hook of an ended job became due in the store. */
  armed(origin: string): void;
  /** Counts what is stored and begins to deliver. Rejects with StoreError. */
  start(): Promise<void>;
  /** Counts again, after old jobs were deleted with their hooks. */
  recount(): Promise<void>;
  /** Stops; what is not delivered stays in the store. */
  close(): Promise<void>;
}

/** What delivering needs. */
export interface WebHookDeps {
  readonly store: WebHookStore;
  readonly jobs: Pick<JobStore, 'getJob'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly tries: HookTries;
  /** How long a finished job's result is kept; a hook is not tried beyond that. */
  readonly keepMs: () => number;
  /** Told when a hook is given up or refused: what happened and what to do, without the hook's URL. */
  readonly dropped: (text: string, facts: { readonly job?: string; readonly origin?: string }) => void;
}

/**
 * The loop over the stored hooks: one timer for the next due one, at most 32 posts under way, at most 4 of them to one origin.
 * Memory holds only what is under way.
 */
export function createWebHooks(deps: WebHookDeps): WebHooks {
  const { store, jobs, clock, random, log, tries, keepMs, dropped } = deps;
  /** What is under way, by job. */
  const busy = new Map<string, { readonly origin: string; stop: () => void; done: Promise<void> }>();
  /** Origins whose last post timed out. */
  const silent = new Set<string>();
  let waiting = 0;
  let closed = false;
  let scannedAt = Number.NEGATIVE_INFINITY;
  /** Where the round through the origins goes on; empty at its begin. */
  let cursor = '';
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;

  const countOf = (origin: string): number =>
    [...busy.values()].filter((one) => one.origin === origin).length;

  /** Whether one more post to an origin may begin. */
  const hasRoom = (origin: string): boolean => {
    const own = countOf(origin);
    if (busy.size >= maxAtOnce) return false;
    if (silent.has(origin)) return own === 0 && silentBusy() < maxSilent;
    return own < (busy.size < maxAtOnce - reserved ? maxPerOrigin : 1);
  };
  const silentBusy = (): number => [...busy.values()].filter(({ origin }) => silent.has(origin)).length;

  const noteSilence = (origin: string, timedOut: boolean): void => {
    silent.delete(origin);
    if (timedOut) silent.add(origin);
    for (const oldest of silent) {
      if (silent.size <= maxSilentOrigins) break;
      silent.delete(oldest);
    }
  };

  const attempt = async (hook: WebHook, abort: AbortController): Promise<void> => {
    const job = await jobs.getJob(hook.jobUuid);
    if (job?.finishDate === undefined) return;
    const success = job.state === 'succeeded';
    const body = (success ? job.result : job.error) ?? '{}';
    const stopTimeout = clock.after(tryTimeoutMs, () => abort.abort(new Error('no answer in 10 s')));
    const fault = await postHook({ url: hook.url, headerUuid: hook.headerUuid, success, body }, abort.signal);
    stopTimeout();
    if (closed) return;
    noteSilence(hook.origin, abort.signal.aborted);
    const done = hook.tries + 1;
    const nextAt = clock.now() + hookGapMs(done, tries, (random(1)[0] ?? 0) / 256);
    const facts = { job: hook.jobUuid, origin: hook.origin, tries: done };
    if (fault !== undefined && nextAt < job.finishDate + keepMs()) {
      if (done === 1 || done === tries.tries) log.info({ ...facts, fault }, 'web hook not delivered yet');
      await store.postponeHook(hook.jobUuid, done, nextAt);
      return;
    }
    await store.deleteHook(hook.jobUuid);
    waiting = Math.max(0, waiting - 1);
    if (fault === undefined) return;
    log.warn({ ...facts, fault }, 'web hook given up: its result is about to expire');
    dropped(
      `The result of job ${hook.jobUuid} could not be delivered to its web hook in ${done} tries (${fault}): check the receiver`,
      { job: hook.jobUuid, origin: hook.origin },
    );
  };

  const begin = (hook: WebHook): void => {
    const abort = new AbortController();
    const one = { origin: hook.origin, stop: () => abort.abort(), done: Promise.resolve() };
    const work = async (): Promise<void> => {
      try {
        await attempt(hook, abort);
      } catch (error) {
        if (closed) return;
        log.error(
          { job: hook.jobUuid, err: messageOf(error) },
          'the state of a web hook could not be stored',
        );
        await new Promise<void>((resolve) => {
          const cancel = clock.after(storeFaultMs, resolve);
          one.stop = () => {
            cancel();
            resolve();
          };
        });
      }
    };
    busy.set(hook.jobUuid, one);
    one.done = work().finally(() => {
      busy.delete(hook.jobUuid);
      goOn(hook.origin);
    });
  };

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (closed) return;
      log.error({ err: messageOf(error) }, 'due web hooks could not be read');
      scanIn(storeFaultMs);
    }
  };

  /** Goes on with the queue of one origin. */
  const fill = async (origin: string): Promise<void> => {
    if (!hasRoom(origin)) return;
    for (const hook of await store.dueHooksOf(origin, clock.now(), 2 * maxPerOrigin)) {
      if (!closed && !busy.has(hook.jobUuid) && hasRoom(origin)) begin(hook);
    }
  };

  /** Goes round the origins, a part at a time, and sets the timer to what is due next. */
  const scan = async (): Promise<void> => {
    scannedAt = clock.now();
    const from = cursor;
    const origins = await store.listOrigins(scannedAt, from, originsPerScan);
    for (const { origin, due } of origins) {
      // Who found no room is first in the next round.
      if (busy.size >= maxAtOnce) break;
      cursor = origin;
      if (due) await fill(origin);
    }
    const roundIsOver = origins.length < originsPerScan && cursor === (origins.at(-1)?.origin ?? from);
    if (roundIsOver) cursor = '';
    // Full: the end of a post scans again.
    if (busy.size < maxAtOnce && (cursor !== '' || from !== '')) scanIn(scanPauseMs);
    // What is due now and did not begin is looked for when a post ends.
    const next = await store.nextDue(scannedAt);
    if (next !== undefined) scanIn(Math.max(next - clock.now(), scanPauseMs));
  };

  /** Scans in `ms`, or sooner when that is planned already. */
  const scanIn = (ms: number): void => {
    const at = clock.now() + ms;
    if (closed || (timer !== undefined && timer.at <= at)) return;
    timer?.cancel();
    const cancel = clock.after(ms, () => {
      timer = undefined;
      void guarded(scan);
    });
    timer = { at, cancel };
  };

  const scanSoon = (): void => scanIn(Math.max(0, scannedAt + scanPauseMs - clock.now()));

  const goOn = (origin: string): void => {
    if (closed) return;
    void guarded(async () => {
      await fill(origin);
      scanSoon();
    });
  };

  return {
    admit() {
      if (waiting >= maxWaiting) {
        const text = `${waiting} web hooks wait to be delivered already`;
        dropped(`A call was refused because ${text}: check the receivers`, {});
        throw new ApiError(
          'overloaded',
          `${text}: check their receivers, or call without X-Web-Hook and poll`,
        );
      }
      waiting += 1;
    },
    release() {
      waiting = Math.max(0, waiting - 1);
    },
    armed: goOn,
    async start() {
      waiting = await store.countHooks();
      scanSoon();
    },
    async recount() {
      const left = await store.countHooks();
      if (left < waiting) {
        log.warn({ hooks: waiting - left }, 'web hooks were dropped with the expired results of their jobs');
      }
      waiting = left;
    },
    async close() {
      closed = true;
      timer?.cancel();
      const ending = [...busy.values()];
      for (const { stop } of ending) stop();
      await Promise.allSettled(ending.map(({ done }) => done));
    },
  };
}
