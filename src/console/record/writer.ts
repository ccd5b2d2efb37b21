import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { encodeEntry, type Entry } from './entries.ts';
import type { Ring } from './ring.ts';
import type { OpenSegment, Segments } from './segments.ts';

/** Brings a ring and its entries to disk, as far as the disk lets it. Nothing here rejects. */
export interface RecordWriter {
  /** There are new bytes in the ring. */
  readonly wake: () => void;
  readonly note: (entry: Entry) => void;
  /** Entries that are not on disk yet. */
  readonly waiting: () => readonly Entry[];
  /** Output that is being written: the ring may have forgotten it, and it does not count as written yet. */
  readonly underway: () => Underway | undefined;
  /** Writes what it can, and that the record was closed in order. */
  readonly close: () => Promise<void>;
  /** Stops where it is. */
  readonly abandon: () => Promise<void>;
}

export interface Underway {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface RecordWriterOptions {
  readonly segments: Segments;
  readonly ring: Ring;
  readonly clock: Clock;
  readonly log: Logger;
  readonly directory: string;
  readonly segmentBytes: number;
  readonly capBytes: number;
  /** Pause after the disk refused. */
  readonly retryMs: number;
  /** What is left of the disk that the directory is on, bytes. */
  readonly freeBytes: () => Promise<number>;
  /** Older output is gone from the disk. */
  readonly dropped: () => void;
}

/** Bytes that are copied out of the ring at a time. */
const maxWrite = 64 * 1024;
/**
 * Left free on the disk: the database is on it, and without room for that every run fails, while a record only loses output. It holds the
 * database's log and what a thousand records write between two looks at the disk.
 */
const reserveBytes = 512 * 2 ** 20;
/** The disk is looked at for each new segment, and once for so much output. */
const lookBytes = 256 * 1024;
/** Entries wait in memory while the disk refuses. */
const maxWaiting = 1024;

export function createRecordWriter(options: RecordWriterOptions): RecordWriter {
  const { segments, ring, clock, log, directory, segmentBytes, capBytes, retryMs, freeBytes, dropped } =
    options;
  /** Everything before it is on disk, or lost to it. */
  let written = ring.end();
  let waiting: Entry[] = [];
  let current: OpenSegment | undefined;
  let underway: Underway | undefined;
  let running: Promise<void> | undefined;
  let cancelRetry: (() => void) | undefined;
  let isFailing = false;
  let isChanged = false;
  let stopped = false;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function shut(): Promise<void> {
    const open = current;
    current = undefined;
    await open?.close().catch(() => undefined);
  }

  /** The segment that the byte at `written` goes to. */
  async function ready(): Promise<OpenSegment> {
    const last = segments.last();
    if (last !== undefined && last.first + last.length === written) {
      // Entries alone begin no segment until they are many.
      const isFull =
        last.length > 0 &&
        (written < ring.end()
          ? last.length + last.sidecarLength >= segmentBytes
          : last.sidecarLength >= Math.max(segmentBytes, maxWrite));
      if (!isFull) {
        current ??= await segments.openLast();
        // Opening looks at the file: it may have been cut meanwhile.
        if (last.first + last.length === written) return current;
      }
    }
    await shut();
    await keepReserve(last !== undefined && last.length > 0);
    // Nothing came into it before there was a hole: it would stay behind as an empty file at each try.
    if (last?.length === 0) await segments.drop(last);
    current = await segments.openNew(written);
    waiting.unshift({ offset: written, at: clock.now(), kind: 'time' });
    return current;
  }

  /** Gives a segment of our own for what comes, while the disk is nearly full; rejects as a full disk does when there is none to give. */
  async function keepReserve(mayDropLast: boolean): Promise<void> {
    lookedAt = written;
    if ((await freeBytes()) >= reserveBytes) return;
    const oldest = segments.oldest();
    if (oldest === undefined || (oldest === segments.last() && !mayDropLast)) {
      throw new Error(
        `less than ${reserveBytes / 2 ** 20} MiB are left on the disk, which the database needs`,
      );
    }
    await segments.drop(oldest);
    dropped();
  }

  async function makeRoom(bytes: number): Promise<void> {
    for (;;) {
      const oldest = segments.oldest();
      if (segments.bytes() + bytes <= capBytes || oldest === undefined || oldest === segments.last()) return;
      await segments.drop(oldest);
      dropped();
    }
  }

  async function writeOutput({ segment, output }: OpenSegment): Promise<void> {
    const room = Math.max(1, segmentBytes - segment.length - segment.sidecarLength);
    const wanted = Math.min(room, maxWrite, ring.end() - written);
    if (written - lookedAt >= lookBytes) await keepReserve(false);
    await makeRoom(wanted);
    // The ring went on while the disk was waited for.
    if (ring.start() > written) return;
    const chunk = ring.slice(written, written + wanted);
    // Counted as it goes: what a full disk took of it is there.
    underway = { offset: written, bytes: chunk };
    try {
      await writeAll(output, chunk, segment.length, (bytes) => {
        segment.length += bytes;
        written += bytes;
      });
    } finally {
      underway = undefined;
    }
  }

  async function writeEntries({ segment, sidecar }: OpenSegment): Promise<void> {
    const due = waiting.filter(({ offset }) => offset <= written);
    const bytes = Buffer.from(due.map(encodeEntry).join(''));
    // Where nothing is printed, nothing rotates: a line that comes and goes for days must not fill the disk.
    const fits = segment.length > 0 || segment.sidecarLength < Math.max(segmentBytes, maxWrite);
    if (fits) {
      await writeAll(sidecar, bytes, segment.sidecarLength);
      segment.sidecarLength += bytes.length;
    }
    const isDone = new Set(due);
    waiting = waiting.filter((entry) => !isDone.has(entry));
  }

  const hasMore = (): boolean => !stopped && (written < ring.end() || waiting.length > 0);

  async function drain(): Promise<void> {
    try {
      while (hasMore()) {
        // What the ring forgot before the disk took it is a hole.
        written = Math.max(written, ring.start());
        const open = await ready();
        await writeOutput(open);
        await writeEntries(open);
        if (isFailing) log.info({ directory }, "a console's record is written again");
        isFailing = false;
      }
    } catch (error) {
      await shut();
      if (!isFailing) {
        const text = "a console's record cannot be written; make room or mend its directory";
        log.warn({ directory, err: messageOf(error), retryMs }, text);
      }
      isFailing = true;
    }
  }

  function wake(): void {
    isChanged = true;
    if (stopped || running !== undefined || cancelRetry !== undefined) return;
    running = drain().then(() => {
      running = undefined;
      if (stopped) return;
      if (isFailing) {
        cancelRetry = clock.after(retryMs, () => {
          cancelRetry = undefined;
          wake();
        });
      } else if (hasMore()) {
        wake();
      }
    });
  }

  async function stop(): Promise<void> {
    stopped = true;
    cancelRetry?.();
    await running;
  }

  return {
    wake,
    note(entry) {
      waiting.push(entry);
      if (waiting.length > maxWaiting) waiting = waiting.slice(-maxWaiting / 2);
      wake();
    },
    waiting: () => waiting,
    underway: () => underway,
    async close() {
      await stop();
      if (!isChanged) return;
      stopped = false;
      waiting.push({ offset: ring.end(), at: clock.now(), kind: 'closed' });
      await drain();
      stopped = true;
      await current?.output.datasync().catch(() => undefined);
      await current?.sidecar.datasync().catch(() => undefined);
      await shut();
    },
    async abandon() {
      await stop();
      await shut();
    },
  };
}

async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
  wrote: (bytes: number) => void = () => {},
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
    wrote(bytesWritten);
  }
}
