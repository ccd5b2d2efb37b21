import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createGate } from '../../../src/kvm/connection/gate.ts';
import { createLooks, lookDueAt } from '../../../src/kvm/connection/looks.ts';
import { cases } from '../../support/cases.ts';
import { createTestClock } from '../../support/provision-harness.ts';

function manualLook() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const look = (): Promise<void> => new Promise((resolve, reject) => void ends.push({ resolve, reject }));
  return { ends, look };
}

it('runs one look at a time, and all who ask meanwhile share the next', async () => {
  const clock = createTestClock();
  const { ends, look } = manualLook();
  const looks = createLooks(look, clock);
  const first = looks.now();
  const others = [looks.now(), looks.now(), looks.now()];
  expect(ends).toHaveLength(1);
  ends[0]!.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await clock.advance(0);
  expect(ends).toHaveLength(2);
  const late = looks.now();
  ends[1]!.resolve();
  await Promise.all(others);
  await clock.advance(0);
  expect(ends).toHaveLength(3);
  ends[2]!.resolve();
  await late;
});

it('waits for quiet, not for ever, and not too closely after the last look', async () => {
  const clock = createTestClock();
  let count = 0;
  const looks = createLooks(async () => void count++, clock);
  looks.soon();
  await clock.advance(200);
  looks.soon();
  await clock.advance(200);
  expect(count).toBe(0);
  await clock.advance(200);
  expect(count).toBe(1);
  // A storm of events: one look each two seconds.
  for (let at = 0; at < 10_000; at += 100) {
    looks.soon();
    await clock.advance(100);
  }
  expect(count).toBeGreaterThanOrEqual(5);
  expect(count).toBeLessThanOrEqual(7);
  const before = count;
  looks.soon();
  looks.stop();
  looks.soon();
  await clock.advance(10_000);
  expect(count).toBe(before);
});

it('is due in quiet, within two seconds of the first event or of the last look', () => {
  const time = fc.nat(100_000);
  fc.assert(
    fc.property(time, time, time, (first, later, last) => {
      const now = first + later;
      const due = lookDueAt(now, first, last);
      expect(due).toBeGreaterThanOrEqual(last + 2000);
      expect(due).toBeLessThanOrEqual(Math.max(now + 300, last + 2000));
      expect(lookDueAt(now, first, undefined)).toBeLessThanOrEqual(Math.max(first + 2000, 0));
    }),
    { numRuns: cases(100_000) },
  );
});

it('hands a place at the gate to who waits first', async () => {
  const gate = createGate(2);
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  const work = (n: number) => async (): Promise<number> => {
    order.push(n);
    inside++;
    most = Math.max(most, inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
    if (n === 3) throw new Error('third');
    return n;
  };
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => gate(work(n))));
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(order).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});
