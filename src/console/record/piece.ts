import type { Clock } from '../../base/clock.ts';
import type { Mark, SerialRecord } from '../serial/types.ts';
import type { MarkBook } from './marks.ts';
import type { Ring } from './ring.ts';
import type { Segments } from './segments.ts';
import type { RecordWriter } from './writer.ts';

/** Where a record has its output: the newest in the ring, the rest in segments. */
export interface RecordParts {
  readonly segments: Segments;
  readonly ring: Ring;
  readonly marks: MarkBook;
  readonly clock: Clock;
  readonly start: () => number;
  readonly writer: Pick<RecordWriter, 'underway'>;
}

/** A piece as SerialRecord `read` gives it: from disk where the ring has it no more, with a gap where neither has. */
export async function readPiece(
  { segments, ring, marks, clock, start, writer }: RecordParts,
  from: number,
  marksAfter: number,
  maxBytes: number,
): ReturnType<SerialRecord['read']> {
  const end = ring.end();
  let offset = Math.min(Math.max(from, start()), end);
  let bytes: Uint8Array = new Uint8Array();
  while (bytes.length === 0 && offset < ring.start()) {
    const segment = segments.covering(offset);
    // What only the ring has, or nobody.
    if (segment === undefined || segment.first >= ring.start()) break;
    offset = Math.max(offset, segment.first);
    const behind = segment.first + segment.length;
    bytes = await segments.read(segment, offset, maxBytes);
    // Its file was taken away: on with the next one.
    if (bytes.length === 0) offset = behind;
  }
  if (bytes.length === 0) {
    const underway = offset < ring.start() ? writer.underway() : undefined;
    const at = Math.max(offset, underway?.offset ?? 0);
    bytes = underway?.bytes.slice(at - underway.offset, at - underway.offset + maxBytes) ?? bytes;
    offset = bytes.length > 0 ? at : Math.max(offset, ring.start());
    if (bytes.length === 0) bytes = ring.slice(offset, offset + maxBytes);
  }
  const found = marks.between(Math.min(from, offset), offset + bytes.length, marksAfter);
  const placed = found.marks.map((mark) => (mark.offset < offset ? { ...mark, offset } : mark));
  const gap: readonly Mark[] =
    offset === from
      ? []
      : [{ offset, at: clock.now(), kind: 'gap', text: gapText(from, offset, from < start()) }];
  return { offset, bytes, marks: [...gap, ...placed], marksSeen: found.seen };
}

function gapText(from: number, offset: number, isOld: boolean): string {
  if (offset < from) return 'the record ends before this place since the server was stopped; it goes on here';
  return isOld
    ? 'older output is not kept any more'
    : `${offset - from} bytes are missing here: the disk could not take them`;
}
