/** What a bad network does; probabilities from 0 to 1. */
export interface Faults {
  readonly seed: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly maxDelayMs: number;
}

/** Small seeded generator (mulberry32), so that a failing network can be had again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** For each datagram the delays in milliseconds after which it arrives: none when it is lost, two when it is duplicated. */
export function faultsOf({ seed, loss, duplicate, maxDelayMs }: Faults): () => readonly number[] {
  const random = seededRandom(seed);
  return () => {
    if (random() < loss) return [];
    const delay = (): number => Math.floor(random() * maxDelayMs);
    return random() < duplicate ? [delay(), delay()] : [delay()];
  };
}
