/** Bytes that the page got, in order, for a file; at most `most` of them, the oldest go first. */
export interface Received {
  add(bytes: Uint8Array): void;
  clear(): void;
  readonly pieces: () => readonly Uint8Array<ArrayBuffer>[];
  /** How many of the oldest are gone. */
  readonly dropped: () => number;
}

export function createReceived(most = 32 * 1024 * 1024): Received {
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let dropped = 0;
  return {
    add(bytes) {
      pieces.push(Uint8Array.from(bytes));
      length += bytes.length;
      while (length > most && pieces.length > 1) {
        const gone = pieces.shift()?.length ?? 0;
        length -= gone;
        dropped += gone;
      }
    },
    clear() {
      pieces = [];
      length = 0;
      dropped = 0;
    },
    pieces: () => pieces,
    dropped: () => dropped,
  };
}

/** A file's name for a machine's output: no character that a file system or a shell minds. */
export function fileName(machine: string, at: Date): string {
  const stamp = at.toISOString().slice(0, 19).replaceAll(':', '');
  return `${machine.replaceAll(/[^\w.-]+/g, '-').slice(0, 80) || 'console'}-${stamp}.log`;
}
