import { type Clock, delay } from '../base/clock.ts';
import {
  type BmcSession,
  chassisIdentify,
  clearSel,
  coldReset,
  IpmiError,
  readFru,
  readSel,
  readSensors,
  toCsv,
  type UseOptions,
  warmReset,
} from '../ipmi/index.ts';
import { bmcFault } from './bmc.ts';
import { findingInWords } from './bmc-findings.ts';
import type { BmcProfiles } from './bmc-profiles.ts';
import type { BmcSessions } from './bmc-sessions.ts';
import { targetOf } from './bmc-target.ts';
import { badArgument } from './checks.ts';
import type { Fleet } from './fleet.ts';
import type { Chassis } from './model.ts';
import type { BmcAccess } from './ports.ts';
import type { PowerLoop } from './power-loop.ts';
import type { RunBook } from './run/book.ts';
import type { SensorRecords } from './sensor-records.ts';
import type { BmcService } from './bmc-report.ts';
import { ProvisionError } from './service.ts';

/** A BMC that is reset has better things to do than to answer. */
const resetAnswerMs = 3000;
const erasePollMs = 1000;

/** True for the silence that a BMC falls into when it was told to restart. */
const isSilence = (error: unknown): boolean =>
  error instanceof IpmiError && ['no-answer', 'closed', 'unreachable'].includes(error.code);

/** What people read from a BMC and do with it, beside power. */
export function createBmcService(deps: {
  readonly fleet: Fleet;
  readonly access: BmcAccess;
  readonly sessions: Pick<BmcSessions, 'use' | 'noLeftovers'>;
  readonly profiles: Pick<BmcProfiles, 'of' | 'measure'>;
  readonly loop: Pick<PowerLoop, 'view' | 'look'>;
  readonly records: SensorRecords;
  readonly book: () => Pick<RunBook, 'ofChassis'>;
  readonly clock: Clock;
}): BmcService {
  const { fleet, access, profiles, loop, records, clock } = deps;

  function chassisOf(uuid: string): Chassis {
    const chassis = fleet.get(uuid);
    if (!chassis) throw new ProvisionError('chassis-not-found', `there is no chassis ${uuid}`);
    return chassis;
  }

  /** A BMC's fault in the domain's words. */
  async function told<T>(chassis: Chassis, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof IpmiError)) throw error;
      throw new ProvisionError('bmc-failed', bmcFault(chassis, error), { cause: error });
    }
  }

  async function ask<T>(
    uuid: string,
    work: (session: BmcSession, chassis: Chassis) => Promise<T>,
    options: UseOptions = {},
  ): Promise<T> {
    const chassis = chassisOf(uuid);
    return told(chassis, () => deps.sessions.use(chassis, (session) => work(session, chassis), options));
  }

  // Long readings give way to commands and to the regular look.
  const read = { priority: 'bulk' } as const;

  return {
    sensors: (uuid) =>
      ask(
        uuid,
        async (session, chassis) => readSensors(session.run, await records.of(chassis.uuid, session.run)),
        read,
      ),
    eventLog: (uuid, options) =>
      ask(
        uuid,
        async (session, chassis) => {
          const known = await records.orNone(chassis.uuid, session.run);
          const log = await readSel(session.run, { ...options, sensors: known.records });
          return { ...log, problems: [...known.problems, ...log.problems] };
        },
        read,
      ),
    fru: (uuid) => ask(uuid, (session) => readFru(session.run), read),
    identifyLight: (uuid, light) => ask(uuid, (session) => session.run(chassisIdentify, light)),
    clearEventLog: (uuid) =>
      ask(uuid, (session) => clearSel(session.run, () => delay(clock, erasePollMs)), read),
    async resetBmc(uuid, kind) {
      const chassis = chassisOf(uuid);
      const reset = kind === 'Cold' ? coldReset : warmReset;
      await ask(uuid, async (session) => {
        await session
          .run(reset, undefined, { once: true, withinMs: resetAnswerMs })
          .catch((error: unknown) => {
            if (!isSilence(error)) throw error;
          });
      });
      // Its sessions are gone.
      access.forget(chassis.uuid);
      records.forget(chassis.uuid);
    },
    async measureBmc(uuid, { probeBoot }) {
      const chassis = chassisOf(uuid);
      deps.sessions.noLeftovers(chassis.uuid);
      const measure = (): Promise<void> => profiles.measure(chassis, { probeBoot });
      if (!probeBoot) return told(chassis, measure);
      const checkIdle = (): void => {
        if (deps.book().ofChassis(chassis.uuid))
          throw new ProvisionError(
            'run-in-progress',
            `a run of chassis "${chassis.name}" goes on, and a trial of boot flags would disturb it; wait for its end, or leave probeBoot out`,
          );
      };
      checkIdle();
      // Alone, so that no run can begin to set boot flags meanwhile.
      const work = async (): Promise<void> => {
        checkIdle();
        await measure();
      };
      await ask(uuid, work, { exclusive: true });
    },
    async releaseBmc(uuid) {
      const chassis = chassisOf(uuid);
      await access.release(chassis.uuid, targetOf(chassis, undefined));
      loop.look(chassis.uuid);
    },
    async bmcReport(uuid) {
      const chassis = chassisOf(uuid);
      const profile = profiles.of(chassis.uuid);
      const { failures, lockedOut } = await access.lockOut(targetOf(chassis, profile));
      const status = access.status(chassis.uuid);
      return {
        power: loop.view(chassis.uuid),
        session: { open: status?.open ?? false, since: status?.since, users: status?.users ?? 0 },
        lastError: status?.lastError,
        lockOut: { username: chassis.ipmiUsername, failures, lockedOut },
        profile,
        findings: (profile?.findings ?? []).map(findingInWords),
      };
    },
    async scanBmcs(wish, progress) {
      try {
        const { rows, total, complete } = await access.sweep({ ...wish, progress });
        return { rows, total, complete, csv: toCsv(rows) };
      } catch (error) {
        if (!(error instanceof IpmiError)) throw error;
        if (error.code === 'bad-target') throw badArgument('ranges', error.message);
        throw new ProvisionError('bmc-failed', error.message, { cause: error });
      }
    },
  };
}
