import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Uuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { JobStore } from '../ports.ts';
import { hideSecrets, toZstackError } from './errors.ts';

const keepMs = 2 * 24 * 3600_000;
const sweepMs = 3600_000;
/** As many results as the product holds in memory. */
const maxRemembered = 2000;

/** How a job ended: the JSON text that polling answers. */
export interface JobOutcome {
  readonly success: boolean;
  readonly body: string;
}

/** What a poll finds. */
export type JobSight = { readonly kind: 'running' } | { readonly kind: 'unknown' } | JobEnd;
type JobEnd = { readonly kind: 'ended' } & JobOutcome;

/** One call to run as a job. */
export interface JobOrder {
  readonly uuid: Uuid;
  readonly api: string;
  /** Undefined for callers without a live session: their jobs never touch the disk. */
  readonly accountUuid: Uuid | undefined;
  /** Values that no text may quote. */
  readonly secrets: readonly string[];
  /** Resolves to the result; rejects with what zstack/errors.ts maps. */
  run(): Promise<object>;
  /** Told once when the job has ended. */
  ended?(outcome: JobOutcome): void;
}

/** Asynchronous calls: durable before the 202, answered by polling. */
export interface Jobs {
  /** Records the job; false when its uuid is taken. The job does not run before `start`. */
  accept(order: JobOrder): Promise<boolean>;
  /** Runs an accepted job; never rejects. */
  start(order: JobOrder): void;
  look(uuid: string): Promise<JobSight>;
  /** Ends jobs that a stopped server left running. */
  recover(): Promise<void>;
  /** Waits for running jobs, `ms` at most, and stops the sweep. */
  close(ms: number): Promise<void>;
}

/** Jobs over a durable store; swept hourly, kept two days after their end. */
export function createJobs(deps: {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly log: Logger;
}): Jobs {
  const { store, clock, log } = deps;
  const running = new Map<string, Promise<void>>();
  const remembered = new Map<string, { readonly sight: JobSight; readonly at: number }>();

  const remember = (uuid: string, sight: JobSight): void => {
    remembered.delete(uuid);
    remembered.set(uuid, { sight, at: clock.now() });
    for (const oldest of remembered.keys()) {
      if (remembered.size <= maxRemembered) break;
      remembered.delete(oldest);
    }
  };

  const work = async (order: JobOrder): Promise<void> => {
    let outcome: JobOutcome;
    try {
      outcome = { success: true, body: JSON.stringify(await order.run()) };
    } catch (error) {
      const { body, expected } = toZstackError(error, order.secrets);
      const err = hideSecrets(messageOf(error), order.secrets);
      if (!expected) log.error({ job: order.uuid, api: order.api, err }, 'job failed');
      outcome = { success: false, body: JSON.stringify(body) };
    }
    remember(order.uuid, { kind: 'ended', ...outcome });
    if (order.accountUuid !== undefined) {
      const end = outcome.success ? { result: outcome.body } : { error: outcome.body };
      await store.finishJob(order.uuid, { ...end, at: clock.now() }).catch((error: unknown) => {
        log.error({ job: order.uuid, err: messageOf(error) }, 'the end of a job could not be stored');
      });
    }
    order.ended?.(outcome);
  };

  let stopSweep = (): void => {};
  const sweep = (): void => {
    stopSweep = clock.after(sweepMs, () => {
      store.deleteJobsFinishedBefore(clock.now() - keepMs).catch((error: unknown) => {
        log.error({ err: messageOf(error) }, 'old jobs could not be deleted');
      });
      sweep();
    });
  };
  sweep();

  return {
    async accept(order) {
      if (remembered.has(order.uuid) || running.has(order.uuid)) return false;
      if (order.accountUuid === undefined) {
        if ((await store.getJob(order.uuid)) !== undefined) return false;
        remember(order.uuid, { kind: 'running' });
        return true;
      }
      return store.insertJob({
        uuid: order.uuid,
        api: order.api,
        accountUuid: order.accountUuid,
        state: 'running',
        result: undefined,
        error: undefined,
        createDate: clock.now(),
        finishDate: undefined,
      });
    },
    start(order) {
      const done = work(order).finally(() => running.delete(order.uuid));
      running.set(order.uuid, done);
    },
    async look(uuid) {
      const known = remembered.get(uuid);
      if (known !== undefined && known.at > clock.now() - keepMs) return known.sight;
      const job = await store.getJob(uuid);
      if (job === undefined || (job.finishDate ?? clock.now()) < clock.now() - keepMs)
        return { kind: 'unknown' };
      if (job.state === 'running') return { kind: 'running' };
      const success = job.state === 'succeeded';
      return { kind: 'ended', success, body: (success ? job.result : job.error) ?? '{}' };
    },
    async recover() {
      const text =
        "the server restarted while this call was running: check the resource's state and repeat it";
      const error = JSON.stringify(toZstackError(new ApiError('interrupted', text)).body);
      for (const job of await store.listRunningJobs()) {
        await store.finishJob(job.uuid, { error, at: clock.now() });
        log.warn({ job: job.uuid, api: job.api }, 'ended a job that a restart interrupted');
      }
    },
    async close(ms) {
      stopSweep();
      let cancel = (): void => {};
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(ms, resolve);
      });
      await Promise.race([Promise.allSettled(running.values()), late]);
      cancel();
    },
  };
}
