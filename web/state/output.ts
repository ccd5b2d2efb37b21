import { type Broken, type KeptOutput, resumeOffset } from '../../src/console/protocol.ts';

/**
 * Which part of the record the page shows: bytes `start` to `next`, without a hole that nobody told of. After an older `from` was
 * asked for, frames at or behind `cut` belong to what was asked before.
 */
export interface OutputCursor {
  readonly start?: number;
  readonly next?: number;
  readonly cut?: number;
}

/** What to do with a frame: `skip` its first bytes (they are shown already), or all of it. `missing` bytes did not come. */
export interface Accepted {
  readonly cursor: OutputCursor;
  readonly skip: number;
  readonly missing: number;
}

/** Takes a frame of `length` bytes at `offset` in; nothing is shown twice. */
export function acceptOutput(cursor: OutputCursor, offset: number, length: number): Accepted {
  const { start, next, cut } = cursor;
  if (cut !== undefined && offset >= cut) return { cursor, skip: length, missing: 0 };
  if (cut !== undefined || next === undefined) {
    return { cursor: { start: offset, next: offset + length }, skip: 0, missing: 0 };
  }
  const end = offset + length;
  if (end <= next) return { cursor, skip: length, missing: 0 };
  const kept = { start: start ?? offset, next: end };
  return offset <= next
    ? { cursor: kept, skip: next - offset, missing: 0 }
    : { cursor: kept, skip: 0, missing: offset - next };
}

/** The cursor after the page asked for output from `from` on and emptied its terminal. */
export function restartOutput(cursor: OutputCursor, from: number): OutputCursor {
  return cursor.next === undefined ? { start: from } : { start: from, cut: cursor.next };
}

/** What to ask for after a loss or a reload; undefined: as much as the server finds right. */
export function wantedFrom({ start, next, cut }: OutputCursor): number | undefined {
  return cut === undefined ? (next ?? start) : start;
}

/** The cursor when the page is greeted again: the same one, or back to where the record lost what the page shows. */
export function keepOutput(cursor: OutputCursor, known: Broken | undefined, kept: KeptOutput): OutputCursor {
  const { start, next, cut } = cursor;
  if (next === undefined || cut !== undefined) return cursor;
  const goesOn = resumeOffset(next, known, kept);
  return goesOn === next ? cursor : { start: Math.min(start ?? goesOn, goesOn), next: goesOn };
}
