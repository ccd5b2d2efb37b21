import type { SolEvent, SolReader } from './types.ts';

/** One reader with what it has not read yet. */
export interface ReaderQueue {
  /** Adds events; `free` ones do not count as unread, as they are kept anyway. */
  readonly push: (events: readonly SolEvent[], free?: boolean) => void;
  /** Nothing is delivered any more. */
  readonly stop: () => void;
}

/** What an event costs besides its bytes, so that a flood of empty ones ends too. */
const eventBytes = 64;

interface Unread {
  readonly event: SolEvent;
  readonly cost: number;
}

/** Delivers events one after the other; over `limit` unread bytes the reader is dropped, and `onDrop` is called. */
export function createReaderQueue(reader: SolReader, limit: number, onDrop: () => void): ReaderQueue {
  let unread: Unread[] = [];
  let cost = 0;
  let busy = false;
  let stopped = false;

  function drop(reason: 'too-slow' | 'failed'): void {
    if (stopped) return;
    stopped = true;
    unread = [];
    onDrop();
    reader.dropped(reason);
  }

  /** Without an `await` for readers that return at once: they are told before `push` returns. */
  function deliver(): void {
    while (!stopped && !busy) {
      const next = unread.shift();
      if (next === undefined) return;
      cost -= next.cost;
      try {
        const reading = reader.receive(next.event);
        if (reading === undefined) continue;
        busy = true;
        reading.then(
          () => {
            busy = false;
            deliver();
          },
          () => drop('failed'),
        );
      } catch {
        drop('failed');
      }
    }
  }

  return {
    push(events, free = false) {
      if (stopped) return;
      for (const event of events) {
        const bytes = eventBytes + (event.kind === 'output' ? event.data.length : 0);
        unread.push({ event, cost: free ? 0 : bytes });
        cost += free ? 0 : bytes;
      }
      deliver();
      if (cost > limit) drop('too-slow');
    },
    stop() {
      stopped = true;
      unread = [];
    },
  };
}
