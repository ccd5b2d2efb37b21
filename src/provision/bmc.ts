import { type Clock, delay } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Uuid } from '../base/uuid.ts';
import { uuidReadings } from '../base/uuid.ts';
import {
  type BmcClient,
  type BmcProfile,
  type BmcSession,
  type ChassisControl,
  IpmiError,
  type Priority,
  setPower,
} from '../ipmi/index.ts';
import type { BmcProfiles } from './bmc-profiles.ts';
import type { BmcSessions } from './bmc-sessions.ts';
import type { Chassis } from './model.ts';
import type { PowerRecord } from './power-record.ts';
import type { PowerAction } from './service.ts';

/** What a first login to a BMC tells. */
export interface BmcIdentity {
  readonly systemUuids: readonly Uuid[];
}

/** A BMC as provisioning uses it, over the session that all share; what changes the power has the BMC for itself until it is done. */
export interface Bmc {
  /** Logs in and reads who the machine is; a BMC without System GUID is fine. */
  identify(chassis: Chassis): Promise<BmcIdentity>;
  isOn(chassis: Chassis, priority?: Priority): Promise<boolean>;
  power(chassis: Chassis, action: PowerAction): Promise<void>;
  /** Sets network boot once, tells what was kept, and makes the machine start from off or again. */
  bootFromNetwork(
    chassis: Chassis,
    efi: boolean,
    flagSet: (kept: { kept: boolean; marked: boolean; efiKept: boolean }) => void,
  ): Promise<string>;
  /** Waits up to `patienceMs` for the machine to be off, then powers it off. Answers what it took. */
  ensureOff(chassis: Chassis, patienceMs: number): Promise<string>;
  /** Ends watching how power commands work out. */
  close(): void;
}

const pollMs = 2000;
/** A machine that has not followed a power command by then is not waited for. */
const followMs = 60_000;

/** Network boot gets lost: it was not kept in a trial, so the BMC is asked to keep it until the boot. */
const losesBootFlag = (profile: BmcProfile | undefined): boolean => profile?.bootFlag?.keepsPxe === false;

