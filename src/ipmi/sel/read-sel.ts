import { ByteReader, WireError } from '../../base/bytes.ts';
import { getSelEntry, selId } from '../commands/storage/get-sel-entry.ts';
import { getSelInfo, type GetSelInfoReply } from '../commands/storage/get-sel-info.ts';
import type { Execute } from '../execute.ts';
import { completion, completionCodeOf } from '../sdr/read-pieces.ts';
import { describeSelEntry, type KnownSensors, type SelEntry } from './entry.ts';
import { selRecordBytes } from './record.ts';

/** What to read of the log. */
export interface ReadSelOptions {
  /** Only entries after the one with this record id; all when the log does not have it any more. */
  readonly since?: number;
  /** At most so many, the newest. Default 512. */
  readonly limit?: number;
  /** Sensor records that give entries names and values. */
  readonly sensors?: KnownSensors;
}

/** Entries from old to new. */
export interface SelReading {
  readonly info: GetSelInfoReply;
  readonly entries: readonly SelEntry[];
  /** Older entries were left out because of the limit. */
  readonly olderLeftOut: boolean;
  /** What could not be read, in words. */
  readonly problems: readonly string[];
}

const defaultLimit = 512;
/** Entries that may come while the log is read. */
const slack = 64;

/**
 * Reads the newest entries of the system event log in words. Whole records need no reservation, so other programs do not disturb it. The
 * number of reads is bounded by the number of entries that the BMC tells. Rejects with IpmiError. IPMI 2.0 §31.5
 */
export async function readSel(execute: Execute, options: ReadSelOptions = {}): Promise<SelReading> {
  const { since, sensors = [] } = options;
  const limit = Math.max(0, options.limit ?? defaultLimit);
  const info = await execute(getSelInfo, undefined);
  const none = { info, entries: [], olderLeftOut: false, problems: [] };
  if (info.entries === 0 || limit === 0) return { ...none, olderLeftOut: info.entries > 0 };

  const begin = await startOf(execute, info.entries, since, limit);
  const problems: string[] = [];
  const entries: SelEntry[] = [];
  const seen = new Set<number>();
  let olderLeftOut = begin.olderLeftOut;
  for (let id = begin.id, steps = info.entries + slack; id !== selId.last; steps--) {
    if (seen.has(id) || steps === 0) {
      problems.push(`the event log does not end (at entry ${id})`);
      break;
    }
    seen.add(id);
    const found = await readEntry(execute, id);
    if (found === undefined) {
      problems.push(`event log entry ${id} is gone; the log changed while it was read`);
      break;
    }
    try {
      entries.push(describeSelEntry(found.data, sensors));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      problems.push(`event log entry ${id} is malformed (${error.message})`);
    }
    if (entries.length > limit) {
      entries.shift();
      olderLeftOut = true;
    }
    id = found.nextId;
  }
  return { info, entries, olderLeftOut, problems };
}

/** Undefined: no such entry. */
async function readEntry(execute: Execute, recordId: number) {
  try {
    const whole = 0xff;
    return await execute(getSelEntry, { reservation: 0, recordId, offset: 0, count: whole });
  } catch (error) {
    if (completionCodeOf(error) === completion.notPresent) return undefined;
    throw error;
  }
}

/** Record id of a whole entry's bytes. */
const idOf = (data: Uint8Array): number | undefined =>
  data.length < selRecordBytes ? undefined : new ByteReader(data).u16le('sel.recordId');

/**
 * Where to begin: after `since` if it is there; else at the first of the newest entries. Entries can be read forward only, but most boards
 * count record ids up by one, so that the wished one is known without reading all before it.
 */
async function startOf(
  execute: Execute,
  count: number,
  since: number | undefined,
  limit: number,
): Promise<{ readonly id: number; readonly olderLeftOut: boolean }> {
  if (since !== undefined && since !== selId.first && since !== selId.last) {
    const known = await readEntry(execute, since);
    if (known !== undefined && idOf(known.data) === since) return { id: known.nextId, olderLeftOut: false };
  }
  if (count <= limit) return { id: selId.first, olderLeftOut: false };
  const first = idOf((await readEntry(execute, selId.first))?.data ?? new Uint8Array());
  const last = idOf((await readEntry(execute, selId.last))?.data ?? new Uint8Array());
  if (first === undefined || last === undefined || last - first + 1 !== count)
    return { id: selId.first, olderLeftOut: false };
  const wished = last - limit + 1;
  const there = await readEntry(execute, wished);
  return there !== undefined && idOf(there.data) === wished
    ? { id: wished, olderLeftOut: true }
    : { id: selId.first, olderLeftOut: false };
}
