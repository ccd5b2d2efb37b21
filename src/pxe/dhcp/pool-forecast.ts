import type { Mac } from '../../base/mac.ts';

/** Machines that came within this time tell how many more will come. */
const WINDOW_MS = 60_000;
/** As many again in the time that a person needs to look: twice the machines of the last minute. */
const FACTOR = 2;
/** Fewer machines are no storm. */
const LEAST = 5;
/** Counting free addresses goes over all leases. */
const BETWEEN_COUNTS_MS = 1000;
const BETWEEN_WARNINGS_MS = 600_000;
/** Anybody can make up MACs. */
const MOST_MACS = 65_536;

/** Notices before a pool is full that it will be soon. One for each pool. */
export class PoolForecast {
  readonly #newcomers = new Map<Mac, number>();
  #countedAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Notes a machine that was given an address it did not have; the warning when one is due. `now` in ms. */
  note(
    mac: Mac,
    now: number,
    countFree: () => number,
  ): { readonly free: number; readonly expected: number } | undefined {
    this.#newcomers.delete(mac);
    this.#newcomers.set(mac, now);
    if (this.#newcomers.size > MOST_MACS) this.#forget(now);
    if (this.#newcomers.size < LEAST) return undefined;
    if (now - this.#countedAt < BETWEEN_COUNTS_MS || now - this.#toldAt < BETWEEN_WARNINGS_MS)
      return undefined;
    this.#countedAt = now;
    this.#forget(now);
    if (this.#newcomers.size < LEAST) return undefined;
    const expected = this.#newcomers.size * FACTOR;
    const free = countFree();
    if (free >= expected) return undefined;
    this.#toldAt = now;
    return { free, expected };
  }

  /** Forgets those of before the window, and the oldest of too many. */
  #forget(now: number): void {
    for (const [oldest, at] of this.#newcomers) {
      if (at > now - WINDOW_MS && this.#newcomers.size <= MOST_MACS) return;
      this.#newcomers.delete(oldest);
    }
  }
}
