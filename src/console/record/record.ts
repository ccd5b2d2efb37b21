import { rm } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { ConsoleError } from '../errors.ts';
import { createListeners } from '../listeners.ts';
import type { Broken } from '../protocol.ts';
import type { SerialRecord } from '../serial/types.ts';
import { type Entry, isMark } from './entries.ts';
import { freeBytesAt } from './free-bytes.ts';
import { createMarkBook } from './marks.ts';
import { readPiece } from './piece.ts';
import { createRing } from './ring.ts';
import { searchRecord } from './search.ts';
import { loadSegments, type Segment } from './segments.ts';
import { createRecordWriter } from './writer.ts';

export interface RecordOptions {
  /** Of this machine alone; made at the first output. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Bytes on disk. Default 64 MiB: about an hour and a half of a line at 115200 baud that is never silent, weeks of usual boots. */
  readonly capBytes?: number;
  /** Default 4 MiB: what goes at a time when the cap is reached. */
  readonly segmentBytes?: number;
  /** Bytes in memory for readers that keep up, and for a disk that does not. Default 256 KiB: 22 s of a full line. */
  readonly tailBytes?: number;
  /** The same until there is a first reader. Default `tailBytes` or else 64 KiB, a quarter of it: a rack that installs has hundreds without one. */
  readonly unreadTailBytes?: number;
  /** Pause after the disk refused. Default 5 s. */
  readonly retryMs?: number;
  /** What is left of the directory's disk, bytes. Default: what the file system says. */
  readonly freeBytes?: () => Promise<number>;
}

/** A record as its owner has it. */
export interface OpenRecord extends SerialRecord {
  /** Bytes that output takes in memory now: the ring, and what is on its way to disk (at most 64 KiB), whoever reads. */
  readonly memoryBytes: () => number;
}

/** A time is noted at most once a second, and seldom for little output: it takes more room than a few characters. */
const timeEveryMs = 1000;
const timeEveryBytes = 256;
const timeAtLeastMs = 10_000;
const brokenText = 'the server was stopped in the middle: output before this place may be missing';
/** Characters of a mark's text. */
const maxMarkText = 500;

/**
 * Opens the record of a machine, or begins one. Rejects with ConsoleError `storage` when there is one that cannot be read; a disk that
 * cannot be written is tried again while the newest output is kept in memory.
 */
export async function openRecord(options: RecordOptions): Promise<OpenRecord> {
  const { directory, clock, log } = options;
  const {
    capBytes = 64 * 2 ** 20,
    segmentBytes = 4 * 2 ** 20,
    tailBytes = 256 * 2 ** 10,
    unreadTailBytes = options.tailBytes ?? 64 * 2 ** 10,
    retryMs = 5000,
    freeBytes = () => freeBytesAt(directory),
  } = options;
  const { segments, entries } = await loadSegments(directory);
  const last = segments.last();
  const ring = createRing(unreadTailBytes, last === undefined ? 0 : last.first + last.length);
  const marks = createMarkBook();
  for (const entry of entries) if (isMark(entry)) marks.add(entry);
  const start = (): number => Math.min(segments.start() ?? ring.start(), ring.start());
  marks.forgetBefore(start());

  const died = entries.findLast((entry) => 'text' in entry && entry.text === brokenText);
  let broken: Broken | undefined = died && { offset: died.offset, at: died.at };
  const { tell, onChange } = createListeners();
  const writer = createRecordWriter({
    segments,
    ring,
    clock,
    log,
    directory,
    segmentBytes,
    capBytes,
    retryMs,
    freeBytes,
    dropped: () => marks.forgetBefore(start()),
  });
  let timed = { at: Number.NEGATIVE_INFINITY, offset: 0 };
  let closing: Promise<void> | undefined;

  function note(entry: Entry): void {
    if (isMark(entry)) marks.add(entry);
    writer.note(entry);
  }

  function noteTime(): void {
    const at = clock.now();
    const offset = ring.end();
    const ageMs = Math.abs(at - timed.at);
    if (ageMs < timeEveryMs) return;
    if (ageMs < timeAtLeastMs && offset - timed.offset < timeEveryBytes) return;
    timed = { at, offset };
    note({ offset, at, kind: 'time' });
  }

  /** Tells the last time noted at or before an offset; for one search, which asks for many of one segment. */
  function createTimes(): (offset: number) => Promise<number | undefined> {
    const known = new Map<Segment, Promise<readonly Entry[]>>();
    return async (offset) => {
      const segment = segments.covering(offset);
      let kept: readonly Entry[] = [];
      if (segment !== undefined) {
        const reading = known.get(segment) ?? segments.entries(segment);
        known.set(segment, reading);
        kept = await reading;
      }
      const isBefore = (entry: Entry): boolean => entry.offset <= offset;
      return (writer.waiting().findLast(isBefore) ?? kept.findLast(isBefore))?.at;
    };
  }

  const record: OpenRecord = {
    memoryBytes: () => ring.capacity() + (writer.underway()?.bytes.length ?? 0),
    kept: () => ({ start: start(), end: ring.end(), runStart: marks.runStart(), broken }),
    append(bytes) {
      if (closing !== undefined || bytes.length === 0) return;
      noteTime();
      ring.append(bytes);
      writer.wake();
      tell();
    },
    mark(kind, text) {
      if (closing !== undefined) return;
      note({
        offset: ring.end(),
        at: clock.now(),
        kind,
        ...(text ? { text: text.slice(0, maxMarkText) } : {}),
      });
      tell();
    },
    read: (from, marksAfter, maxBytes) =>
      readPiece({ segments, ring, marks, clock, start, writer }, from, marksAfter, maxBytes),
    search: (text, before, limit) => searchRecord(record, createTimes(), text, before, limit),
    onNews(listener) {
      ring.grow(tailBytes);
      return onChange(listener);
    },
    close() {
      closing ??= writer.close();
      return closing;
    },
    async remove() {
      await (closing ??= writer.abandon());
      try {
        await rm(directory, { recursive: true, force: true });
      } catch (error) {
        const text = `the console's record in ${directory} cannot be removed (${messageOf(error)}); remove it by hand`;
        throw new ConsoleError('storage', text, { data: { directory }, cause: error });
      }
    },
  };

  const newest = entries.at(-1);
  const end = ring.end();
  const isKnown = newest?.offset === end && (newest.kind === 'closed' || newest.kind === 'gap');
  if (last !== undefined && !isKnown) {
    broken = { offset: end, at: clock.now() };
    record.mark('gap', brokenText);
  }
  return record;
}
