import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptyWindow, receiveSequence } from '../../hardware-lab/bmc-sim/receive-window.ts';
import { cases } from '../support/cases.ts';

it('takes every number once, never one out of the window: against a set of all numbers seen', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.array(fc.integer({ min: -20, max: 20 })),
      (start, moves) => {
        let window = { top: start, bits: 1 };
        const seen = new Set([start]);
        let top = start;
        for (const move of moves) {
          const sequence = (top + move) >>> 0;
          const next = receiveSequence(window, sequence);
          const fits = sequence !== 0 && move <= 15 && move >= -16 && !seen.has(sequence);
          expect(next !== undefined).toBe(fits);
          if (!next) continue;
          seen.add(sequence);
          if (move > 0) top = sequence;
          expect(next.top).toBe(top);
          window = next;
        }
      },
    ),
    { numRuns: cases(20_000) },
  );
});

it('begins with 1 and never takes 0', () => {
  expect(receiveSequence(emptyWindow, 0)).toBeUndefined();
  expect(receiveSequence(emptyWindow, 1)).toEqual({ top: 1, bits: 3 });
  expect(receiveSequence(emptyWindow, 16)).toBeUndefined();
});
