import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { JobStore } from '../ports.ts';

const retryMs = 10_000;
const maxUnsaved = 10_000;

/** The end of a job, as it is stored. */
export interface StoredEnd {
  readonly result?: string;
  readonly error?: string;
  readonly at: number;
}

/** Stores the ends of jobs. An end that cannot be stored, because the disk is full, is tried again until it is. */
export interface JobEnds {
  /** Resolves when it is stored or will be tried again; never rejects. `saved` is called once it is stored. */
  save(uuid: Uuid, end: StoredEnd, saved: () => void): Promise<void>;
  /** An end that is not stored yet. */
  unsaved(uuid: string): StoredEnd | undefined;
  /** Tries once more and stops. */
  close(): Promise<void>;
}

/** Ends over a store. At most 10,000 wait; what is beyond that ends as interrupted at the next start. */
export function createJobEnds(deps: {
  readonly store: Pick<JobStore, 'finishJob'>;
  readonly clock: Clock;
  readonly log: Logger;
}): JobEnds {
  const { store, clock, log } = deps;
  const waiting = new Map<Uuid, { readonly end: StoredEnd; readonly saved: () => void }>();
  let cancel: (() => void) | undefined;
  let closed = false;

  const later = (): void => {
    if (closed || waiting.size === 0) return;
    cancel ??= clock.after(retryMs, () => {
      cancel = undefined;
      void retry();
    });
  };

  const retry = async (): Promise<void> => {
    try {
      for (const [uuid, { end, saved }] of waiting) {
        await store.finishJob(uuid, end);
        waiting.delete(uuid);
        saved();
      }
      log.info({}, 'the ends of all jobs are stored again');
    } catch (error) {
      log.error({ jobs: waiting.size, err: messageOf(error) }, 'the ends of jobs can still not be stored');
    }
    later();
  };

  return {
    async save(uuid, end, saved) {
      try {
        await store.finishJob(uuid, end);
      } catch (error) {
        log.error({ job: uuid, err: messageOf(error) }, 'the end of a job could not be stored');
        if (waiting.size < maxUnsaved) waiting.set(uuid, { end, saved });
        later();
        return;
      }
      saved();
    },
    unsaved: (uuid) => waiting.get(uuid as Uuid)?.end,
    async close() {
      closed = true;
      cancel?.();
      if (waiting.size > 0) await retry();
    },
  };
}
