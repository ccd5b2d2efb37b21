/** State of a seeded generator (mulberry32): a run with the same seed and the same events repeats to the byte. */
export interface Seeded {
  rng: number;
}

/** The next number in [0, 1). */
export function draw(seeded: Seeded): number {
  seeded.rng = (seeded.rng + 0x6d2b79f5) >>> 0;
  let t = seeded.rng;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
}

/** True with the given probability; probability 0 takes no number, so that faults that are off do not shift the others. */
export function chance(seeded: Seeded, probability: number): boolean {
  return probability > 0 && draw(seeded) < probability;
}

/** `length` bytes of the generator. Predictable on purpose: a simulator protects nothing. */
export function drawBytes(seeded: Seeded, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(draw(seeded) * 256));
}
