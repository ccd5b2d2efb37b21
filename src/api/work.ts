import type { ApiDeps } from './options.ts';
import { apiTable } from './routes/index.ts';
import type { Auditor } from './zstack/audit.ts';
import { createAuditor } from './zstack/audit.ts';
import { createWebHooks } from './zstack/hook-delivery.ts';
import type { Jobs } from './zstack/jobs.ts';
import { createJobs } from './zstack/jobs.ts';
import type { TaskProgressReader } from './zstack/progress.ts';
import { createProgressReader } from './zstack/progress.ts';
import { createProgressBook } from './zstack/progress-book.ts';
import type { HookTries } from './zstack/webhook.ts';

/** What runs calls beyond their request: jobs with their progress and web hooks, and the audit log. */
export interface ApiWork {
  readonly jobs: Jobs;
  readonly auditor: Auditor;
  readonly progress: TaskProgressReader;
  /** Ends what a stopped server left running, then begins to deliver web hooks. Rejects with StoreError. */
  start(): Promise<void>;
  /** Waits for running jobs, `ms` at most, and stops everything; what is not delivered stays in the store. */
  close(ms: number): Promise<void>;
}

type WorkDeps = Pick<
  ApiDeps,
  'platform' | 'accounts' | 'jobs' | 'webHooks' | 'progress' | 'clock' | 'random' | 'log'
>;

/** Builds jobs, web hooks, progress and audit over their stores. Nothing is delivered before `start`. */
export function createApiWork(deps: WorkDeps, tries: HookTries): ApiWork {
  const { platform, clock, random, log } = deps;
  const { settings, notifications } = platform;
  const keepMs = (): number => settings.get('rest.completedApi.expiredPeriod') * 1000;
  const auditor = createAuditor({ audit: platform.audit, clock, log });
  const hooks = createWebHooks({
    store: deps.webHooks,
    jobs: deps.jobs,
    clock,
    random,
    log,
    tries,
    keepMs,
    dropped: (content, opaque) =>
      notifications.notify({ name: 'web-hook-dropped', type: 'Warning', sender: 'api', content, opaque }),
  });
  const book = createProgressBook({
    store: deps.progress,
    clock,
    random,
    log,
    keepMs: () => settings.get('progress.keep') * 1000,
  });
  const jobs = createJobs({
    store: deps.jobs,
    hooks,
    progress: book,
    told: deps.progress,
    async interrupted(job, text) {
      const api = apiTable.find(({ name }) => name === job.api);
      const { accountUuid } = job;
      const owner = accountUuid === undefined ? undefined : await deps.accounts.getAccount(accountUuid);
      await auditor.interrupted(api, job, owner, text);
    },
    clock,
    log,
    keepMs,
  });
  return {
    jobs,
    auditor,
    progress: createProgressReader(deps.progress, deps.jobs),
    async start() {
      await jobs.recover();
      await hooks.start();
    },
    async close(ms) {
      await jobs.close(ms);
      book.close();
      await hooks.close();
    },
  };
}
