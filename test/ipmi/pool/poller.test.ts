import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delay } from '../../../src/base/clock.ts';
import { createPowerPoller, IpmiError, type PowerView } from '../../../src/ipmi/index.ts';
import { createPollWheel, placeOf } from '../../../src/ipmi/pool/poll-wheel.ts';
import { afterFailure, afterLook, isChange, notAsked } from '../../../src/ipmi/pool/power-view.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `chassis-${i}`);
const silent = new IpmiError('unreachable', 'x');

describe('the view of a machine', () => {
  it('is unknown after three failures in a row, and says since when', () => {
    let record = afterLook(true, 1);
    record = afterFailure(record, silent, 2);
    record = afterFailure(record, silent, 3);
    expect(record.view).toEqual({ kind: 'known', on: true, at: 1 });
    record = afterFailure(record, silent, 4);
    expect(record.view).toEqual({ kind: 'unknown', reason: 'unreachable', since: 4 });
    record = afterFailure(record, new IpmiError('out-of-sessions', 'x'), 5);
    expect(record.view).toEqual({ kind: 'unknown', reason: 'out-of-sessions', since: 4 });
    expect(afterLook(false, 6).view).toEqual({ kind: 'known', on: false, at: 6 });
  });

  it('is unknown at once for trouble that lasts, and does not count looks that were not made', () => {
    const on = afterLook(true, 1);
    expect(afterFailure(on, new IpmiError('locked-out', 'x'), 2).view).toMatchObject({
      reason: 'locked-out',
    });
    const notTried = new IpmiError('unreachable', 'x', { data: { notTried: true } });
    let record = on;
    for (let at = 2; at < 9; at++) record = afterFailure(record, notTried, at);
    expect(record.view).toMatchObject({ kind: 'known' });
    expect(afterFailure(notAsked(0), new Error('x'), 2).view).toMatchObject({ reason: 'not-asked' });
  });

  it('changes for a person with the state or the reason, not with the time', () => {
    const known: PowerView = { kind: 'known', on: true, at: 1 };
    const unknown: PowerView = { kind: 'unknown', reason: 'unreachable', since: 1 };
    expect(isChange(known, { ...known, at: 2 })).toBe(false);
    expect(isChange(known, { ...known, on: false })).toBe(true);
    expect([isChange(known, unknown), isChange(unknown, known)]).toEqual([true, true]);
    expect(isChange(unknown, { ...unknown, reason: 'busy' })).toBe(true);
  });
});

describe('the wheel', () => {
  it('gives each key its turn once a round, wherever the ticks are cut', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(cuts, (steps) => {
        const wheel = createPollWheel(100);
        for (const key of names(50)) wheel.add(key);
        let at = 1000;
        for (const step of steps) {
          const due = wheel.due(at, at + step);
          expect(new Set(due).size).toBe(due.length);
          if (step >= 100) expect(due.length).toBe(50);
          at += step;
        }
        const round = Array.from({ length: 10 }, (_, i) => wheel.due(at + 10 * i, at + 10 * i + 10)).flat();
        expect(round.toSorted()).toEqual(names(50).toSorted());
      }),
      { numRuns: 200 },
    );
  });

  it('spreads keys evenly', () => {
    const seconds = Array.from({ length: 60 }, () => 0);
    for (const key of names(6000)) {
      const second = Math.floor(placeOf(key, 600) / 10);
      seconds[second] = (seconds[second] ?? 0) + 1;
    }
    expect(Math.max(...seconds)).toBeLessThan(150);
    expect(Math.min(...seconds)).toBeGreaterThan(60);
  });
});

describe('the poller', () => {
  it('is never late by two seconds for 2000 machines, a hundredth dead and a hundredth slow', async () => {
    const time = virtualTime();
    const { clock } = time;
    const looks = new Map<string, number[]>();
    const read = async (key: string): Promise<boolean> => {
      looks.set(key, [...(looks.get(key) ?? []), clock.now()]);
      const number = Number(key.split('-')[1]);
      await delay(clock, number % 100 === 1 ? 15_000 : number % 100 === 2 ? 3000 : 5);
      if (number % 100 === 1) throw silent;
      return number % 2 === 0;
    };
    const told = new Map<string, string[]>();
    const changed = (key: string, next: PowerView): void => {
      const text = next.kind === 'known' ? String(next.on) : next.reason;
      told.set(key, [...(told.get(key) ?? []), text]);
    };
    const poller = createPowerPoller({}, { clock, read, changed });
    for (const key of names(2000)) poller.add(key);
    await time.pass(5 * 60_000);
    poller.close();
    for (const times of looks.values()) {
      const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(62_000);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(58_000);
    }
    expect(looks.size).toBe(2000);
    expect(poller.lag().worstMs).toBeLessThanOrEqual(2000);
    expect(told.get('chassis-101')).toEqual(['unreachable']);
    expect(told.get('chassis-4')).toEqual(['true']);
  });

  it('looks at once when asked to, and once more when it was looking already', async () => {
    const time = virtualTime();
    let on = false;
    let reads = 0;
    const read = async (): Promise<boolean> => {
      reads++;
      const seen = on;
      await delay(time.clock, 100);
      return seen;
    };
    const seen: boolean[] = [];
    const changed = (_: string, next: PowerView): void => void (next.kind === 'known' && seen.push(next.on));
    const poller = createPowerPoller({ intervalMs: 600_000 }, { clock: time.clock, read, changed });
    poller.add('a');
    poller.look('a');
    poller.look('nobody');
    await time.pass(50);
    on = true;
    poller.look('a');
    await time.pass(300);
    expect([reads, seen, poller.view('a')]).toEqual([
      2,
      [false, true],
      expect.objectContaining({ on: true }),
    ]);
    poller.remove('a');
    expect(poller.view('a')).toBeUndefined();
    poller.close();
  });

  it('has no more looks under way than it may', async () => {
    const time = virtualTime();
    let most = 0;
    let now = 0;
    const read = async (): Promise<boolean> => {
      most = Math.max(most, ++now);
      await delay(time.clock, 700);
      now--;
      return true;
    };
    const options = { intervalMs: 1000, maxUnderWay: 3 };
    const poller = createPowerPoller(options, { clock: time.clock, read, changed: () => {} });
    for (const key of names(20)) poller.add(key);
    await time.pass(10_000);
    expect([most, poller.lag().underWay]).toEqual([3, 3]);
    expect(names(20).every((key) => poller.view(key)?.kind === 'known')).toBe(true);
    poller.close();
  });
});
