import * as fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { SearchHit } from '../../../src/console/protocol.ts';
import type { OpenRecord } from '../../../src/console/record/record.ts';
import { cases } from '../../support/cases.ts';
import { createVirtualClock } from '../serial/virtual-clock.ts';
import { endOnDisk, scratchDirectory, scratchRecord, until } from './scratch-record.ts';

/** All hits, as a viewer gets them who asks for more until there is no more. */
async function searchAll(record: OpenRecord, text: string, limit: number): Promise<readonly SearchHit[]> {
  const all: SearchHit[] = [];
  let before: number | undefined;
  for (let calls = 0; calls < 10_000; calls++) {
    const { hits, more, next } = await record.search(text, before, limit);
    all.push(...hits);
    expect(hits.length).toBeLessThanOrEqual(limit);
    if (!more) return all;
    expect(next).toBeLessThan(before ?? Infinity);
    before = next;
  }
  throw new Error('the search does not end');
}

it('finds lines whatever the case, newest first, with their offset and time', async () => {
  const clock = createVirtualClock(5_000_000);
  const directory = scratchDirectory();
  const record = await scratchRecord(directory, { clock });
  for (const line of ['Kernel Panic one\r\n', 'nothing\r\n', '\x1b[31mkernel \x1b[1mpanic\x1b[0m two\r\n']) {
    record.append(Buffer.from(line));
    await clock.advance(60_000);
  }
  const { hits, more } = await record.search('KERNEL panic', undefined, 10);
  expect(hits).toEqual([
    { offset: 27, at: 5_120_000, line: 'kernel panic two' },
    { offset: 0, at: 5_000_000, line: 'Kernel Panic one' },
  ]);
  expect(more).toBe(false);
  expect(await record.search('kernel panic', undefined, 1)).toEqual({
    hits: [hits[0]],
    more: true,
    next: 27,
  });
  expect(await record.search('kernel panic', 27, 1)).toEqual({ hits: [hits[1]], more: false });
  expect(await record.search('', undefined, 1)).toEqual({ hits: [], more: false });
  await record.close();
  const again = await scratchRecord(directory, { clock });
  expect((await again.search('kernel panic', undefined, 10)).hits).toEqual(hits);
});

it('cuts a long line around what was found', async () => {
  const record = await scratchRecord(scratchDirectory());
  record.append(Buffer.from(`${'x'.repeat(2000)}needle${'y'.repeat(2000)}\n`));
  const [hit] = (await record.search('needle', undefined, 10)).hits;
  expect(hit?.line.length).toBe(300);
  expect(hit?.line).toContain('xneedley');
});

it('looks at a bounded part in one call, and says where to go on', async () => {
  const record = await scratchRecord(scratchDirectory(), { tailBytes: 16 * 1024 * 1024 });
  record.append(Buffer.from('needle\n'));
  for (let times = 0; times < 90; times++) record.append(Buffer.alloc(100_000, 'filler line\n'));
  const first = await record.search('needle', undefined, 10);
  expect([first.hits, first.more]).toEqual([[], true]);
  expect(9_000_007 - (first.next ?? 0)).toBeLessThan(4_400_000);
  expect((await searchAll(record, 'needle', 10)).map(({ offset }) => offset)).toEqual([0]);
});

it('finds a line that lies across segments', async () => {
  const directory = scratchDirectory();
  const record = await scratchRecord(directory, { segmentBytes: 300, tailBytes: 64 });
  const text = Array.from({ length: 60 }, (_, index) => `message number ${index} of the machine\n`).join('');
  for (let at = 0; at < text.length; at += 50) {
    record.append(Buffer.from(text.slice(at, at + 50)));
    await until(() => endOnDisk(directory) === Math.min(at + 50, text.length), 'output on disk');
    await turn();
  }
  const hits = await searchAll(record, 'of the machine', 7);
  expect(hits.map(({ line }) => line)).toEqual(text.trimEnd().split('\n').toReversed());
});

it('property: every line that has the text is found once, in order, however it is asked for', async () => {
  const word = fc.constantFrom('a', 'needle', 'NeeDle', 'x'.repeat(700), '\x1b[1m', 'é', ' ');
  const line = fc.array(word, { maxLength: 12 }).map((words) => words.join(''));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (lines, limit) => {
        const record = await scratchRecord(scratchDirectory(), { tailBytes: 4 * 1024 * 1024 });
        let offset = 0;
        const expected: number[] = [];
        // Filler lines so that there are many windows.
        for (const text of lines) {
          const bytes = Buffer.from(`${text}\r\n${'filler\n'.repeat(100)}`);
          if (/needle/i.test(text.replaceAll('\x1b[1m', ''))) expected.push(offset);
          record.append(bytes);
          offset += bytes.length;
        }
        const isCut = lines.some((text) => text.length > 4000);
        const hits = (await searchAll(record, 'needle', limit)).map(({ offset }) => offset);
        if (!isCut) expect(hits).toEqual(expected.toReversed());
        else expect(hits).toEqual(hits.toSorted((a, b) => b - a));
        await record.close();
      },
    ),
    { numRuns: cases(100) },
  );
}, 60_000);