/** Builds the BMC side of provisioning. */
export function createBmc(deps: {
  readonly sessions: Pick<BmcSessions, 'use'>;
  readonly profiles: Pick<BmcProfiles, 'of' | 'learn'>;
  readonly record: Pick<PowerRecord, 'observed' | 'during'>;
  readonly clock: Clock;
}): Bmc {
  const { sessions, profiles, record, clock } = deps;
  /** Counts the commands of a chassis: what is watched after one ends with the next. */
  const commands = new Map<Uuid, number>();
  let closed = false;

  async function readPower(chassis: Chassis, session: BmcSession): Promise<boolean> {
    const { powerOn } = await session.chassisStatus();
    record.observed(chassis.uuid, powerOn);
    return powerOn;
  }

  const isOn = (chassis: Chassis, priority: Priority = 'command'): Promise<boolean> =>
    sessions.use(chassis, (session) => readPower(chassis, session), { priority });

  async function waitFor(
    chassis: Chassis,
    session: BmcSession,
    on: boolean,
    patienceMs: number,
  ): Promise<boolean> {
    const until = clock.now() + patienceMs;
    for (;;) {
      if ((await readPower(chassis, session)) === on) return true;
      if (clock.now() >= until) return false;
      await delay(clock, pollMs);
    }
  }

  /** Gives a command and waits for it to work; how long that took is worth knowing. */
  async function command(
    chassis: Chassis,
    session: BmcSession,
    on: boolean,
    patienceMs: number,
  ): Promise<boolean> {
    const began = clock.now();
    await session.chassisControl(on ? 'power-up' : 'power-down');
    const followed = await waitFor(chassis, session, on, patienceMs);
    if (followed) profiles.learn(chassis.uuid, on ? 'on' : 'off', clock.now() - began);
    return followed;
  }

  /** Watches a machine follow a command that nobody waits for. */
  async function follow(chassis: Chassis, on: boolean, began: number): Promise<void> {
    const mine = commands.get(chassis.uuid);
    const isNewest = (): boolean => !closed && commands.get(chassis.uuid) === mine;
    while (isNewest() && clock.now() - began <= followMs) {
      if ((await isOn(chassis, 'status')) === on) {
        if (isNewest()) profiles.learn(chassis.uuid, on ? 'on' : 'off', clock.now() - began);
        return;
      }
      await delay(clock, pollMs);
    }
  }

  const begin = (chassis: Chassis): void =>
    void commands.set(chassis.uuid, (commands.get(chassis.uuid) ?? 0) + 1);

  async function boot(
    chassis: Chassis,
    session: BmcSession,
    efi: boolean,
    flagSet: Parameters<Bmc['bootFromNetwork']>[2],
  ): Promise<string> {
    const keep = losesBootFlag(profiles.of(chassis.uuid)) ? { keepUntilBoot: true } : {};
    let flag = { kept: false, marked: false, efiKept: false };
    const setFlag = async (): Promise<void> => {
      const kept = await session.setBootDevice({ device: 'pxe', efi, persistent: false, ...keep });
      flag = { kept: kept.device === 'pxe', marked: kept.valid, efiKept: kept.efi };
    };
    // Before anything is powered off: a BMC that refuses the flag must not cost a running machine its power.
    await setFlag();
    const wasOn = await readPower(chassis, session);
    if (wasOn) {
      // A warm reset keeps DMA engines and some option ROMs in the state that the old system left them in: power really goes off.
      const isOff =
        (await command(chassis, session, false, 60_000)) || (await command(chassis, session, false, 30_000));
      if (!isOff)
        throw new IpmiError('command-failed', 'the BMC took the power-off command but the machine stays on');
      // Chassis power must stay off for a moment before the next power-up. IPMI 2.0 §28.3 (power cycle interval, 1 s at least)
      await delay(clock, 1000);
      // Flags may be dropped 60 s after they were set, or with the power. IPMI 2.0 §28.13, parameter 3
      await setFlag();
    }
    flagSet(flag);
    if (!(await command(chassis, session, true, 60_000)))
      throw new IpmiError('command-failed', 'the BMC took the power-on command but the machine stays off');
    return wasOn ? 'powered off and on again' : 'powered on';
  }

  return {
    identify: (chassis) =>
      sessions.use(chassis, async (session) => {
        await session.deviceId();
        try {
          return { systemUuids: uuidReadings(await session.systemGuid()) };
        } catch (error) {
          if (error instanceof IpmiError && error.code === 'command-failed') return { systemUuids: [] };
          throw error;
        }
      }),
    isOn,
    async power(chassis, action) {
      begin(chassis);
      let given: { readonly control: ChassisControl; readonly at: number } | undefined;
      await record.during(chassis.uuid, action === 'reset' ? 'either' : action, () =>
        sessions.use(
          chassis,
          (session) => {
            const watched: BmcClient = {
              ...session,
              async chassisControl(control) {
                given = { control, at: clock.now() };
                await session.chassisControl(control);
              },
            };
            return setPower(watched, action);
          },
          { exclusive: true },
        ),
      );
      // A reset leaves no trace in the power state.
      if (given === undefined || given.control === 'hard-reset') return;
      follow(chassis, given.control === 'power-up', given.at).catch(() => undefined);
    },
    bootFromNetwork(chassis, efi, flagSet) {
      begin(chassis);
      return record.during(chassis.uuid, 'either', () =>
        sessions.use(chassis, (session) => boot(chassis, session, efi, flagSet), { exclusive: true }),
      );
    },
    ensureOff(chassis, patienceMs) {
      begin(chassis);
      return record.during(chassis.uuid, 'off', () =>
        sessions.use(
          chassis,
          async (session) => {
            if (await waitFor(chassis, session, false, patienceMs)) return 'the machine powered itself off';
            return (await command(chassis, session, false, 60_000))
              ? 'powered off through the BMC'
              : 'told to power off, but its BMC still says on';
          },
          { exclusive: true },
        ),
      );
    },
    close: () => void (closed = true),
  };
}

/** What to do about some faults, beside what their text says. */
const hints: ReadonlyMap<string, string> = new Map([
  ['locked-out', ': updateBaremetalChassis and releaseBaremetalChassisBmc of its chassis do that'],
  ['busy', '; repeat the call in a minute'],
]);

/** The text of a BMC's fault for a technician. */
export function bmcFault(chassis: Pick<Chassis, 'ipmiAddress' | 'ipmiPort'>, error: unknown): string {
  const hint = error instanceof IpmiError ? (hints.get(error.code) ?? '') : '';
  return `BMC ${chassis.ipmiAddress}:${chassis.ipmiPort}: ${messageOf(error)}${hint}`;
}
