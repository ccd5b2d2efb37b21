import { describe, expect, it } from 'vitest';
import {
  advancePower,
  initialPower,
  type Power,
  type PowerEvent,
  restartCause,
  restorePolicy,
  stepPower,
} from '../../hardware-lab/bmc-sim/power.ts';
import type { ChassisControl } from '../../src/ipmi/types.ts';

const timing = { onMs: 100, offMs: 200, softMs: 1000, cycleMs: 500 };

const control = (power: Power, action: ChassisControl, now = 0) =>
  stepPower(power, { kind: 'control', action, now }, timing);

/** What happens, as `kind@ms`, until `until`. */
function story(power: Power, event: PowerEvent, until: number): readonly string[] {
  const [next, at] = stepPower(power, event, timing);
  const [, later] = advancePower(next, until, timing);
  return [...at, ...later].map((one) => `${one.kind}@${one.at}`);
}

describe('power of the simulated machine', () => {
  it('comes on after its delay and boots', () => {
    const [asked, , outcome] = control(initialPower(false), 'power-up');
    expect(outcome).toBe('done');
    expect(advancePower(asked, 99, timing)[0].on).toBe(false);
    const [on, happenings] = advancePower(asked, 100, timing);
    expect(on).toMatchObject({
      on: true,
      due: undefined,
      cause: restartCause.chassisControl,
      onByCommand: true,
    });
    expect(happenings).toEqual([
      { kind: 'on', at: 100 },
      { kind: 'boot', at: 100, cold: true },
    ]);
  });

  it('goes off, softly much later', () => {
    expect(story(initialPower(true), { kind: 'control', action: 'power-down', now: 0 }, 5000)).toEqual([
      'off@200',
    ]);
    expect(story(initialPower(true), { kind: 'control', action: 'soft-shutdown', now: 0 }, 5000)).toEqual([
      'off@1000',
    ]);
  });

  it('cycles: off, a pause, on', () => {
    expect(story(initialPower(true), { kind: 'control', action: 'power-cycle', now: 0 }, 5000)).toEqual([
      'off@200',
      'on@700',
      'boot@700',
    ]);
  });

  it('keeps its moments when nobody looks for a long time', () => {
    const [asked] = control(initialPower(true), 'power-cycle', 10_000);
    const [, late] = advancePower(asked, 1_000_000, timing);
    expect(late.map(({ at }) => at)).toEqual([10_200, 10_700, 10_700]);
  });

  it('resets without going off', () => {
    expect(story(initialPower(true), { kind: 'control', action: 'hard-reset', now: 5 }, 5000)).toEqual([
      'boot@5',
    ]);
  });

  it.each(['power-cycle', 'hard-reset', 'diagnostic-interrupt', 'soft-shutdown'] as const)(
    'refuses %s while it is off',
    (action) => {
      const power = initialPower(false);
      expect(control(power, action)).toEqual([power, [], 'refused']);
    },
  );

  it('takes on when on and off when off as done', () => {
    expect(control(initialPower(true), 'power-up')).toEqual([initialPower(true), [], 'done']);
    expect(control(initialPower(false), 'power-down')).toEqual([initialPower(false), [], 'done']);
  });

  it('lets the last command win', () => {
    const [asked] = control(initialPower(false), 'power-up');
    const [taken] = control(asked, 'power-down', 50);
    expect(advancePower(taken, 10_000, timing)).toEqual([taken, []]);
    const [soft] = control(initialPower(true), 'soft-shutdown');
    const [kept] = control(soft, 'power-up', 50);
    expect(advancePower(kept, 10_000, timing)[0].on).toBe(true);
  });

  it.each([
    [restorePolicy.stayOff, true, []],
    [restorePolicy.previous, true, ['on@100', 'boot@100']],
    [restorePolicy.previous, false, []],
    [restorePolicy.alwaysOn, false, ['on@100', 'boot@100']],
  ] as const)('after mains with policy %i, was on %s: %j', (policy, on, after) => {
    const power = { ...initialPower(on), policy };
    const expected = on ? ['off@0', ...after] : after;
    expect(story(power, { kind: 'mains-lost-and-back', now: 0 }, 5000)).toEqual(expected);
  });

  it('tells the button from a command', () => {
    const [pressed] = stepPower(initialPower(false), { kind: 'button', now: 0 }, timing);
    const [on] = advancePower(pressed, 100, timing);
    expect(on).toMatchObject({ on: true, cause: restartCause.powerButton, onByCommand: false });
  });
});
