import type { SerialRecord } from '../serial/types.ts';

const pieceBytes = 64 * 1024;

/**
 * The bytes of a record from an offset on (default: the first one kept) up to its end at the time of the call, in pieces; what is
 * not kept is left out. Reads as fast as it is asked. Rejects with ConsoleError `storage`.
 */
export async function* readAll(
  record: Pick<SerialRecord, 'kept' | 'read'>,
  from?: number,
): AsyncIterable<Uint8Array> {
  const { start, end } = record.kept();
  for (let at = Math.max(start, from ?? start); at < end; ) {
    const { offset, bytes } = await record.read(at, 0, Math.min(pieceBytes, end - at));
    const inside = bytes.subarray(0, Math.max(0, end - offset));
    if (inside.length === 0) return;
    yield inside;
    at = offset + bytes.length;
  }
}
