import type { Clock } from '../../base/clock.ts';
import { delay } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';

const firstMs = 60_000;
const everyMs = 3600_000;
/** Some 10 ms of work for SQLite, then others have their turn: a million old rows must not hold up a DHCP answer. */
const chunk = 200;
const pauseMs = 20;

/**
 * Deletes old rows a minute after the start and then hourly, in chunks; the answer stops it. `deleteSome` deletes at most `limit`
 * and answers how many; `after` is called when nothing is left.
 */
export function startSweep(deps: {
  readonly clock: Clock;
  readonly log: Logger;
  /** For the log, e.g. `old jobs`. */
  readonly what: string;
  deleteSome(limit: number): Promise<number>;
  after?(): Promise<void>;
}): () => void {
  const { clock, log, what } = deps;
  let stopped = false;
  let cancel = (): void => {};

  const sweep = async (): Promise<void> => {
    let deleted = 0;
    try {
      for (;;) {
        if (stopped) return;
        const some = await deps.deleteSome(chunk);
        deleted += some;
        if (some < chunk) break;
        await delay(clock, pauseMs);
      }
      await deps.after?.();
    } catch (error) {
      if (!stopped) log.error({ err: messageOf(error) }, `${what} could not be deleted`);
    }
    if (deleted > 0) log.debug({ deleted }, `${what} deleted`);
  };

  const again = (ms: number): void => {
    cancel = clock.after(ms, () => {
      void sweep().then(() => {
        if (!stopped) again(everyMs);
      });
    });
  };
  again(firstMs);
  return () => {
    stopped = true;
    cancel();
  };
}
