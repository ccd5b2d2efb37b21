import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeEntries, encodeEntry, type Entry } from '../../../src/console/record/entries.ts';
import { createMarkBook } from '../../../src/console/record/marks.ts';
import { createRing } from '../../../src/console/record/ring.ts';
import { cases } from '../../support/cases.ts';
import { printed, scratchDirectory, scratchRecord } from './scratch-record.ts';

it('property: a ring has the last bytes, whatever the pieces, and never more', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
  fc.assert(
    fc.property(
      pieces,
      fc.integer({ min: 1, max: 50 }),
      fc.nat(100),
      fc.nat(300),
      (pieces, size, base, from) => {
        const ring = createRing(size, base);
        for (const piece of pieces) ring.append(piece);
        const all = Buffer.concat([Buffer.alloc(base), ...pieces]);
        expect(ring.end()).toBe(all.length);
        expect(ring.start()).toBe(Math.max(base, all.length - size));
        const first = Math.min(Math.max(from, ring.start()), ring.end());
        expect(Buffer.from(ring.slice(from, from + 7))).toEqual(
          all.subarray(first, Math.max(first, from + 7)),
        );
      },
    ),
    { numRuns: cases(10_000) },
  );
});

it('property: a ring that grows keeps what it has, and the last bytes from then on', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 15 });
  const size = fc.integer({ min: 1, max: 60 });
  fc.assert(
    fc.property(pieces, pieces, size, size, fc.nat(100), (before, after, small, large, base) => {
      const ring = createRing(small, base);
      for (const piece of before) ring.append(piece);
      const [start, end] = [ring.start(), ring.end()];
      ring.grow(large);
      expect([ring.start(), ring.end(), ring.capacity()]).toEqual([start, end, Math.max(small, large)]);
      for (const piece of after) ring.append(piece);
      const all = Buffer.concat([Buffer.alloc(base), ...before, ...after]);
      expect(ring.start()).toBe(Math.max(start, all.length - ring.capacity()));
      expect(Buffer.from(ring.slice(0, all.length))).toEqual(all.subarray(ring.start()));
    }),
    { numRuns: cases(10_000) },
  );
});

it('a record takes a quarter of its memory until somebody reads, and loses nothing then', async () => {
  const record = await scratchRecord(scratchDirectory());
  record.append(printed(0, 60_000));
  expect(record.memoryBytes()).toBeLessThanOrEqual(128 * 1024);
  const stop = record.onNews(() => {});
  stop();
  record.append(printed(60_000, 100_000));
  expect(record.memoryBytes()).toBeGreaterThanOrEqual(256 * 1024);
  const { bytes } = await record.read(0, 0, 200_000);
  expect(Buffer.from(bytes).equals(printed(0, 160_000))).toBe(true);
});

const at = fc.nat(1_000_000);
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ offset: fc.nat(1000), at, kind: fc.constantFrom('time' as const, 'closed' as const) }),
  fc.record(
    {
      offset: fc.nat(1000),
      at,
      kind: fc.constantFrom('gap' as const, 'run-begin' as const),
      text: fc.string(),
    },
    { requiredKeys: ['offset', 'at', 'kind'] },
  ),
);

it('property: entries come back up to where the file was cut, and no further than the output', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 10 }), fc.nat(400), fc.nat(1000), (entries, cut, end) => {
      const lines = entries.map(encodeEntry);
      const bytes = Buffer.from(lines.join(''));
      const left = bytes.subarray(0, Math.max(0, bytes.length - cut));
      const { entries: read, usedBytes } = decodeEntries(left, end);
      expect(read).toEqual(entries.slice(0, read.length));
      expect(read.every(({ offset }) => offset <= end)).toBe(true);
      expect(usedBytes).toBe(Buffer.byteLength(lines.slice(0, read.length).join('')));
      const next = entries[read.length];
      const isCut = usedBytes + Buffer.byteLength(lines[read.length] ?? '') > left.length;
      expect(next === undefined || next.offset > end || isCut).toBe(true);
    }),
    { numRuns: cases(5000) },
  );
});

it('property: any bytes are entries or nothing, never an error', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.json(), fc.string(), fc.constant('{"o":-1,"t":2}'))), (lines) => {
      const { entries } = decodeEntries(Buffer.from(lines.join('\n')), 100);
      for (const { offset, at } of entries) expect([offset >= 0, at >= 0]).toEqual([true, true]);
    }),
    { numRuns: cases(3000) },
  );
});

it('a book of marks stays bounded and keeps its numbers', () => {
  const book = createMarkBook();
  let seen = 0;
  let told = 0;
  for (let offset = 0; offset < 10_000; offset++) {
    book.add({ offset, at: 0, kind: 'break' });
    const found = book.between(0, offset, seen);
    told += found.marks.length;
    seen = found.seen;
  }
  expect(told).toBe(10_000);
  expect(book.size()).toBeLessThanOrEqual(2560);
  book.add({ offset: 10_000, at: 0, kind: 'run-begin' });
  book.forgetBefore(10_000);
  expect([book.size(), book.runStart()]).toEqual([1, 10_000]);
  expect(book.between(0, 10_000, seen).marks.length).toBe(1);
  book.forgetBefore(10_001);
  expect([book.size(), book.runStart()]).toEqual([0, undefined]);
});
