import type { SearchHit } from '../protocol.ts';
import type { SerialRecord } from '../serial/types.ts';
import { type Line, linesOf, maxLineBytes } from './lines.ts';

/** Bytes that one call looks at. */
const maxSearchBytes = 4 * 1024 * 1024;
/** Bytes that are decoded at a time; several lines fit whatever their length. */
const windowBytes = 16 * maxLineBytes;
/** Characters of a line that are shown, and how many of them may stand before the text. */
const shownLength = 300;
const shownBefore = 80;

export interface Searched {
  readonly hits: readonly SearchHit[];
  readonly more: boolean;
  /** With `more`: the `before` of the next call. */
  readonly next?: number;
}

type Readable = Pick<SerialRecord, 'kept' | 'read'>;

/** All output between two offsets that is there, cut into lines. */
async function readLines(record: Readable, from: number, to: number): Promise<readonly Line[]> {
  const lines: Line[] = [];
  let pieces: Uint8Array[] = [];
  let begin = from;
  let at = from;
  const flush = (): void => {
    lines.push(...linesOf(Buffer.concat(pieces), begin));
    pieces = [];
  };
  while (at < to) {
    const piece = await record.read(at, 0, to - at);
    const bytes = piece.bytes.subarray(0, Math.max(0, to - piece.offset));
    if (bytes.length === 0) break;
    if (piece.offset !== at) {
      flush();
      begin = piece.offset;
    }
    pieces.push(bytes);
    at = piece.offset + bytes.length;
  }
  flush();
  return lines;
}

/**
 * Looks for a text, in upper or lower case, in lines that begin before an offset, newest first. Every line belongs to exactly one
 * call; one that is longer than 4096 bytes counts as several. `timeOf` tells when the byte at an offset was printed, ms since the epoch. Rejects with ConsoleError `storage`.
 */
export async function searchRecord(
  record: Readable,
  timeOf: (offset: number) => Promise<number | undefined>,
  text: string,
  before: number | undefined,
  limit: number,
): Promise<Searched> {
  const wanted = text.toLowerCase();
  const { start, end } = record.kept();
  let to = Math.min(before ?? end, end);
  const stop = Math.max(start, to - maxSearchBytes);
  const hits: SearchHit[] = [];
  if (wanted === '' || limit < 1) return { hits, more: false };

  while (to > stop && hits.length < limit) {
    const from = Math.max(start, to - windowBytes);
    const lines = await readLines(record, from, to);
    // The first one may have begun before the window.
    const whole = from > start && lines.length > 1 ? lines.slice(1) : lines;
    to = Math.min(from, to);
    const first = whole[0];
    if (whole !== lines && first !== undefined) to = first.offset;
    for (const line of whole.toReversed()) {
      const at = line.text.toLowerCase().indexOf(wanted);
      if (at < 0) continue;
      const time = await timeOf(line.offset);
      hits.push({
        offset: line.offset,
        line: shown(line.text, at),
        ...(time === undefined ? {} : { at: time }),
      });
      if (hits.length < limit) continue;
      to = line.offset;
      break;
    }
  }
  return to > start ? { hits, more: true, next: to } : { hits, more: false };
}

function shown(text: string, at: number): string {
  if (text.length <= shownLength) return text;
  const from = Math.max(0, Math.min(at - shownBefore, text.length - shownLength));
  return text.slice(from, from + shownLength);
}
