import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConsoleError } from '../errors.ts';
import { decodeEntries, type Entry } from './entries.ts';

/** A stretch of output in a file that is named by its first offset, and a sidecar file with entries. */
export interface Segment {
  readonly first: number;
  /** Bytes on disk that count, of output and of entries. */
  length: number;
  sidecarLength: number;
}

/** A segment that is being written. */
export interface OpenSegment {
  readonly segment: Segment;
  readonly output: FileHandle;
  readonly sidecar: FileHandle;
  readonly close: () => Promise<void>;
}

/** The files of one record, oldest first. Methods that touch the disk reject with its errors unless told otherwise. */
export interface Segments {
  readonly last: () => Segment | undefined;
  readonly start: () => number | undefined;
  readonly bytes: () => number;
  /** The segment that has the byte at an offset, or else the next later one with any. */
  readonly covering: (offset: number) => Segment | undefined;
  /** At most `maxBytes` from an offset inside the segment on; none when the file was taken away or cut. Rejects with ConsoleError `storage`. */
  readonly read: (segment: Segment, offset: number, maxBytes: number) => Promise<Uint8Array>;
  /** Entries of the segment; [] when they cannot be read. */
  readonly entries: (segment: Segment) => Promise<readonly Entry[]>;
  /** Opens the last segment for more, or makes a new last one; the directory is made when it is missing. */
  readonly openLast: () => Promise<OpenSegment>;
  readonly openNew: (first: number) => Promise<OpenSegment>;
  /** Removes a segment and its files. */
  readonly drop: (segment: Segment) => Promise<void>;
  readonly oldest: () => Segment | undefined;
}

const endOf = ({ first, length }: Segment): number => first + length;
const nameOf = (first: number): string => String(first).padStart(16, '0');
const errnoOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Finds what is on disk; nothing there is an empty record. Rejects with ConsoleError `storage` when the directory cannot be read. */
export async function loadSegments(
  directory: string,
): Promise<{ readonly segments: Segments; readonly entries: readonly Entry[] }> {
  const pathOf = (first: number): string => join(directory, `${nameOf(first)}.log`);
  const sidecarOf = (first: number): string => join(directory, `${nameOf(first)}.jsonl`);
  const storage = (what: string, error: unknown): ConsoleError =>
    new ConsoleError(
      'storage',
      `the console's record in ${directory} cannot be ${what} (${errnoOf(error) ?? 'unknown'}); look at its rights and its disk`,
      { data: { directory }, cause: error },
    );

  /** Undefined when there is no such file. */
  const orMissing = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw storage('read', error);
    }
  };

  async function decoded(segment: Segment): Promise<ReturnType<typeof decodeEntries>> {
    const bytes = await orMissing(readFile(sidecarOf(segment.first)));
    return decodeEntries(bytes ?? new Uint8Array(), endOf(segment));
  }

  const list: Segment[] = [];
  const found: Entry[] = [];
  const names = (await orMissing(readdir(directory))) ?? [];
  const firsts = names.flatMap((name) => /^(\d{16,})\.log$/.exec(name)?.[1] ?? []).map(Number);
  for (const first of firsts.toSorted((a, b) => a - b)) {
    const size = await orMissing(stat(pathOf(first)));
    if (size?.isFile() !== true) continue;
    const before = list.at(-1);
    // A file that reaches into the next one: the next one is the newer.
    if (before !== undefined) before.length = Math.min(before.length, first - before.first);
    list.push({ first, length: size.size, sidecarLength: 0 });
  }
  for (const segment of list) {
    const { entries, usedBytes } = await decoded(segment);
    segment.sidecarLength = usedBytes;
    for (const entry of entries) if (entry.offset >= (found.at(-1)?.offset ?? 0)) found.push(entry);
  }

  async function openFiles(segment: Segment): Promise<OpenSegment> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const flags = constants.O_RDWR | constants.O_CREAT;
    const output = await open(pathOf(segment.first), flags, 0o600);
    let sidecar: FileHandle | undefined;
    try {
      sidecar = await open(sidecarOf(segment.first), flags, 0o600);
      await sidecar.truncate(segment.sidecarLength);
      // Somebody may have cut or removed the file meanwhile, or another of its name is there.
      segment.length = Math.min(segment.length, (await output.stat()).size);
      await output.truncate(segment.length);
    } catch (error) {
      await output.close();
      await sidecar?.close();
      throw error;
    }
    const entriesFile = sidecar;
    return {
      segment,
      output,
      sidecar,
      async close() {
        await output.close();
        await entriesFile.close();
      },
    };
  }

  async function drop(segment: Segment): Promise<void> {
    await rm(sidecarOf(segment.first), { force: true });
    await rm(pathOf(segment.first), { force: true });
    const at = list.indexOf(segment);
    if (at >= 0) list.splice(at, 1);
  }

  const segments: Segments = {
    last: () => list.at(-1),
    oldest: () => list[0],
    start: () => list[0]?.first,
    bytes: () => list.reduce((sum, { length, sidecarLength }) => sum + length + sidecarLength, 0),
    covering: (offset) => list.find((segment) => segment.length > 0 && endOf(segment) > offset),
    async read(segment, offset, maxBytes) {
      const wanted = Math.min(maxBytes, endOf(segment) - offset);
      const file = await orMissing(open(pathOf(segment.first), 'r'));
      if (file === undefined) return new Uint8Array();
      try {
        const into = new Uint8Array(wanted);
        const { bytesRead } = await file.read(into, 0, wanted, offset - segment.first);
        return into.subarray(0, bytesRead);
      } catch (error) {
        throw storage('read', error);
      } finally {
        await file.close();
      }
    },
    entries: (segment) =>
      decoded(segment).then(
        ({ entries }) => entries,
        () => [],
      ),
    async openLast() {
      const last = list.at(-1);
      return last === undefined ? segments.openNew(0) : openFiles(last);
    },
    async openNew(first) {
      const opened = await openFiles({ first, length: 0, sidecarLength: 0 });
      list.push(opened.segment);
      return opened;
    },
    drop,
  };
  return { segments, entries: found };
}
