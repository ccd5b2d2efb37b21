import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';
import { createGate, type MeasureOptions, type PowerChange, withPowerTimes } from '../ipmi/index.ts';
import { targetOf } from './bmc-target.ts';
import type { Chassis } from './model.ts';
import type { BmcAccess, BmcProfile, ProvisionStore } from './ports.ts';

/** What was measured at the BMCs: in memory for every login, durable in the store. */
export interface BmcProfiles {
  of(chassisUuid: Uuid): BmcProfile | undefined;
  /** Reads what earlier runs of this program measured. */
  load(): Promise<void>;
  /** Measures and keeps the outcome. Rejects with IpmiError, or as the store does. */
  measure(chassis: Chassis, options: MeasureOptions): Promise<void>;
  /** Measures some time soon and tells the log only. */
  measureSoon(chassis: Chassis): void;
  /** One more power change was watched. */
  learn(chassisUuid: Uuid, change: PowerChange, ms: number): void;
  /** The chassis has another BMC now. */
  drop(chassisUuid: Uuid): Promise<void>;
  /** The chassis is gone, and its row with it. */
  forget(chassisUuid: Uuid): void;
  /** Ends with the measurements that are under way, or without them when they take long. */
  close(): Promise<void>;
}

/** Each takes some seconds and two sessions of its BMC; a file of a thousand chassis must not start them all. */
const measuredTogether = 4;
const closePatienceMs = 2000;

/** Builds the profiles; none is known before `load`. */
export function createBmcProfiles(deps: {
  readonly store: Pick<ProvisionStore, 'saveBmcProfile' | 'deleteBmcProfile' | 'listBmcProfiles'>;
  readonly access: Pick<BmcAccess, 'measure'>;
  /** The chassis as it is when its turn comes; undefined when it is gone. */
  readonly chassisOf: (uuid: Uuid) => Chassis | undefined;
  readonly log: Logger;
}): BmcProfiles {
  const { store, log } = deps;
  const profiles = new Map<Uuid, BmcProfile>();
  const gate = createGate(measuredTogether);
  const underWay = new Set<Promise<void>>();
  let closed = false;

  async function measure(chassis: Chassis, options: MeasureOptions): Promise<void> {
    // Without what was measured before: a BMC whose firmware was changed may have other cipher suites now.
    const target = targetOf(chassis, undefined);
    const measured = await deps.access.measure(chassis.uuid, target, options);
    const before = profiles.get(chassis.uuid);
    const profile: BmcProfile = {
      ...measured,
      // What only watching, or a trial that was not wished now, can tell.
      ...(before === undefined ? {} : { powerMs: before.powerMs }),
      ...(measured.bootFlag === undefined && before?.bootFlag !== undefined
        ? { bootFlag: before.bootFlag }
        : {}),
    };
    await store.saveBmcProfile(chassis.uuid, profile);
    if (deps.chassisOf(chassis.uuid) !== undefined) profiles.set(chassis.uuid, profile);
  }

  async function measureLater(uuid: Uuid): Promise<void> {
    await gate.run('bulk', async () => {
      const chassis = deps.chassisOf(uuid);
      if (chassis === undefined || closed) return;
      try {
        await measure(chassis, { probeBoot: false });
      } catch (error) {
        log.warn({ chassis: uuid, reason: messageOf(error) }, 'the BMC could not be measured');
      }
    });
  }

  return {
    of: (uuid) => profiles.get(uuid),
    async load() {
      for (const [uuid, profile] of await store.listBmcProfiles()) profiles.set(uuid, profile);
    },
    measure,
    measureSoon(chassis) {
      const work = measureLater(chassis.uuid);
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    },
    learn(uuid, change, ms) {
      const before = profiles.get(uuid);
      if (before === undefined) return;
      const profile = withPowerTimes(before, change, ms);
      profiles.set(uuid, profile);
      store.saveBmcProfile(uuid, profile).catch((error: unknown) => {
        log.warn({ chassis: uuid, reason: messageOf(error) }, 'a BMC profile could not be saved');
      });
    },
    async drop(uuid) {
      profiles.delete(uuid);
      await store.deleteBmcProfile(uuid);
    },
    forget: (uuid) => void profiles.delete(uuid),
    async close() {
      closed = true;
      const enough = new Promise((resolve) => setTimeout(resolve, closePatienceMs).unref());
      await Promise.race([Promise.all(underWay), enough]);
    },
  };
}
