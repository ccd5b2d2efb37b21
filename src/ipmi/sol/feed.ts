import { createReaderQueue, type ReaderQueue } from './reader-queue.ts';
import { createScrollback } from './scrollback.ts';
import type { SolEvent, SolGapReason, SolStream } from './types.ts';

/** An event before its place in the stream is known. */
export type SolNews = SolEvent extends infer Event
  ? Event extends SolEvent
    ? Omit<Event, 'offset'>
    : never
  : never;

/** One source, many readers. */
export interface Feed extends Pick<SolStream, 'subscribe' | 'kept'> {
  readonly publish: (news: SolNews) => void;
}

interface Gap {
  readonly kind: 'gap';
  readonly offset: number;
  readonly reason: SolGapReason;
}

/** Gaps that are remembered for readers to come; a BMC that makes more of them loses the oldest. */
const rememberedGaps = 256;

/** Hands all news to all readers; keeps output, and the places where some is missing, for those who come later. */
export function createFeed(scrollbackBytes: number, backlogBytes: number): Feed {
  const scrollback = createScrollback(scrollbackBytes);
  const queues = new Set<ReaderQueue>();
  let gaps: readonly Gap[] = [];
  let ended: SolEvent | undefined;

  function replay(from: number): readonly SolEvent[] {
    const [start, end] = [scrollback.start(), scrollback.end()];
    const first = Math.max(from, start);
    const events: SolEvent[] = [];
    if (from < start) events.push({ kind: 'gap', offset: start, reason: 'scrolled-out' });
    let at = first;
    const output = (to: number): void => {
      if (to > at) events.push({ kind: 'output', offset: at, data: scrollback.slice(at, to) });
      at = Math.max(at, to);
    };
    for (const gap of gaps) {
      if (gap.offset < first) continue;
      output(gap.offset);
      events.push(gap);
    }
    output(end);
    return events;
  }

  return {
    kept: () => ({ start: scrollback.start(), end: scrollback.end() }),
    publish(news) {
      if (ended) return;
      const event: SolEvent = { offset: scrollback.end(), ...news };
      if (event.kind === 'output') {
        scrollback.append(event.data);
        gaps = gaps.filter(({ offset }) => offset >= scrollback.start());
      } else if (event.kind === 'gap') {
        gaps = [...gaps, event].slice(-rememberedGaps);
      } else if (event.kind === 'ended') {
        ended = event;
      }
      // A copy: a reader that subscribes while it is told this has it already.
      for (const queue of Array.from(queues)) queue.push([event]);
    },
    subscribe(reader, from) {
      const queue: ReaderQueue = createReaderQueue(reader, backlogBytes, () => void queues.delete(queue));
      queues.add(queue);
      const kept = from === undefined ? [] : replay(from);
      queue.push(ended ? [...kept, ended] : kept, true);
      return () => {
        queue.stop();
        queues.delete(queue);
      };
    },
  };
}
