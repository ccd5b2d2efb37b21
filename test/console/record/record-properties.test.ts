import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Mark } from '../../../src/console/serial/types.ts';
import { cases } from '../../support/cases.ts';
import {
  crash,
  endOnDisk,
  printed,
  readToEnd,
  scratchDirectory,
  scratchRecord,
  until,
} from './scratch-record.ts';

type Step =
  | { readonly kind: 'append'; readonly length: number; readonly settle: boolean }
  | { readonly kind: 'mark'; readonly mark: Mark['kind'] }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'crash'; readonly output: number; readonly entries: number; readonly settle: boolean }
  | { readonly kind: 'read'; readonly back: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      length: fc.integer({ min: 1, max: 150 }),
      settle: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('mark' as const),
      mark: fc.constantFrom<Mark['kind']>('break', 'detached', 'left', 'attached', 'run-begin', 'run-end'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      output: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 120 })),
      entries: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 120 })),
      settle: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), back: fc.nat(1200) }) },
);

/** True when `some` is `all` with members left out. */
function isSubsequence(some: readonly unknown[], all: readonly unknown[]): boolean {
  let at = 0;
  for (const one of some) {
    while (at < all.length && all[at] !== one) at++;
    if (at++ >= all.length) return false;
  }
  return true;
}
const nameOf = ({ offset, kind }: Mark): string => `${offset} ${kind}`;

it('readers get what was appended, wherever it was rotated, reopened or cut by a crash', async () => {
  const sizes = { segmentBytes: 400, capBytes: 2000, retryMs: 1 };
  let rotated = 0;
  let crashed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      // The small ring makes readers use the disk, and holes where the disk lags behind; the large one never has a hole.
      fc.constantFrom(64, 16_384),
      async (steps, tailBytes) => {
        let directory = scratchDirectory();
        let record = await scratchRecord(directory, { ...sizes, tailBytes });
        let truth = new Uint8Array();
        let marks: string[] = [];
        let isSettled = true;
        let seed = 0;
        let hasCrashed = false;
        // Closed in order here: a crash before the next output is on disk lost nothing that is on disk.
        let closedAt = 0;

        async function check(from: number): Promise<void> {
          const { start, end } = record.kept();
          expect(end).toBe(truth.length);
          const back = await readToEnd(record, from);
          expect(back.end).toBe(end);
          for (const { offset, bytes } of back.pieces)
            expect(Buffer.from(bytes).equals(truth.subarray(offset, offset + bytes.length))).toBe(true);
          expect(back.jumps.every(({ told }) => told)).toBe(true);
          if (isSettled || tailBytes > 64)
            expect(
              back.jumps.every((jump) => jump.from < jump.to && jump.from === from && from < start),
            ).toBe(true);
          const read = back.marks.filter(({ kind }) => kind !== 'gap').map(nameOf);
          if (hasCrashed || !isSettled) expect(isSubsequence(read, marks) || !isSettled).toBe(true);
          else {
            const first = Math.max(start, from);
            const expected = marks.filter((mark) => Number.parseInt(mark, 10) > first);
            expect(read.filter((mark) => Number.parseInt(mark, 10) > first)).toEqual(expected);
          }
        }

        for (const step of steps) {
          if (step.kind === 'append') {
            const bytes = printed(truth.length, step.length, seed);
            record.append(bytes);
            truth = Uint8Array.from([...truth, ...bytes]);
            if (step.settle && isSettled && step.length <= 64)
              await until(() => endOnDisk(directory) === truth.length, 'output on disk');
            else if (tailBytes === 64) isSettled = false;
          } else if (step.kind === 'mark') {
            record.mark(step.mark);
            marks.push(nameOf({ offset: truth.length, at: 0, kind: step.mark }));
          } else if (step.kind === 'read') {
            await check(Math.max(0, truth.length - step.back));
          } else if (step.kind === 'reopen') {
            await record.close();
            closedAt = truth.length;
            record = await scratchRecord(directory, { ...sizes, tailBytes });
          } else {
            if (step.settle && truth.length > 0)
              await until(() => endOnDisk(directory) === truth.length, 'output on disk');
            const left = crash(directory, step);
            await record.close();
            directory = left;
            record = await scratchRecord(directory, { ...sizes, tailBytes });
            const { end, start } = record.kept();
            expect(end).toBe(Math.max(0, endOnDisk(directory)));
            expect(end).toBeLessThanOrEqual(truth.length);
            if (step.settle && step.output === 0) expect(end).toBe(truth.length);
            truth = truth.subarray(0, end);
            const last = await record.read(end, 0, 10);
            if (end !== closedAt) expect(last.marks.at(-1)).toMatchObject({ kind: 'gap', offset: end });
            marks = (await readToEnd(record, start)).marks.filter(({ kind }) => kind !== 'gap').map(nameOf);
            seed++;
            crashed++;
            hasCrashed = true;
          }
        }
        await check(0);
        if (record.kept().start > 0) rotated++;
        await record.close();
      },
    ),
    { numRuns: cases(150), interruptAfterTimeLimit: 120_000, markInterruptAsFailure: false },
  );
  expect(rotated).toBeGreaterThan(0);
  expect(crashed).toBeGreaterThan(0);
}, 180_000);
