import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { worthTelling } from '../../../src/pxe/http/progress.ts';
import { isFresh, parseRange, rangeApplies, versionOf } from '../../../src/pxe/http/range.ts';
import { cases } from '../../support/cases.ts';

it.each([
  ['bytes=0-0', 10, { kind: 'part', start: 0, end: 0 }],
  ['bytes=2-', 10, { kind: 'part', start: 2, end: 9 }],
  ['bytes=2-5', 10, { kind: 'part', start: 2, end: 5 }],
  ['bytes=2-500', 10, { kind: 'part', start: 2, end: 9 }],
  ['bytes=-3', 10, { kind: 'part', start: 7, end: 9 }],
  ['bytes=-300', 10, { kind: 'part', start: 0, end: 9 }],
  ['BYTES=1-2', 10, { kind: 'part', start: 1, end: 2 }],
  ['bytes=10-', 10, { kind: 'unsatisfiable' }],
  ['bytes=-0', 10, { kind: 'unsatisfiable' }],
  ['bytes=0-', 0, { kind: 'unsatisfiable' }],
  ['bytes=-1', 0, { kind: 'unsatisfiable' }],
  ['bytes=9999999999999999-', 10, { kind: 'unsatisfiable' }],
  [undefined, 10, { kind: 'whole' }],
  ['bytes=5-2', 10, { kind: 'whole' }],
  ['bytes=-', 10, { kind: 'whole' }],
  ['bytes=1-2,4-5', 10, { kind: 'whole' }],
  ['lines=1-2', 10, { kind: 'whole' }],
  ['bytes=1-x', 10, { kind: 'whole' }],
])('reads Range %s of %i bytes', (header, size, part) => {
  expect(parseRange(header, size)).toEqual(part);
});

it('never leaves the file', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.option(fc.nat()), fc.option(fc.nat())).map(([a, b]) => `bytes=${a ?? ''}-${b ?? ''}`),
  );
  fc.assert(
    fc.property(header, fc.nat(1000), (text, size) => {
      const part = parseRange(text, size);
      if (part.kind !== 'part') return;
      expect(part.start).toBeGreaterThanOrEqual(0);
      expect(part.end).toBeGreaterThanOrEqual(part.start);
      expect(part.end).toBeLessThan(size);
    }),
    { numRuns: cases(50_000) },
  );
});

it('knows a version again by tag or date', () => {
  const version = versionOf(4096, Date.UTC(2024, 0, 2, 3, 4, 5, 678));
  expect(version).toEqual({ etag: '"1000-18cc820db2e"', lastModified: 'Tue, 02 Jan 2024 03:04:05 GMT' });
  const other = versionOf(4097, Date.UTC(2024, 0, 2, 3, 4, 6));
  expect(rangeApplies(undefined, version)).toBe(true);
  expect(rangeApplies(version.etag, version)).toBe(true);
  expect(rangeApplies(version.lastModified, version)).toBe(true);
  expect(rangeApplies(other.etag, version)).toBe(false);
  const fresh = (ifNoneMatch?: string, ifModifiedSince?: string): boolean =>
    isFresh({ ifNoneMatch, ifModifiedSince }, version);
  expect(fresh()).toBe(false);
  expect(fresh(version.etag)).toBe(true);
  expect(fresh(`"x", W/${version.etag}`)).toBe(true);
  expect(fresh('*')).toBe(true);
  expect(fresh('"x"', other.lastModified)).toBe(false);
  expect(fresh(undefined, version.lastModified)).toBe(true);
  expect(fresh(undefined, other.lastModified)).toBe(true);
  expect(fresh(undefined, 'Mon, 01 Jan 2024 00:00:00 GMT')).toBe(false);
  expect(fresh(undefined, 'yesterday')).toBe(false);
});

it('tells progress every 5 % or every second, and not when nothing moved', () => {
  const told = { bytes: 100, at: 5000 };
  expect(worthTelling(told, { bytes: 149, at: 5500 }, 1000)).toBe(false);
  expect(worthTelling(told, { bytes: 150, at: 5001 }, 1000)).toBe(true);
  expect(worthTelling(told, { bytes: 101, at: 6000 }, 1000)).toBe(true);
  expect(worthTelling(told, { bytes: 100, at: 9000 }, 1000)).toBe(false);
});
