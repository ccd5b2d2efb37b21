/** Collects one output of a command up to a number of bytes. */
export interface BoundedOutput {
  readonly push: (chunk: Buffer) => void;
  text(): string;
  isTruncated(): boolean;
}

/** What comes after `maxBytes` is thrown away; the text is UTF-8 with U+FFFD for bytes that are none. */
export function createBoundedOutput(maxBytes: number): BoundedOutput {
  const chunks: Buffer[] = [];
  let length = 0;
  let truncated = false;
  return {
    push(chunk) {
      const room = maxBytes - length;
      if (chunk.length > room) truncated = true;
      if (room <= 0) return;
      const kept = chunk.subarray(0, room);
      chunks.push(kept);
      length += kept.length;
    },
    text: () => Buffer.concat(chunks, length).toString('utf8'),
    isTruncated: () => truncated,
  };
}

/** A line that is longer is cut there. */
export const maxLineBytes = 64 * 1024;

/** Splits a byte stream into lines without their line ends; an unfinished last line is told by `end`. */
export interface LineSplitter {
  readonly push: (chunk: Buffer) => void;
  end(): void;
}

/** Tells `line` every line, cut after 64 KiB. */
export function createLineSplitter(line: (text: string) => void): LineSplitter {
  let pending: Buffer[] = [];
  let length = 0;

  const keep = (part: Buffer): void => {
    const kept = part.subarray(0, maxLineBytes - length);
    if (kept.length === 0) return;
    pending.push(kept);
    length += kept.length;
  };
  const flush = (): void => {
    const text = Buffer.concat(pending, length).toString('utf8');
    pending = [];
    length = 0;
    line(text.endsWith('\r') ? text.slice(0, -1) : text);
  };

  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, at));
        flush();
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (length > 0) flush();
    },
  };
}
