import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Uuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { Job, JobStore, ProgressStore } from '../ports.ts';
import { hideSecrets, toZstackError } from './errors.ts';
import type { WebHooks } from './hook-delivery.ts';
import type { StoredEnd } from './job-ends.ts';
import { createJobEnds } from './job-ends.ts';
import type { TaskProgress } from './progress.ts';
import { silentProgress } from './progress.ts';
import type { ProgressBook } from './progress-book.ts';
import { startSweep } from './sweep.ts';
import type { HookTarget } from './webhook.ts';

/** As many results as the product holds in memory. */
const maxRemembered = 2000;

/** What a poll finds; `body` is the JSON text that polling answers. */
export type JobSight =
  | { readonly kind: 'running' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ended'; readonly success: boolean; readonly body: string };

/** One call to run as a job. */
export interface JobOrder {
  readonly uuid: Uuid;
  readonly api: string;
  /** Undefined for callers without a live session: their jobs never touch the disk, and have no web hook. */
  readonly accountUuid: Uuid | undefined;
  /** Where the result goes; `headerUuid` as the caller wrote it. */
  readonly hook?: HookTarget & { readonly headerUuid: string };
  /** Values that no text may quote. */
  readonly secrets: readonly string[];
  /** Resolves to the result; rejects with what zstack/errors.ts maps. */
  run(progress: TaskProgress): Promise<object>;
}

/** Asynchronous calls: durable before the 202, answered by polling. */
export interface Jobs {
  /**
   * Records the job and its web hook; false when its uuid is taken. The job does not run before `start`. Rejects with StoreError, or
   * ApiError `overloaded` when too many web hooks wait.
   */
  accept(order: JobOrder): Promise<boolean>;
  /** Runs an accepted job; never rejects. */
  start(order: JobOrder): void;
  look(uuid: string): Promise<JobSight>;
  /** Ends jobs that a stopped server left running. */
  recover(): Promise<void>;
  /** Waits for running jobs, `ms` at most, and stops the sweep. */
  close(ms: number): Promise<void>;
}

/** What jobs need. */
export interface JobsDeps {
  readonly store: JobStore;
  readonly hooks: Pick<WebHooks, 'admit' | 'release' | 'armed' | 'recount'>;
  readonly progress: ProgressBook;
  /** To say how far an interrupted job was. */
  readonly told: Pick<ProgressStore, 'linesOf' | 'append'>;
  /** Told of each job that a restart ended, with the text that its caller gets. */
  readonly interrupted: (job: Job, text: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long results are kept, asked at every use. */
  readonly keepMs: () => number;
}

const sightOf = ({ result, error }: Partial<Pick<Job, 'result' | 'error'>>): JobSight => ({
  kind: 'ended',
  success: error === undefined,
  body: error ?? result ?? '{}',
});

/** Jobs over a durable store. */
export function createJobs(deps: JobsDeps): Jobs {
  const { store, hooks, clock, log, keepMs } = deps;
  const ends = createJobEnds({ store, clock, log });
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

  const outcomeOf = async (
    order: JobOrder,
    progress: TaskProgress,
  ): Promise<{ readonly end: StoredEnd; readonly failure: string | undefined }> => {
    try {
      const result = JSON.stringify(await order.run(progress));
      return { end: { result, at: clock.now() }, failure: undefined };
    } catch (error) {
      const { body, expected } = toZstackError(error, order.secrets);
      const err = hideSecrets(messageOf(error), order.secrets);
      if (!expected) log.error({ job: order.uuid, api: order.api, err }, 'job failed');
      return { end: { error: JSON.stringify(body), at: clock.now() }, failure: body.error.details };
    }
  };

  const work = async (order: JobOrder): Promise<void> => {
    const { uuid, api, accountUuid, secrets, hook } = order;
    if (accountUuid === undefined) {
      const { end } = await outcomeOf(order, silentProgress);
      remember(uuid, sightOf(end));
      return;
    }
    const follow = deps.progress.begin({ apiUuid: uuid, name: api, secrets });
    const { end, failure } = await outcomeOf(order, follow.task);
    const armed = (): void => {
      if (hook !== undefined) hooks.armed(hook.origin);
    };
    await Promise.all([follow.ended(failure), ends.save(uuid, end, armed)]);
    // Only now: what a caller has seen must not be undone by a crash.
    remember(uuid, sightOf(end));
  };

  const stopSweep = startSweep({
    clock,
    log,
    what: 'old jobs',
    deleteSome: (limit) => store.deleteJobsFinishedBefore(clock.now() - keepMs(), limit),
    after: () => hooks.recount(),
  });

  /** Ends one job that a restart interrupted; its web hook becomes due. */
  const interrupt = async (job: Job): Promise<void> => {
    const lines = await deps.told.linesOf(job.uuid);
    const last = lines.findLast(({ type, parentUuid }) => type === 'Progress' && parentUuid === undefined);
    const percent = last?.percent === undefined ? '' : `, ${last.percent} %`;
    const reached = last === undefined ? '' : ` (it was at: ${last.content}${percent})`;
    const text = `the server restarted while this call was running${reached}: check the resource's state and repeat it`;
    const error = JSON.stringify(toZstackError(new ApiError('interrupted', text)).body);
    const at = clock.now();
    const root = lines.findLast(({ parentUuid }) => parentUuid === undefined);
    const end = { type: 'Task', content: 'interrupted by a restart of the server', time: at } as const;
    await Promise.all([
      store.finishJob(job.uuid, { error, at }),
      deps.told.append(root === undefined ? [] : [{ ...root, ...end }]),
      deps.interrupted(job, text),
    ]);
    log.warn({ job: job.uuid, api: job.api }, 'ended a job that a restart interrupted');
  };

  return {
    async accept(order) {
      const { uuid, api, accountUuid, hook } = order;
      if (remembered.has(uuid) || running.has(uuid)) return false;
      if (accountUuid === undefined) {
        if ((await store.getJob(uuid)) !== undefined) return false;
        remember(uuid, { kind: 'running' });
        return true;
      }
      const createDate = clock.now();
      const none = { result: undefined, error: undefined, finishDate: undefined };
      const job: Job = { uuid, api, accountUuid, state: 'running', createDate, ...none };
      if (hook === undefined) return store.insertJob(job);
      hooks.admit();
      let accepted = false;
      try {
        accepted = await store.insertJob(job, {
          ...hook,
          jobUuid: uuid,
          tries: 0,
          nextAt: undefined,
          createDate,
        });
        return accepted;
      } finally {
        if (!accepted) hooks.release();
      }
    },
    start(order) {
      const done = work(order).finally(() => running.delete(order.uuid));
      running.set(order.uuid, done);
    },
    async look(uuid) {
      const known = remembered.get(uuid);
      if (known !== undefined && known.at > clock.now() - keepMs()) return known.sight;
      const unsaved = ends.unsaved(uuid);
      if (unsaved !== undefined) return sightOf(unsaved);
      const job = await store.getJob(uuid);
      if (job === undefined || (job.finishDate ?? clock.now()) < clock.now() - keepMs()) {
        return { kind: 'unknown' };
      }
      return job.state === 'running' ? { kind: 'running' } : sightOf(job);
    },
    async recover() {
      // A group at a time shares its flushes; each alone would cost a crowded server's start many seconds.
      const left = [...(await store.listRunningJobs())];
      while (left.length > 0) await Promise.all(left.splice(0, 100).map(interrupt));
    },
    async close(ms) {
      stopSweep();
      let cancel = (): void => {};
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(ms, resolve);
      });
      await Promise.race([Promise.allSettled(running.values()), late]);
      cancel();
      await ends.close();
    },
  };
}
