import { describe, expect, it } from 'vitest';
import {
  createPowerRecord,
  followedBy,
  isOurs,
  type OwnCommand,
  type SeenPowerChange,
} from '../../src/provision/power-record.ts';
import { recentEntries } from '../../src/provision/power-report.ts';
import { createTestClock } from '../support/provision-harness.ts';
import { uuid } from '../support/records.ts';

const minute = 60_000;
const command = (aim: OwnCommand['aim'], endedAt?: number): OwnCommand => ({ aim, endedAt });

describe('a change of power is ours', () => {
  it.each([
    ['no command', true, 0, undefined, false],
    ['the same aim, under way', true, 0, command('on'), true],
    ['the other aim, under way', false, 0, command('on'), false],
    ['either aim', false, 0, command('either'), true],
    ['ended after the last look', false, 100 * minute, command('off', 101 * minute), true],
    ['ended shortly before the last look', false, 100 * minute, command('off', 98 * minute), true],
    ['ended long before the last look', false, 100 * minute, command('off', 97.9 * minute), false],
  ] as const)('%s', (_title, on, after, own, ours) => {
    expect(isOurs({ on, after }, own)).toBe(ours);
  });

  it('keeps the aim of a command that follows another one, unless both may be at work', () => {
    expect(followedBy(undefined, 'on', 0)).toBe('on');
    expect(followedBy(command('on', 0), 'on', minute)).toBe('on');
    expect(followedBy(command('off', 0), 'on', minute)).toBe('either');
    expect(followedBy(command('off'), 'on', 100 * minute)).toBe('either');
    expect(followedBy(command('off', 0), 'on', 3 * minute)).toBe('on');
  });
});

describe('the record', () => {
  const one = uuid();
  function build() {
    const clock = createTestClock();
    const told: SeenPowerChange[] = [];
    const record = createPowerRecord({ clock, unexpected: (change) => void told.push(change) });
    return { clock, told, record };
  }

  it('takes the first look as it is and tells each later change once, with when it was last otherwise', async () => {
    const { clock, told, record } = build();
    const start = clock.now();
    for (const on of [true, true, false, false]) {
      record.observed(one, on);
      await clock.advance(minute);
    }
    expect(told).toEqual([{ chassisUuid: one, on: false, at: start + 2 * minute, after: start + minute }]);
    expect(record.known(one)).toEqual({ on: false, at: start + 3 * minute });
    record.forget(one);
    record.observed(one, true);
    expect(told).toHaveLength(1);
  });

  it('keeps silent about what we do, also when it fails, until it is long over', async () => {
    const { clock, told, record } = build();
    record.observed(one, true);
    const failing = record.during(one, 'off', async () => {
      throw new Error('no answer, but it was done');
    });
    await expect(failing).rejects.toThrow('no answer');
    await clock.advance(minute);
    record.observed(one, false);
    expect(told).toEqual([]);
    await clock.advance(10 * minute);
    record.observed(one, false);
    record.observed(one, true);
    expect(told).toHaveLength(1);
    record.observed(uuid(), true);
    record.expect(one, 'either');
    record.observed(one, false);
    record.observed(one, true);
    expect(told).toHaveLength(1);
  });
});

it('looks at entries of about the time of a change only, by the clock of the BMC', () => {
  const clock = 1_700_000_000;
  const entry = (kind: 'clock' | 'since-start', seconds: number) =>
    ({ recordId: seconds, time: { kind, seconds } }) as never;
  const ids = (now: number, ...entries: readonly never[]): readonly number[] =>
    recentEntries(entries, now, 60).map(({ recordId }) => recordId);
  expect(ids(clock, entry('clock', clock - 121), entry('clock', clock - 120))).toEqual([clock - 120]);
  expect(ids(500, entry('since-start', 10), entry('since-start', 450), entry('clock', clock))).toEqual([450]);
  expect(recentEntries([{ time: { kind: 'unspecified' } } as never], clock, 60)).toHaveLength(1);
});
