/** The last bytes of a stream, each with its offset. */
export interface Ring {
  /** Offset of the first byte that is kept, and behind the last one. */
  readonly start: () => number;
  readonly end: () => number;
  /** Bytes of memory that it takes, whatever is put into it. */
  readonly capacity: () => number;
  /** Keeps that many bytes from now on; never fewer than before. */
  readonly grow: (capacity: number) => void;
  readonly append: (data: Uint8Array) => void;
  /** A copy of the bytes between two offsets; what is not kept is left out. */
  readonly slice: (from: number, to: number) => Uint8Array;
}

/** Keeps the last `firstCapacity` bytes of a stream that goes on at offset `base`. */
export function createRing(firstCapacity: number, base: number): Ring {
  let kept = new Uint8Array(firstCapacity);
  let first = base;
  let end = base;
  const start = (): number => Math.max(first, end - kept.length);

  /** Puts bytes in their place, which may go over the edge. */
  function put(bytes: Uint8Array, offset: number): void {
    const at = offset % kept.length;
    const head = bytes.subarray(0, kept.length - at);
    kept.set(head, at);
    kept.set(bytes.subarray(head.length), 0);
  }

  function slice(from: number, to: number): Uint8Array {
    const begin = Math.min(Math.max(from, start()), end);
    const length = Math.max(0, Math.min(to, end) - begin);
    const at = begin % kept.length;
    const out = new Uint8Array(length);
    const head = kept.subarray(at, Math.min(kept.length, at + length));
    out.set(head);
    out.set(kept.subarray(0, length - head.length), head.length);
    return out;
  }

  return {
    start,
    end: () => end,
    capacity: () => kept.length,
    grow(capacity) {
      if (capacity <= kept.length) return;
      const bytes = slice(start(), end);
      first = start();
      kept = new Uint8Array(capacity);
      put(bytes, first);
    },
    append(data) {
      const fits = data.subarray(Math.max(0, data.length - kept.length));
      end += data.length;
      put(fits, end - fits.length);
    },
    slice,
  };
}
