/** Counts recent failures per key; keys beyond `maxKeys` push out the oldest, so that a flood cannot fill the memory. */
export interface Throttle {
  /** How long a key must wait before its next try, ms; 0 when it may try now. A refused try does not count. */
  waitMs(key: string, now: number): number;
  /** Counts a try as failed before its outcome is known, so that tries at the same time count too. */
  begin(key: string, now: number): void;
  /** Takes back one try that began at `begunAt`. */
  takeBack(key: string, begunAt: number): void;
  /** Takes every try back. */
  forget(key: string): void;
}

/** `limit()` failures within `windowMs` block a key until the oldest of them is older than that; asked at each try. */
export function createThrottle(limit: () => number, windowMs = 60_000, maxKeys = 10_000): Throttle {
  const failures = new Map<string, readonly number[]>();
  const recent = (key: string, now: number): readonly number[] =>
    (failures.get(key) ?? []).filter((time) => now - time < windowMs);
  return {
    waitMs(key, now) {
      const freeing = recent(key, now).at(-limit());
      return freeing === undefined ? 0 : freeing + windowMs - now;
    },
    begin(key, now) {
      const times = [...recent(key, now), now];
      failures.delete(key);
      failures.set(key, times);
      for (const oldest of failures.keys()) {
        if (failures.size <= maxKeys) break;
        failures.delete(oldest);
      }
    },
    takeBack(key, begunAt) {
      const times = failures.get(key) ?? [];
      const at = times.indexOf(begunAt);
      if (at !== -1) failures.set(key, times.toSpliced(at, 1));
    },
    forget(key) {
      failures.delete(key);
    },
  };
}

/**
 * What failures of one network address are counted under: IPv4 as it is, also when it comes mapped into IPv6; of IPv6 the first 64
 * bits, because whoever has one address of a /64 has them all. RFC 4291 §2.5.4
 */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const groupsOf = (text: string): readonly string[] => text.split(':').filter((group) => group !== '');
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const [left, right] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const prefix = [...left, ...zeros, ...right].slice(0, 4);
  return `${prefix.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')}::/64`;
}
