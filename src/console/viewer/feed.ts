import { ByteWriter } from '../../base/bytes.ts';
import type { Mark, SerialRecord } from '../serial/types.ts';
import type { ServerMessage } from '../protocol.ts';

/** Bytes of output in one frame. */
const maxPiece = 32 * 1024;
/** Without a place to begin at: the newest run when it is short enough, else so much of the end. */
const longestRun = 4 * 1024 * 1024;
const lastBytes = 256 * 1024;

/** The serial output for one viewer, from a place on and as far as the record goes. */
export interface Feed {
  /** Begins, or begins anew at another place. */
  watch(from: number | undefined): void;
  isWatching(): boolean;
  /** The next frame in order: output behind its offset, or a mark. Undefined when there is nothing new. */
  next(): Promise<Uint8Array | Extract<ServerMessage, { type: 'mark' }> | undefined>;
}

/** Where a viewer begins that names no place, or one that is not there. */
export function startOffset(kept: ReturnType<SerialRecord['kept']>, from: number | undefined): number {
  const { start, end, runStart } = kept;
  if (from !== undefined) return Math.min(from, end);
  const isShort = runStart !== undefined && runStart >= start && end - runStart < longestRun;
  return isShort ? runStart : Math.max(start, end - lastBytes);
}

/** Output as it goes over the wire: 8 bytes with the offset of the first, big-endian, and the bytes. */
export function outputFrame(offset: number, bytes: Uint8Array): Uint8Array {
  const high = Math.floor(offset / 2 ** 32);
  return new ByteWriter(8 + bytes.length).u32be(high).u32be(offset).bytes(bytes).done();
}

const markMessage = ({ offset, at, kind, text }: Mark): Extract<ServerMessage, { type: 'mark' }> => ({
  type: 'mark',
  offset,
  at,
  kind,
  ...(text === undefined ? {} : { text }),
});

type Part = Uint8Array | Extract<ServerMessage, { type: 'mark' }>;

/** A piece cut where marks are: what was printed before a mark goes before it. */
export function partsOf(piece: {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly marks: readonly Mark[];
}): readonly Part[] {
  const parts: Part[] = [];
  let at = piece.offset;
  const upTo = (offset: number): void => {
    const end = Math.min(offset, piece.offset + piece.bytes.length);
    if (end <= at) return;
    parts.push(outputFrame(at, piece.bytes.subarray(at - piece.offset, end - piece.offset)));
    at = end;
  };
  for (const mark of piece.marks) {
    upTo(mark.offset);
    parts.push(markMessage(mark));
  }
  upTo(Number.MAX_SAFE_INTEGER);
  return parts;
}

export function createFeed(record: SerialRecord): Feed {
  let place: { offset: number; marksSeen: number } | undefined;
  let ready: Part[] = [];

  return {
    watch(from) {
      place = { offset: startOffset(record.kept(), from), marksSeen: 0 };
      ready = [];
    },
    isWatching: () => place !== undefined,
    async next() {
      const waiting = ready.shift();
      if (waiting !== undefined || place === undefined) return waiting;
      const asked = place;
      const piece = await record.read(asked.offset, asked.marksSeen, maxPiece);
      // Meanwhile it may have been told to begin elsewhere.
      if (place !== asked) return this.next();
      place = { offset: piece.offset + piece.bytes.length, marksSeen: piece.marksSeen };
      ready = [...partsOf(piece)];
      return ready.shift();
    },
  };
}
