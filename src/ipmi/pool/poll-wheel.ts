/** Places of keys in a round: each key has its own place, at which its turn comes once a round. */
export interface PollWheel {
  readonly add: (key: string) => void;
  readonly remove: (key: string) => void;
  /** Keys whose turn came after the tick `from` and up to the tick `to`; each at most once, also after a long pause. */
  readonly due: (from: number, to: number) => readonly string[];
}

/** A number from 0 to `places` - 1 that a key has for ever, spread evenly over keys (FNV-1a, mixed). */
export function placeOf(key: string, places: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  // FNV-1a alone spreads names that differ in their last digits unevenly; these are MurmurHash3's last steps.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % places;
}

/** A wheel with `places` places, one a tick. Ticks count from the epoch, so that a restart changes no key's time. */
export function createPollWheel(places: number): PollWheel {
  const slots = Array.from({ length: places }, () => new Set<string>());
  return {
    add: (key) => void slots[placeOf(key, places)]?.add(key),
    remove: (key) => void slots[placeOf(key, places)]?.delete(key),
    due(from, to) {
      const first = Math.max(from + 1, to - places + 1);
      const keys: string[] = [];
      for (let tick = first; tick <= to; tick++) keys.push(...(slots[tick % places] ?? []));
      return keys;
    },
  };
}
