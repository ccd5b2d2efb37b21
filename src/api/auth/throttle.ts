/** Counts recent failures per key; keys beyond `maxKeys` push out the oldest, so that a flood cannot fill the memory. */
export interface Throttle {
  /** True when the key has used up its failures; a refused try does not count. */
  isBlocked(key: string, now: number): boolean;
  /** Counts a try as failed before its outcome is known, so that tries at the same time count too. */
  begin(key: string, now: number): void;
  /** Takes everything back after a success. */
  succeed(key: string): void;
}

/** `limit` failures within `windowMs` block a key until the oldest of them is older than that. */
export function createThrottle(limit = 5, windowMs = 60_000, maxKeys = 10_000): Throttle {
  const failures = new Map<string, number[]>();
  const recent = (key: string, now: number): number[] =>
    (failures.get(key) ?? []).filter((time) => now - time < windowMs);
  return {
    isBlocked: (key, now) => recent(key, now).length >= limit,
    begin(key, now) {
      const times = [...recent(key, now), now];
      failures.delete(key);
      failures.set(key, times);
      for (const oldest of failures.keys()) {
        if (failures.size <= maxKeys) break;
        failures.delete(oldest);
      }
    },
    succeed(key) {
      failures.delete(key);
    },
  };
}
