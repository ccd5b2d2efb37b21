import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { openRecord, type OpenRecord, type RecordOptions } from '../../../src/console/record/record.ts';
import type { Mark } from '../../../src/console/serial/types.ts';

/** A directory that is gone after the test. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'console-record-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens a record; it is closed after the test. */
export async function scratchRecord(
  directory: string,
  options: Partial<RecordOptions> = {},
): Promise<OpenRecord> {
  const record = await openRecord({
    directory,
    clock: systemClock,
    log: silentLog,
    // Not what this machine has left.
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
    ...options,
  });
  onTestFinished(() => record.close());
  return record;
}

export function filesOf(directory: string, extension: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(extension))
    .toSorted()
    .map((name) => join(directory, name));
}

/** Waits until `isSo`; fails after long, so that nothing hangs. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const since = Date.now(); Date.now() - since < 15_000; ) {
    if (await isSo()) return;
    await turn();
  }
  throw new Error(`did not come: ${what}`);
}

/** Offset behind the last byte that is on disk. */
export function endOnDisk(directory: string): number {
  try {
    const last = filesOf(directory, '.log').at(-1);
    return last === undefined ? 0 : Number(/(\d+)\.log$/.exec(last)?.[1]) + statSync(last).size;
  } catch {
    return -1;
  }
}

/** What a machine prints at an offset, so that a byte in a wrong place is seen. */
export function printed(offset: number, length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++)
    bytes[index] = Math.imul(offset + index + seed * 7919, 2_654_435_761) >>> 13;
  return bytes;
}

export interface ReadBack {
  readonly pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly marks: readonly Mark[];
  /** Where output was left out, and whether a mark said so. */
  readonly jumps: readonly { readonly from: number; readonly to: number; readonly told: boolean }[];
  readonly end: number;
}

/** Reads as a viewer does, to the end. */
export async function readToEnd(record: OpenRecord, from: number, maxBytes = 50): Promise<ReadBack> {
  const pieces: { offset: number; bytes: Uint8Array }[] = [];
  const marks: Mark[] = [];
  const jumps: { from: number; to: number; told: boolean }[] = [];
  let at = from;
  let seen = 0;
  for (;;) {
    const piece = await record.read(at, seen, maxBytes);
    if (piece.offset !== at) {
      const told = piece.marks[0]?.kind === 'gap' && piece.marks[0].offset === piece.offset;
      jumps.push({ from: at, to: piece.offset, told });
    }
    marks.push(...piece.marks.slice(piece.offset === at ? 0 : 1));
    if (piece.bytes.length > 0) pieces.push(piece);
    at = piece.offset + piece.bytes.length;
    seen = piece.marksSeen;
    if (piece.bytes.length === 0) return { pieces, marks, jumps, end: at };
  }
}

/** The directory as a crash leaves it now, in a new place, with the last bytes of some files missing. */
export function crash(
  directory: string,
  cuts: { readonly output: number; readonly entries: number },
): string {
  const copy = scratchDirectory();
  cpSync(directory, copy, { recursive: true });
  const cut = (path: string | undefined, bytes: number): void => {
    if (path !== undefined) truncateSync(path, Math.max(0, statSync(path).size - bytes));
  };
  cut(filesOf(copy, '.log').at(-1), cuts.output);
  cut(filesOf(copy, '.jsonl').at(-1), cuts.entries);
  return copy;
}
