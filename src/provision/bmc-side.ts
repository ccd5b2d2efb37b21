import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';
import type { PowerView } from '../ipmi/index.ts';
import { type Bmc, createBmc } from './bmc.ts';
import { type BmcConsole, createBmcConsole } from './bmc-console.ts';
import { createBmcProfiles } from './bmc-profiles.ts';
import type { BmcService } from './bmc-report.ts';
import { createBmcService } from './bmc-service.ts';
import { createBmcSessions } from './bmc-sessions.ts';
import { targetOf } from './bmc-target.ts';
import type { ChassisBmcs } from './chassis.ts';
import type { Fleet } from './fleet.ts';
import { bmcLockedOut } from './notices.ts';
import type { Notify, OpenBmcAccess, ProvisionStore } from './ports.ts';
import { createPowerLoop } from './power-loop.ts';
import { createPowerRecord } from './power-record.ts';
import { createPowerReport } from './power-report.ts';
import type { RunBook } from './run/book.ts';
import { createSensorRecords } from './sensor-records.ts';
import { ProvisionError } from './service.ts';

/** Everything about BMCs, put together. */
export interface BmcSide extends ChassisBmcs {
  readonly bmc: Bmc;
  readonly service: BmcService;
  readonly console: BmcConsole;
  /** As last seen, without asking the BMC. */
  power(chassisUuid: Uuid): PowerView;
  /** A machine whose run has ended may go off or start again by itself. */
  runEnded(chassisUuid: Uuid): void;
  /** Reads what is stored of the chassis of the fleet. */
  load(): Promise<void>;
  /** Begins to look at the power of all machines. */
  start(): void;
  close(): Promise<void>;
}

/** Builds the BMC side of the domain; nothing is sent before `start` and the first use. */
export function createBmcSide(deps: {
  readonly store: ProvisionStore;
  readonly fleet: Fleet;
  readonly openAccess: OpenBmcAccess;
  readonly powerPollSeconds: () => number;
  readonly book: () => RunBook;
  readonly notify: Notify;
  /** Told when the power of a machine changed, or is not known any more. */
  readonly changed: (chassisUuid: Uuid) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): BmcSide {
  const { store, fleet, book, notify, changed, clock, log } = deps;
  const access = deps.openAccess((key, facts) => {
    log.warn({ bmc: key, ...facts }, 'no login to this BMC is tried any more');
    const isThere = ({ ipmiAddress, ipmiPort }: { ipmiAddress: string; ipmiPort: number }): boolean =>
      ipmiAddress === facts.address && ipmiPort === facts.port;
    // A chassis that is only being entered has nobody to be told but the caller.
    const chassis = fleet.get(key) ?? fleet.all().find(isThere);
    if (chassis !== undefined) notify(bmcLockedOut(chassis, facts));
  });
  const profiles = createBmcProfiles({ store, access, chassisOf: (uuid) => fleet.get(uuid), log });
  const sessions = createBmcSessions({ access, profileOf: (uuid) => profiles.of(uuid), log });
  const report = createPowerReport({ fleet, sessions, book, notify, clock, log });
  const record = createPowerRecord({ clock, unexpected: report, changed });
  const bmc = createBmc({ sessions, profiles, record, clock });
  const loop = createPowerLoop({
    record,
    async read(uuid) {
      const chassis = fleet.get(uuid);
      if (!chassis) throw new ProvisionError('chassis-not-found', `there is no chassis ${uuid}`);
      return bmc.isOn(chassis, 'status');
    },
    intervalSeconds: deps.powerPollSeconds,
    changed,
    clock,
    log,
  });
  const records = createSensorRecords(clock);

  return {
    bmc,
    console: createBmcConsole({ fleet, access, sessions, profiles }),
    power: (chassisUuid) => loop.view(chassisUuid),
    service: createBmcService({ fleet, access, sessions, profiles, loop, records, book, clock }),
    runEnded: (chassisUuid) => record.expect(chassisUuid, 'either'),
    release: (chassis) => access.release(chassis.uuid, targetOf(chassis, undefined)),
    enrolled(chassis, isLive) {
      loop.add(chassis.uuid);
      if (isLive) profiles.measureSoon(chassis);
    },
    async changed(before, chassis, isLive) {
      records.forget(chassis.uuid);
      const isOther = before.ipmiAddress !== chassis.ipmiAddress || before.ipmiPort !== chassis.ipmiPort;
      if (isOther) {
        record.forget(chassis.uuid);
        await profiles.drop(chassis.uuid);
      }
      if (!isLive || profiles.of(chassis.uuid) !== undefined) return;
      sessions.noLeftovers(chassis.uuid);
      profiles.measureSoon(chassis);
    },
    gone(chassisUuid) {
      loop.remove(chassisUuid);
      record.forget(chassisUuid);
      records.forget(chassisUuid);
      access.forget(chassisUuid);
      profiles.forget(chassisUuid);
    },
    async load() {
      await profiles.load();
      for (const { uuid } of fleet.all()) {
        sessions.mayHaveLeftovers(uuid);
        loop.add(uuid);
      }
    },
    start: () => loop.start(),
    async close() {
      loop.close();
      bmc.close();
      await profiles.close();
      await access.close();
    },
  };
}
