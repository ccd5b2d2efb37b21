import { expect } from 'vitest';
import type { SolEvent, SolReader } from '../../../src/ipmi/sol/types.ts';

/** A reader that keeps everything. */
export interface Watcher extends SolReader {
  readonly events: SolEvent[];
  readonly drops: string[];
  /** All output so far, a character a byte. */
  text(): string;
  /** Kinds of the events besides output; gaps with their reason. */
  kinds(): readonly string[];
  sees(wanted: string): Promise<void>;
  hears(kind: SolEvent['kind']): Promise<void>;
}

const patience = { timeout: 15_000, interval: 10 };

/** For real time: waits poll. */
export function watcher(): Watcher {
  const events: SolEvent[] = [];
  const drops: string[] = [];
  let all = '';
  const kinds = (): readonly string[] =>
    events
      .filter(({ kind }) => kind !== 'output')
      .map((event) => (event.kind === 'gap' ? `gap ${event.reason}` : event.kind));
  return {
    events,
    drops,
    receive(event) {
      events.push(event);
      if (event.kind === 'output') all += Buffer.from(event.data).toString('latin1');
    },
    dropped: (reason) => void drops.push(reason),
    text: () => all,
    kinds,
    async sees(wanted) {
      await expect.poll(() => all, patience).toContain(wanted);
    },
    async hears(kind) {
      await expect.poll(() => events.map((event) => event.kind), patience).toContain(kind);
    },
  };
}
