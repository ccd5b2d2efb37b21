import type { Clock } from '../../base/clock.ts';

/** A piece a time keeps the server's limits far away, and is faster than any serial line. */
const pace = { bytes: 1024, ms: 20 } as const;
/** More waits here when so much waits at the server. */
const maxWaiting = 8 * 1024;

export interface TypistDeps {
  readonly clock: Clock;
  /** Whether the server takes characters now, and how many wait there. */
  readonly mayType: () => boolean;
  readonly waiting: () => number;
  readonly send: (bytes: Uint8Array) => void;
}

/** Characters on their way to the server, in order. */
export interface Typist {
  push(bytes: Uint8Array): void;
  /** Something that it waits for may have come. */
  wake(): void;
  /** Bytes not sent yet. */
  queued(): number;
  /** Throws away what is not sent. */
  clear(): void;
}

/** Sends what is typed piece by piece, as fast as it is taken. */
export function createTypist({ clock, mayType, waiting, send }: TypistDeps): Typist {
  let pieces: Uint8Array[] = [];
  let length = 0;
  let isResting = false;

  function work(): void {
    const [first] = pieces;
    if (isResting || first === undefined || !mayType() || waiting() > maxWaiting) return;
    const piece = first.subarray(0, pace.bytes);
    if (piece.length === first.length) pieces.shift();
    else pieces[0] = first.subarray(piece.length);
    length -= piece.length;
    send(piece);
    isResting = true;
    clock.after(pace.ms, () => {
      isResting = false;
      work();
    });
  }

  return {
    push(bytes) {
      if (bytes.length === 0) return;
      const last = pieces.at(-1);
      // Single keys become one frame while they wait.
      if (last !== undefined && last.length + bytes.length <= pace.bytes) {
        pieces[pieces.length - 1] = Uint8Array.from([...last, ...bytes]);
      } else pieces.push(Uint8Array.from(bytes));
      length += bytes.length;
      work();
    },
    wake: work,
    queued: () => length,
    clear() {
      pieces = [];
      length = 0;
    },
  };
}
