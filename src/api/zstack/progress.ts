import type { JobStore, ProgressLine, ProgressStore } from '../ports.ts';

/** How a long call tells how far it is; never throws and never blocks. */
export interface TaskProgress {
  /** The stage in words, and 0 to 100 where it is known; a smaller percentage than an earlier one counts as that. */
  report(stage: string, percent?: number, opaque?: object): void;
  /** A part of the call with a progress of its own. */
  subTask(name: string): TaskProgress;
}

/** Progress of calls, live and past. */
export interface TaskProgressReader {
  /** Lines of a call, oldest first; empty for one that is unknown or older than a day. */
  linesOf(apiUuid: string): Promise<readonly ProgressLine[]>;
  /** The account whose call it is; undefined when the job is not known any more. */
  ownerOf(apiUuid: string): Promise<string | undefined>;
}

/** For calls that nobody follows. */
export const silentProgress: TaskProgress = { report: () => {}, subTask: () => silentProgress };

/** Reads progress from the stores. */
export function createProgressReader(store: ProgressStore, jobs: JobStore): TaskProgressReader {
  return {
    linesOf: (apiUuid) => store.linesOf(apiUuid),
    ownerOf: async (apiUuid) => (await jobs.getJob(apiUuid))?.accountUuid,
  };
}
