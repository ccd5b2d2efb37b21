import { expect, it } from 'vitest';
import { keepAliveDue } from '../../../src/ipmi/session/keep-alive.ts';
import { defaultTiming } from '../../../src/ipmi/session/timing.ts';

it('is due early enough for all repetitions before the shortest limit of a BMC, 57 s', () => {
  const heardAt = 1_000_000;
  const wait = keepAliveDue(heardAt, heardAt);
  expect(wait).toBeGreaterThan(30_000);
  expect(wait + defaultTiming.deadlineMs).toBeLessThan(57_000);
  expect(keepAliveDue(heardAt, heardAt + wait - 1)).toBe(1);
  expect(keepAliveDue(heardAt, heardAt + wait)).toBe(0);
  expect(keepAliveDue(heardAt, heardAt + 3_600_000)).toBe(0);
});
