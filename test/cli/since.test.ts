import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSince } from '../../src/cli/since.ts';
import { cases } from '../support/cases.ts';

const now = Date.UTC(2026, 0, 31, 12);

it.each([
  ['90s', now - 90_000],
  ['30m', now - 1_800_000],
  ['2h', Date.UTC(2026, 0, 31, 10)],
  ['7d', Date.UTC(2026, 0, 24, 12)],
  ['2026-01-30', Date.UTC(2026, 0, 30)],
  ['2026-01-30 14:05', Date.UTC(2026, 0, 30, 14, 5)],
  ['2026-01-30T14:05:06Z', Date.UTC(2026, 0, 30, 14, 5, 6)],
  ['2026-01-30T14:05:06.789Z', Date.UTC(2026, 0, 30, 14, 5, 6)],
  ['2026-01-30 14:05:06+08:00', Date.UTC(2026, 0, 30, 6, 5, 6)],
])('reads %s', (text, at) => {
  expect(parseSince(text, now)).toBe(at);
});

it.each([
  '',
  '2',
  'h',
  '-2h',
  '2w',
  '2026-02-31',
  '2026-13-01',
  '2026-01-30 25:00',
  'yesterday',
  '2026-01-30Z',
])('does not guess at %j', (text) => {
  expect(parseSince(text, now)).toBeUndefined();
});

it('reads every ISO time to the second, and any text without a throw', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
      fc.string(),
      (date, text) => {
        expect(parseSince(date.toISOString(), now)).toBe(Math.floor(date.getTime() / 1000) * 1000);
        const read = parseSince(text, now);
        expect(read === undefined || Number.isFinite(read)).toBe(true);
      },
    ),
    { numRuns: cases(500) },
  );
});
