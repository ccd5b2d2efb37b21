import type { Clock } from '../../../base/clock.ts';

/** Does `work` and gives it up, by its signal too, when it takes longer than `ms` or `signal` ends it; rejects then with `late` or its reason. */
export async function inTime<T>(
  { clock, ms, signal, late }: { clock: Clock; ms: number; signal: AbortSignal; late: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timer = new AbortController();
  const stop = clock.after(ms, () => timer.abort(new Error(late)));
  const either = AbortSignal.any([signal, timer.signal]);
  const ended = new Promise<never>((_, reject) => {
    const end = (): void => reject(either.reason as Error);
    either.addEventListener('abort', end, { once: true });
    if (either.aborted) end();
  });
  try {
    return await Promise.race([ended, work(either)]);
  } finally {
    stop();
  }
}
