import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFeed } from '../../../src/ipmi/sol/feed.ts';
import { createScrollback } from '../../../src/ipmi/sol/scrollback.ts';
import type { SolEvent, SolReader } from '../../../src/ipmi/sol/types.ts';
import { cases } from '../../support/cases.ts';
import { watcher } from './watcher.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('a scroll-back keeps the last bytes at their offsets', () => {
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 }),
      fc.nat(300),
      fc.nat(300),
      (size, parts, from, to) => {
        const scrollback = createScrollback(size);
        const all: number[] = [];
        for (const part of parts) {
          scrollback.append(part);
          all.push(...part);
          expect(scrollback.end()).toBe(all.length);
          expect(scrollback.start()).toBe(Math.max(0, all.length - size));
          const wanted = all.slice(Math.max(from, scrollback.start()), to);
          expect(scrollback.slice(from, to)).toEqual(Uint8Array.from(wanted));
        }
      },
    ),
    { numRuns: cases(5000) },
  );
});

describe('a feed', () => {
  it('gives every reader all output from its subscription on', () => {
    const feed = createFeed(100, 1000);
    const [first, second] = [watcher(), watcher()];
    feed.subscribe(first);
    feed.publish({ kind: 'output', data: bytes('one ') });
    const leave = feed.subscribe(second);
    feed.publish({ kind: 'output', data: bytes('two ') });
    leave();
    feed.publish({ kind: 'output', data: bytes('three') });
    expect(first.text()).toBe('one two three');
    expect(second.text()).toBe('two ');
    expect(first.events.map(({ offset }) => offset)).toEqual([0, 4, 8]);
    expect(feed.kept()).toEqual({ start: 0, end: 13 });
  });

  it('resumes a reader from its offset, with the gaps on the way, and says what has scrolled out', () => {
    const feed = createFeed(6, 1000);
    feed.publish({ kind: 'output', data: bytes('abcd') });
    feed.publish({ kind: 'gap', reason: 'reattached' });
    feed.publish({ kind: 'output', data: bytes('ef') });
    const output = (offset: number, text: string) => ({ kind: 'output', offset, data: bytes(text) });
    const gap = { kind: 'gap', offset: 4, reason: 'reattached' };
    const from = (offset: number): readonly SolEvent[] => {
      const reader = watcher();
      feed.subscribe(reader, offset);
      return reader.events;
    };
    expect(from(2)).toEqual([output(2, 'cd'), gap, output(4, 'ef')]);
    expect(from(4)).toEqual([gap, output(4, 'ef')]);
    expect(from(5)).toEqual([output(5, 'f')]);
    expect(from(600)).toEqual([]);
    feed.publish({ kind: 'output', data: bytes('ghi') });
    expect(from(0)).toEqual([
      { kind: 'gap', offset: 3, reason: 'scrolled-out' },
      output(3, 'd'),
      gap,
      output(4, 'efghi'),
    ]);
    feed.publish({ kind: 'output', data: bytes('jklmno') });
    expect(from(9)).toEqual([output(9, 'jklmno')]);
  });

  it('remembers no more gaps than it has room for', () => {
    const feed = createFeed(10, 1000);
    for (let i = 0; i < 1000; i++) feed.publish({ kind: 'gap', reason: 'overrun' });
    const reader = watcher();
    feed.subscribe(reader, 0);
    expect(reader.events.length).toBe(256);
  });

  it('tells the end also to those who come later, once', () => {
    const feed = createFeed(10, 1000);
    feed.publish({ kind: 'output', data: bytes('bye') });
    feed.publish({ kind: 'ended', error: undefined });
    feed.publish({ kind: 'output', data: bytes('ghost') });
    feed.publish({ kind: 'ended', error: undefined });
    const reader = watcher();
    feed.subscribe(reader, 0);
    expect([reader.text(), reader.kinds()]).toEqual(['bye', ['ended']]);
  });

  it('gives an event once to a reader that subscribes while it is told', () => {
    const feed = createFeed(10, 1000);
    const inner = watcher();
    let subscribed = false;
    feed.subscribe({
      receive() {
        if (!subscribed) feed.subscribe(inner, 0);
        subscribed = true;
      },
      dropped() {},
    });
    feed.publish({ kind: 'output', data: bytes('x') });
    feed.publish({ kind: 'output', data: bytes('y') });
    expect(inner.text()).toBe('xy');
  });
});

describe('a reader', () => {
  /** Reads one event each time it is let. */
  function slowReader() {
    const drops: string[] = [];
    const seen: string[] = [];
    let go = (): void => {};
    const reader: SolReader = {
      receive(event) {
        seen.push(event.kind === 'output' ? new TextDecoder().decode(event.data) : event.kind);
        return new Promise((resolve) => {
          go = resolve;
        });
      },
      dropped: (reason) => void drops.push(reason),
    };
    const read = async (): Promise<void> => {
      go();
      await Promise.resolve();
      await Promise.resolve();
    };
    return { reader, seen, drops, read };
  }

  it('gets one event after the other', async () => {
    const feed = createFeed(100, 1000);
    const { reader, seen, drops, read } = slowReader();
    feed.subscribe(reader);
    for (const text of ['a', 'b', 'c']) feed.publish({ kind: 'output', data: bytes(text) });
    expect(seen).toEqual(['a']);
    await read();
    expect(seen).toEqual(['a', 'b']);
    await read();
    expect([seen, drops]).toEqual([['a', 'b', 'c'], []]);
  });

  it.each([
    ['output', { kind: 'output', data: new Uint8Array(100) }, 7],
    ['events without bytes', { kind: 'break' }, 16],
  ] as const)('that leaves too much unread is dropped with the reason, others stay: %s', (_, news, most) => {
    const feed = createFeed(100, 1000);
    const { reader, seen, drops } = slowReader();
    const quick = watcher();
    feed.subscribe(reader);
    feed.subscribe(quick);
    for (let i = 0; i < most; i++) feed.publish(news);
    expect(drops).toEqual([]);
    for (let i = 0; i < 50; i++) feed.publish(news);
    expect(drops).toEqual(['too-slow']);
    expect(seen.length).toBe(1);
    expect([quick.events.length, quick.drops]).toEqual([most + 50, []]);
  });

  it('that wants more of the scroll-back than it may leave unread is not dropped for it', () => {
    const feed = createFeed(5000, 1000);
    feed.publish({ kind: 'output', data: new Uint8Array(5000) });
    feed.publish({ kind: 'gap', reason: 'overrun' });
    const { reader, drops } = slowReader();
    feed.subscribe(reader, 0);
    feed.publish({ kind: 'output', data: new Uint8Array(100) });
    expect(drops).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('test');
      },
    ],
    ['rejects', () => Promise.reject(new Error('test'))],
  ])('that %s is dropped', async (_, receive) => {
    const feed = createFeed(100, 1000);
    const drops: string[] = [];
    feed.subscribe({ receive, dropped: (reason) => void drops.push(reason) });
    feed.publish({ kind: 'break' });
    feed.publish({ kind: 'break' });
    await Promise.resolve();
    await Promise.resolve();
    expect(drops).toEqual(['failed']);
  });
});
