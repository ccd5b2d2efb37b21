import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptOutput, type OutputCursor, restartOutput, wantedFrom } from '../../web/state/output.ts';
import { cases } from '../support/cases.ts';

describe('which part of the record is shown', () => {
  it('takes what comes in order, skips what it has, tells what is missing', () => {
    expect(acceptOutput({}, 100, 10)).toEqual({ cursor: { start: 100, next: 110 }, skip: 0, missing: 0 });
    const cursor = { start: 100, next: 110 };
    expect(acceptOutput(cursor, 105, 10)).toEqual({ cursor: { start: 100, next: 115 }, skip: 5, missing: 0 });
    expect(acceptOutput(cursor, 100, 10)).toEqual({ cursor, skip: 10, missing: 0 });
    expect(acceptOutput(cursor, 117, 3)).toEqual({ cursor: { start: 100, next: 120 }, skip: 0, missing: 7 });
  });

  it('drops what was still on its way when older output was asked for', () => {
    const asked = restartOutput({ start: 100, next: 110 }, 40);
    expect(wantedFrom(asked)).toBe(40);
    expect(acceptOutput(asked, 110, 5).skip).toBe(5);
    const begun = acceptOutput(asked, 50, 60);
    expect(begun).toEqual({ cursor: { start: 50, next: 110 }, skip: 0, missing: 0 });
    expect(acceptOutput(begun.cursor, 110, 5)).toMatchObject({ skip: 0, missing: 0 });
  });

  it('over any number of losses and re-reads, the text is a piece of the record, each byte once', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('frames' as const), count: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('loss' as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('older' as const), by: fc.integer({ min: 1, max: 60 }) }),
      },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        fc.nat(50),
        fc.integer({ min: 1, max: 9 }),
        (steps, from, size) => {
          const record = Array.from({ length: 1000 }, (_, at) => at);
          let cursor: OutputCursor = {};
          let shown: number[] = [];
          let sent = from;
          const deliver = (offset: number, length: number): void => {
            const accepted = acceptOutput(cursor, offset, length);
            expect(accepted.missing).toBe(0);
            cursor = accepted.cursor;
            shown.push(...record.slice(offset + accepted.skip, offset + length));
          };
          for (const now of steps) {
            if (now.kind === 'loss') sent = wantedFrom(cursor) ?? from;
            else if (now.kind === 'older' && cursor.next !== undefined && cursor.cut === undefined) {
              const back = Math.max(0, (cursor.start ?? 0) - now.by);
              cursor = restartOutput(cursor, back);
              shown = [];
              deliver(sent, size);
              sent = back;
            } else if (now.kind === 'frames') {
              for (let count = 0; count < now.count; count += 1, sent += size) deliver(sent, size);
            }
          }
          const first = shown[0] ?? 0;
          expect(shown).toEqual(record.slice(first, first + shown.length));
        },
      ),
      { numRuns: cases(2000) },
    );
  });
});
