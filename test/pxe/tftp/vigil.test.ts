import { expect, it } from 'vitest';
import { Vigil } from '../../../src/pxe/tftp/vigil.ts';

/** A loop whose turns take 0.01 ms each; packets come at the given times, and the loop is asleep where it has no turn. */
function turnsFor(packetsAt: readonly number[]): number {
  let now = 0;
  let turns = 0;
  let next: (() => void) | undefined;
  const vigil = new Vigil({
    now: () => now,
    soon: (run) => {
      next = run;
    },
  });
  for (const at of [...packetsAt, Number.POSITIVE_INFINITY]) {
    while (next !== undefined && now < at) {
      const run = next;
      next = undefined;
      now += 0.01;
      turns += 1;
      run();
    }
    if (at === Number.POSITIVE_INFINITY) break;
    now = Math.max(now, at);
    vigil.heard();
  }
  expect(next).toBeUndefined();
  return turns;
}

it('turns between packets that come right after another, and soon falls asleep', () => {
  const turns = turnsFor(Array.from({ length: 100 }, (_, n) => n * 0.05));
  expect(turns).toBeGreaterThan(98 * 4);
  expect(turns).toBeLessThan(98 * 6 + 15);
});

it('sleeps between packets that come slowly', () => {
  expect(turnsFor(Array.from({ length: 100 }, (_, n) => n * 0.2))).toBe(0);
});

it('wakes no more than once for packets that come together', () => {
  expect(turnsFor([1, 1, 1, 1])).toBeLessThan(15);
});
