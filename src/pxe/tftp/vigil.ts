/** For so long after a packet nothing falls asleep, if the one before was no further away. */
const awakeMs = 0.1;

/** The event loop: time in ms with fractions, and `soon` for its next turn, which does not wait for anything. */
export interface Turns {
  now(): number;
  soon(run: () => void): void;
}

const nodeTurns: Turns = {
  now: () => performance.now(),
  soon: (run) => void setImmediate(run),
};

/**
 * Keeps the event loop turning while packets come one right after another, each of which would send it to sleep and wake it. That takes the
 * processor as long as these turns, and the client, which in lock-step waits for it, much longer. All else that happens gets its turn as well.
 */
export class Vigil {
  readonly #turns: Turns;
  #isAwake = false;
  #isHeard = false;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(turns: Turns = nodeTurns) {
    this.#turns = turns;
  }

  /** A packet came. */
  heard(): void {
    if (this.#isAwake) {
      this.#isHeard = true;
      return;
    }
    const now = this.#turns.now();
    const isClose = now - this.#heardAt < awakeMs;
    this.#heardAt = now;
    if (!isClose) return;
    this.#isAwake = true;
    this.#turns.soon(this.#turn);
  }

  readonly #turn = (): void => {
    const now = this.#turns.now();
    if (this.#isHeard) this.#heardAt = now;
    this.#isHeard = false;
    this.#isAwake = now - this.#heardAt < awakeMs;
    if (this.#isAwake) this.#turns.soon(this.#turn);
  };
}
