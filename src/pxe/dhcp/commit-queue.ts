import type { Lease, LeaseStore } from '../ports.ts';

interface Job {
  readonly lease: Lease;
  readonly settled: (error: unknown) => void;
}

/** Turns of the event loop that a commit waits for others while more come. */
const mostTurns = 4;

/**
 * Group commit: what arrives while one commit is under way goes into the next, all at once, in order. `settled` gets undefined
 * when the lease is durable, otherwise what the store failed with, and must not throw.
 */
export class CommitQueue {
  readonly #store: LeaseStore;
  readonly #limit: number;
  #waiting: Job[] = [];
  #running: Promise<void> | undefined;

  constructor(store: LeaseStore, limit: number) {
    this.#store = store;
    this.#limit = limit;
  }

  /** False, and nothing else, when too much waits already. */
  push(lease: Lease, settled: (error: unknown) => void): boolean {
    if (this.#waiting.length >= this.#limit) return false;
    this.#waiting.push({ lease, settled });
    this.#running ??= this.#drain();
    return true;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #drain(): Promise<void> {
    // Lets datagrams that came together be committed together.
    await Promise.resolve();
    for (let isFirst = true; this.#waiting.length > 0; isFirst = false) {
      if (!isFirst) await this.#gather();
      const jobs = this.#waiting;
      this.#waiting = [];
      // The last word about an address counts.
      const leases = new Map(jobs.map(({ lease }) => [lease.ip, lease]));
      const error = await this.#commit([...leases.values()]);
      for (const job of jobs) job.settled(error);
    }
    this.#running = undefined;
  }

  /**
   * Under load a flush of the disk costs more than the turns of the event loop in which more leases come to share it: a turn reads no
   * more than 32 datagrams.
   */
  async #gather(): Promise<void> {
    for (let turns = 0, before = 0; turns < mostTurns && this.#waiting.length > before; turns += 1) {
      before = this.#waiting.length;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  async #commit(leases: readonly Lease[]): Promise<unknown> {
    try {
      await this.#store.commit(leases);
      return undefined;
    } catch (error) {
      return error ?? new Error('the lease store failed without a reason');
    }
  }
}
