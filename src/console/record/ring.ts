/** The last bytes of a stream, each with its offset. */
export interface Ring {
  /** Offset of the first byte that is kept, and behind the last one. */
  readonly start: () => number;
  readonly end: () => number;
  /** Bytes of memory that it takes, whatever is put into it. */
  readonly capacity: number;
  readonly append: (data: Uint8Array) => void;
  /** A copy of the bytes between two offsets; what is not kept is left out. */
  readonly slice: (from: number, to: number) => Uint8Array;
}

/** Keeps the last `capacity` bytes of a stream that goes on at offset `base`. */
export function createRing(capacity: number, base: number): Ring {
  const kept = new Uint8Array(capacity);
  let end = base;
  const start = (): number => Math.max(base, end - capacity);

  return {
    start,
    end: () => end,
    capacity,
    append(data) {
      const fits = data.subarray(Math.max(0, data.length - capacity));
      const at = (end + data.length - fits.length) % capacity;
      const head = fits.subarray(0, capacity - at);
      kept.set(head, at);
      kept.set(fits.subarray(head.length), 0);
      end += data.length;
    },
    slice(from, to) {
      const first = Math.min(Math.max(from, start()), end);
      const length = Math.max(0, Math.min(to, end) - first);
      const at = first % capacity;
      const out = new Uint8Array(length);
      const head = kept.subarray(at, Math.min(capacity, at + length));
      out.set(head);
      out.set(kept.subarray(0, length - head.length), head.length);
      return out;
    },
  };
}
