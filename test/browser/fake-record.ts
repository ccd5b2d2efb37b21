import type { ServerMessage } from '../../src/console/protocol.ts';

export type Mark = Extract<ServerMessage, { readonly type: 'mark' }>;
/** What one watcher gets. */
export type Deliver = (news: Uint8Array | Mark) => void;

/** A record in memory, that watchers read from any offset on, as the server's one. */
export interface FakeRecord {
  readonly kept: { start: number; end: number; runStart?: number };
  print(text: string | Uint8Array): void;
  mark(kind: Mark['kind'], text?: string): void;
  /** Sends everything from an offset on, and what comes; a second call with the same watcher begins anew. */
  watch(deliver: Deliver, from: number | undefined): void;
  leave(deliver: Deliver): void;
  readonly text: () => string;
}

const frame = (offset: number, bytes: Uint8Array): Uint8Array => {
  const out = Buffer.alloc(8 + bytes.length);
  out.writeBigUInt64BE(BigInt(offset));
  out.set(bytes, 8);
  return out;
};

/** `pieceBytes`: frames of this size at most, so that one screen comes in many. */
export function createFakeRecord(pieceBytes = 700): FakeRecord {
  let all = Buffer.alloc(0);
  const marks: Mark[] = [];
  const watchers = new Set<Deliver>();
  const kept: FakeRecord['kept'] = { start: 0, end: 0 };
  return {
    kept,
    print(text) {
      const bytes = Buffer.from(text);
      for (const deliver of watchers) deliver(frame(all.length, bytes));
      all = Buffer.concat([all, bytes]);
      kept.end = all.length;
    },
    mark(kind, text) {
      const mark: Mark = {
        type: 'mark',
        offset: all.length,
        at: Date.now(),
        kind,
        ...(text === undefined ? {} : { text }),
      };
      marks.push(mark);
      for (const deliver of watchers) deliver(mark);
    },
    watch(deliver, from) {
      watchers.add(deliver);
      let at = Math.max(from ?? kept.runStart ?? 0, kept.start);
      for (const mark of [...marks.filter(({ offset }) => offset >= at), undefined]) {
        const end = mark?.offset ?? all.length;
        for (; at < end; at = Math.min(end, at + pieceBytes)) {
          deliver(frame(at, all.subarray(at, Math.min(end, at + pieceBytes))));
        }
        if (mark !== undefined) deliver(mark);
      }
    },
    leave: (deliver) => void watchers.delete(deliver),
    text: () => all.toString(),
  };
}
