import { assertNever } from '../../src/base/errors.ts';
import type { ChassisControl } from '../../src/ipmi/types.ts';

/** How long the machine takes. Milliseconds. */
export interface PowerTiming {
  readonly onMs: number;
  readonly offMs: number;
  /** An operating system that shuts down after the soft-off button. */
  readonly softMs: number;
  /** Off time of a power cycle; the standard asks for a second at least. IPMI 2.0 §28.3 */
  readonly cycleMs: number;
}

/** What made the system start. IPMI 2.0 §28.11, table 28-11 */
export const restartCause = {
  unknown: 0,
  chassisControl: 1,
  powerButton: 3,
  alwaysRestore: 6,
  previousRestore: 7,
} as const;

/** Restore policy after a loss of mains power. IPMI 2.0 §28.8 */
export const restorePolicy = { stayOff: 0, previous: 1, alwaysOn: 2 } as const;

interface Due {
  readonly at: number;
  readonly to: 'on' | 'off';
  readonly cause: number;
  /** Of a power cycle: on again afterwards. */
  readonly thenOn: boolean;
}

/** Power of a machine. Changes come due by themselves: `advancePower` brings the state up to a moment, no timer is needed. */
export interface Power {
  readonly on: boolean;
  readonly due: Due | undefined;
  readonly cause: number;
  readonly policy: number;
  /** The last "on" came from a chassis control. Bit 4 of the last power event. IPMI 2.0 §28.2 */
  readonly onByCommand: boolean;
}

/** What happened to the machine, at the moment when it happened. */
export type PowerHappening =
  | { readonly kind: 'on' | 'off'; readonly at: number }
  | { readonly kind: 'boot'; readonly at: number; readonly cold: boolean }
  | { readonly kind: 'diagnostic-interrupt'; readonly at: number };

export type PowerEvent =
  | { readonly kind: 'control'; readonly action: ChassisControl; readonly now: number }
  | { readonly kind: 'button'; readonly now: number }
  | { readonly kind: 'mains-lost-and-back'; readonly now: number };

/** `refused`: the action makes no sense in the present state (completion code 0xD5). */
export type PowerStep = readonly [Power, readonly PowerHappening[], 'done' | 'refused'];

export const initialPower = (on: boolean): Power => ({
  on,
  due: undefined,
  cause: restartCause.unknown,
  policy: restorePolicy.previous,
  onByCommand: false,
});

/** Lets everything happen that is due at `now`. */
export function advancePower(
  power: Power,
  now: number,
  timing: PowerTiming,
): readonly [Power, readonly PowerHappening[]] {
  const happenings: PowerHappening[] = [];
  let state = power;
  while (state.due !== undefined && state.due.at <= now) {
    const { at, to, cause, thenOn } = state.due;
    if (to === 'on') {
      const onByCommand = cause === restartCause.chassisControl;
      state = { ...state, on: true, due: undefined, cause, onByCommand };
      happenings.push({ kind: 'on', at }, { kind: 'boot', at, cold: true });
    } else {
      const due: Due | undefined = thenOn
        ? { at: at + timing.cycleMs, to: 'on', cause, thenOn: false }
        : undefined;
      state = { ...state, on: false, due };
      happenings.push({ kind: 'off', at });
    }
  }
  return [state, happenings];
}

/** One command or one thing that a person does. The state must be up to `event.now`. IPMI 2.0 §28.3 */
export function stepPower(power: Power, event: PowerEvent, timing: PowerTiming): PowerStep {
  const { now } = event;
  if (event.kind === 'mains-lost-and-back') return mainsBack(power, now, timing);
  if (event.kind === 'button') {
    const due = power.on
      ? { at: now + timing.softMs, to: 'off' as const, cause: power.cause, thenOn: false }
      : { at: now + timing.onMs, to: 'on' as const, cause: restartCause.powerButton, thenOn: false };
    return [{ ...power, due }, [], 'done'];
  }
  const cause = restartCause.chassisControl;
  const later = (ms: number, to: 'on' | 'off', thenOn = false): PowerStep => [
    { ...power, due: { at: now + ms, to, cause, thenOn } },
    [],
    'done',
  ];
  switch (event.action) {
    case 'power-up':
      if (power.on && power.due?.to !== 'off') return [power, [], 'done'];
      return power.due?.to === 'on' ? [power, [], 'done'] : later(timing.onMs, 'on');
    case 'power-down':
      return power.on ? later(timing.offMs, 'off') : [{ ...power, due: undefined }, [], 'done'];
    case 'power-cycle':
      return power.on ? later(timing.offMs, 'off', true) : [power, [], 'refused'];
    case 'soft-shutdown':
      return power.on ? later(timing.softMs, 'off') : [power, [], 'refused'];
    case 'hard-reset':
      if (!power.on) return [power, [], 'refused'];
      return [{ ...power, due: undefined, cause }, [{ kind: 'boot', at: now, cold: false }], 'done'];
    case 'diagnostic-interrupt':
      return power.on ? [power, [{ kind: 'diagnostic-interrupt', at: now }], 'done'] : [power, [], 'refused'];
    default:
      return assertNever(event.action, 'chassis control');
  }
}

function mainsBack(power: Power, now: number, timing: PowerTiming): PowerStep {
  const off: Power = { ...power, on: false, due: undefined };
  const lost: readonly PowerHappening[] = power.on ? [{ kind: 'off', at: now }] : [];
  const again =
    power.policy === restorePolicy.alwaysOn || (power.policy === restorePolicy.previous && power.on);
  if (!again) return [off, lost, 'done'];
  const cause =
    power.policy === restorePolicy.alwaysOn ? restartCause.alwaysRestore : restartCause.previousRestore;
  return [{ ...off, due: { at: now + timing.onMs, to: 'on', cause, thenOn: false } }, lost, 'done'];
}
