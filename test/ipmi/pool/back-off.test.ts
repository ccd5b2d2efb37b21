import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { IpmiError } from '../../../src/ipmi/index.ts';
import {
  backOffRanges,
  chanceOf,
  isSessionLoss,
  mayAskAgain,
  nextBackOff,
  troubleOf,
} from '../../../src/ipmi/pool/back-off.ts';
import { cases } from '../../support/cases.ts';

const busy = (completionCode: number) => new IpmiError('busy', 'x', { data: { completionCode } });

it('stays between base and cap, and grows to at most three times the pause before', () => {
  const ranges = fc.constantFrom(...Object.values(backOffRanges));
  const chances = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(ranges, chances, (range, all) => {
      let previous: number | undefined;
      for (const chance of all) {
        const next = nextBackOff(range, previous, chance);
        expect(next).toBeGreaterThanOrEqual(range.baseMs);
        expect(next).toBeLessThanOrEqual(Math.min(range.capMs, (previous ?? range.baseMs) * 3));
        previous = next;
      }
    }),
    { numRuns: cases(10_000) },
  );
});

it('parts machines that failed together', () => {
  const pauses = [0, 0.25, 0.5, 0.75].map((chance) => nextBackOff(backOffRanges.silent, undefined, chance));
  expect(pauses).toEqual([5000, 7500, 10_000, 12_500]);
  expect([chanceOf(() => Uint8Array.of(0, 0)), chanceOf(() => Uint8Array.of(0x80, 0))]).toEqual([0, 0.5]);
  expect(chanceOf(() => Uint8Array.of(0xff, 0xff))).toBeLessThan(1);
});

it.each([
  ['out-of-sessions', 'crowded'],
  ['busy', 'crowded'],
  ['unreachable', 'silent'],
  ['auth-failed', 'refused'],
  ['locked-out', 'final'],
] as const)('takes %s for %s', (code, trouble) => {
  expect(troubleOf(code)).toBe(trouble);
});

it('sends a command that must not run twice again only when the BMC says that it did not begin', () => {
  expect([busy(0xc0), busy(0xc3), busy(0xd2)].map((error) => mayAskAgain(error, true))).toEqual([
    true,
    false,
    false,
  ]);
  expect([busy(0xc0), busy(0xc3)].every((error) => mayAskAgain(error, false))).toBe(true);
  expect(mayAskAgain(new IpmiError('command-failed', 'x'), false)).toBe(false);
});

it('does not take a command that may have run for a lost session', () => {
  expect(isSessionLoss(new IpmiError('no-answer', 'x'))).toBe(true);
  expect(isSessionLoss(new IpmiError('no-answer', 'x', { data: { mayHaveRun: true } }))).toBe(false);
  expect(isSessionLoss(new Error('x'))).toBe(false);
});
