import type { Mark } from '../serial/types.ts';

/** A line beside a segment: a mark, the time of the output that begins at an offset, or the end of a record that was closed in order. */
export type Entry = Mark | { readonly offset: number; readonly at: number; readonly kind: 'time' | 'closed' };

const markKinds: ReadonlySet<string> = new Set([
  'gap',
  'detached',
  'left',
  'attached',
  'break',
  'run-begin',
  'run-end',
]);

export function isMark(entry: Entry): entry is Mark {
  return entry.kind !== 'time' && entry.kind !== 'closed';
}

/** One JSON line with `o` offset, `t` ms since the epoch, `k` kind (none for a time) and `x` text. */
export function encodeEntry(entry: Entry): string {
  const line = {
    o: entry.offset,
    t: entry.at,
    ...(entry.kind === 'time' ? {} : { k: entry.kind }),
    ...('text' in entry ? { x: entry.text } : {}),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Entries of a sidecar file, and how many of its bytes are to be kept when it is written on. */
export interface DecodedEntries {
  readonly entries: readonly Entry[];
  readonly usedBytes: number;
}

/**
 * Reads whole lines up to the first that lies behind `end`: the crash that cut the output short left it. A torn last line is not
 * used, a line that nobody can read is passed over.
 */
export function decodeEntries(bytes: Uint8Array, end: number): DecodedEntries {
  const entries: Entry[] = [];
  let usedBytes = 0;
  for (;;) {
    const newline = bytes.indexOf(0x0a, usedBytes);
    if (newline < 0) break;
    const entry = decodeLine(new TextDecoder().decode(bytes.subarray(usedBytes, newline)));
    if (entry !== undefined && entry.offset > end) break;
    if (entry !== undefined) entries.push(entry);
    usedBytes = newline + 1;
  }
  return { entries, usedBytes };
}

function decodeLine(line: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { o, t, k, x } = value as { o?: unknown; t?: unknown; k?: unknown; x?: unknown };
  if (!isCount(o) || !isCount(t)) return undefined;
  if (k === undefined) return { offset: o, at: t, kind: 'time' };
  if (k === 'closed') return { offset: o, at: t, kind: k };
  if (typeof k !== 'string' || !markKinds.has(k)) return undefined;
  const kind = k as Mark['kind'];
  return { offset: o, at: t, kind, ...(typeof x === 'string' ? { text: x } : {}) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
