/** The last bytes of a stream, each with its offset since the beginning. */
export interface Scrollback {
  /** Offset of the first byte that is kept, and behind the last one. */
  readonly start: () => number;
  readonly end: () => number;
  readonly append: (data: Uint8Array) => void;
  /** A copy of the bytes between two offsets; what is not kept is left out. */
  readonly slice: (from: number, to: number) => Uint8Array;
}

/** Keeps `size` bytes in one buffer, however small the pieces are that they come in. */
export function createScrollback(size: number): Scrollback {
  const ring = new Uint8Array(size);
  let end = 0;
  const start = (): number => Math.max(0, end - size);

  return {
    start,
    end: () => end,
    append(data) {
      const kept = data.subarray(Math.max(0, data.length - size));
      const at = size === 0 ? 0 : (end + data.length - kept.length) % size;
      const head = kept.subarray(0, size - at);
      ring.set(head, at);
      ring.set(kept.subarray(head.length), 0);
      end += data.length;
    },
    slice(from, to) {
      const first = Math.min(Math.max(from, start()), end);
      const length = Math.max(0, Math.min(to, end) - first);
      const out = new Uint8Array(length);
      if (length === 0) return out;
      const at = first % size;
      const head = ring.subarray(at, Math.min(size, at + length));
      out.set(head);
      out.set(ring.subarray(0, length - head.length), head.length);
      return out;
    },
  };
}
