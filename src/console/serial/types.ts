import type { Broken, SearchHit, SerialState, Viewer } from '../protocol.ts';

/** Something that happened at a place of the record. */
export interface Mark {
  readonly offset: number;
  readonly at: number;
  readonly kind: 'gap' | 'detached' | 'left' | 'attached' | 'break' | 'run-begin' | 'run-end';
  readonly text?: string;
}

/** A piece of the record: `bytes` from `offset` on, and the marks at or before their end that were not read yet, in order. */
export interface Piece {
  /** Where it begins: later than asked for when older output is gone. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly marks: readonly Mark[];
}

/**
 * Everything that a machine printed, on disk, with a cap; the oldest goes first. Offsets count bytes since the first record of the
 * machine and go on after a restart. Bytes are kept in memory for readers that keep up.
 */
export interface SerialRecord {
  kept(): {
    readonly start: number;
    readonly end: number;
    readonly runStart: number | undefined;
    /** The newest place where output may be missing since the server died. */
    readonly broken?: Broken | undefined;
  };
  append(bytes: Uint8Array): void;
  mark(kind: Mark['kind'], text?: string): void;
  /** At most `maxBytes` from an offset on, and the marks of that stretch; nothing new: empty bytes at the end. Rejects with ConsoleError `storage`. */
  read(from: number, marksAfter: number, maxBytes: number): Promise<Piece & { readonly marksSeen: number }>;
  /** Lines that have the text, newest first, at most `limit`; looks at most at `maxBytes` before `before`. */
  search(
    text: string,
    before: number | undefined,
    limit: number,
  ): Promise<{
    readonly hits: readonly SearchHit[];
    readonly more: boolean;
    /** With `more`: the `before` of the next call; a call may end without a hit. */
    readonly next?: number;
  }>;
  /** Calls back soon after anything was appended or marked; the answer stops it. */
  onNews(listener: () => void): () => void;
  /** Flushes and closes; may be called twice. Removing the machine removes its record: `remove`. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

/** Who types: one at a time. */
export interface Floor {
  writer(): Viewer | undefined;
  /** Who waits for the writer's answer, and until when (ms since the epoch). */
  asked?(): { readonly by: Viewer; readonly until: number } | undefined;
  /** Gets it at once when nobody has it; else the writer is asked, and loses it after a time without an answer. */
  ask(viewer: Viewer): void;
  /** Only from the writer; without `to` nobody has it then. */
  handOver(from: string, to: string | undefined): void;
  keep(from: string): void;
  /** The viewer is gone: it neither asks nor writes any more. */
  leave(viewerId: string): void;
}

/** One machine's serial console: one line to the machine, many viewers. */
export interface SerialHub {
  readonly record: SerialRecord;
  readonly floor: Floor;
  state(): SerialState;
  /** Keeps the line open (opens it if need be) until the answer is called, and a little longer. */
  hold(): () => void;
  /** Ends somebody else's console at the BMC and opens ours. Rejects with ConsoleError. */
  takeOver(): Promise<void>;
  /** Types for the writer at the line's pace; rejects with ConsoleError `refused` for others and when too much waits. */
  type(viewerId: string, bytes: Uint8Array): Promise<void>;
  sendBreak(viewerId: string): Promise<void>;
  /** Bytes typed and not yet taken. */
  waiting(): number;
  /** Calls back after a change of state, writer or waiting bytes; the answer stops it. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}
