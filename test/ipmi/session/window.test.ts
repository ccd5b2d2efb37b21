import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptSequence,
  freshWindow,
  nextSequence,
  type SequenceWindow,
} from '../../../src/ipmi/session/window.ts';
import { cases } from '../../support/cases.ts';

/** Which of `numbers` are accepted, one after the other. */
function accepted(numbers: readonly number[]): number[] {
  let window: SequenceWindow = freshWindow;
  return numbers.filter((number) => {
    const next = acceptSequence(window, number);
    window = next ?? window;
    return next !== undefined;
  });
}

/** IPMI 2.0 §6.12.13: a sliding window of 32 numbers. */
describe('sequence window', () => {
  it('takes numbers in order and out of order, none twice', () => {
    expect(accepted([1, 2, 3, 5, 4, 4, 5, 1])).toEqual([1, 2, 3, 5, 4]);
  });

  it('takes 15 ahead and not 16, 16 behind and not 17', () => {
    expect(accepted([100, 115])).toEqual([100, 115]);
    expect(accepted([100, 116])).toEqual([100]);
    expect(accepted([100, 84])).toEqual([100, 84]);
    expect(accepted([100, 83])).toEqual([100]);
  });

  it('never takes 0, the number of packets outside a session', () => {
    expect(accepted([0, 1, 0])).toEqual([1]);
  });

  it('goes on after the number wraps around', () => {
    const top = 0xffff_ffff;
    expect(accepted([top - 1, top, 1, top - 2, 2, 1])).toEqual([top - 1, top, 1, top - 2, 2]);
    expect([nextSequence(0), nextSequence(1), nextSequence(top)]).toEqual([1, 2, 1]);
  });

  it('agrees with a plain list of what was seen', () => {
    const start = 1000;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: start - 40, max: start + 40 }), { maxLength: 60 }),
        (numbers) => {
          const seen: number[] = [];
          for (const number of numbers) {
            const highest = Math.max(...seen);
            const fits = seen.length === 0 || (number <= highest + 15 && number >= highest - 16);
            if (fits && !seen.includes(number)) seen.push(number);
          }
          expect(accepted(numbers)).toEqual(seen);
        },
      ),
      { numRuns: cases(5000) },
    );
  });
});
