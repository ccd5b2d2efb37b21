import type { SerialRecord } from '../serial/types.ts';
import { linesOf } from './lines.ts';
import { readAll } from './read-all.ts';

/** Bytes at the end of the record that are looked at. */
const maxTailBytes = 64 * 1024;

/**
 * The last lines of a record as text, without escape sequences, control characters and lines that were printed over; '' where
 * nothing was printed. Rejects with ConsoleError `storage`.
 */
export async function tailText(
  record: Pick<SerialRecord, 'kept' | 'read'>,
  maxLines: number,
): Promise<string> {
  const { start, end } = record.kept();
  const from = Math.max(start, end - maxTailBytes);
  const pieces: Uint8Array[] = [];
  for await (const bytes of readAll(record, from)) pieces.push(bytes);
  const lines = linesOf(Buffer.concat(pieces), from);
  const whole = from > start ? lines.slice(1) : lines;
  const texts = whole.filter(({ isOverwritten }) => !isOverwritten).map(({ text }) => text.trimEnd());
  const last = texts.findLastIndex((text) => text !== '');
  const kept = texts.slice(Math.max(0, last + 1 - maxLines), last + 1);
  return kept
    .slice(
      Math.max(
        0,
        kept.findIndex((text) => text !== ''),
      ),
    )
    .join('\n');
}
