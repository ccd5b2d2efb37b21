import type { Uuid } from '../base/uuid.ts';
import type { BmcConsole, SolState } from './bmc-console.ts';
import type { BmcSide } from './bmc-side.ts';
import type { Changes } from './changes.ts';
import type { Fleet } from './fleet.ts';
import type { Run } from './model.ts';
import type { ProvisionStore, ScreenFiles } from './ports.ts';
import type { RunBook } from './run/book.ts';
import { pictureIn } from './screen-files.ts';
import { ProvisionError, type ProvisionService } from './service.ts';
import { vncPasswordOf } from './vnc-password.ts';

/** A chassis as it is shown beside its console; times in ms since the epoch, no tokens. */
export interface ChassisView {
  readonly name: string;
  readonly status: string;
  /** As last seen. */
  readonly power: 'on' | 'off' | 'unknown';
  /** The newest. */
  readonly run?: {
    readonly uuid: string;
    readonly kind: Run['kind'];
    readonly stage: string;
    readonly startedAt: number;
    readonly endedAt?: number;
    readonly cause?: string;
  };
}

/** Where an installer shows its screen. */
export interface InstallerScreen {
  readonly address: string;
  readonly port: number;
  readonly password: string | undefined;
}

/** What consoles of chassis are made of. Rejects with ProvisionError, `connectSol` with IpmiError. */
export interface ChassisConsoles extends BmcConsole {
  /** Undefined when there is no such chassis. */
  name(chassisUuid: string): Promise<string | undefined>;
  view(chassisUuid: string): Promise<ChassisView>;
  /** Oldest first; [] for a run that is not there. */
  timeline(runUuid: string): Promise<
    ReadonlyArray<{
      readonly at: number;
      readonly step: string;
      readonly text: string;
      readonly bytes?: number;
      /** Name of a picture, for `screenshotFile`. */
      readonly picture?: string;
    }>
  >;
  solState(chassisUuid: string): Promise<SolState>;
  /** Undefined while no installer shows one. */
  screen(chassisUuid: string): Promise<InstallerScreen | undefined>;
  power(chassisUuid: string, action: 'on' | 'off' | 'reset'): Promise<void>;
  /** Calls `changed` after changes of a chassis, its power, its run or its timeline, until the answer is called. */
  watch(changed: (chassisUuid: Uuid) => void): () => void;
  /** A picture that a timeline names, as PNG; undefined when there is none of that name. */
  screenshotFile(chassisUuid: string, name: string): Promise<Uint8Array | undefined>;
}

/** Of VNC display :1, the one that Anaconda opens. RFC 6143 names 5900 for display :0. */
const vncPort = 5901;

/** Builds it. */
export function createChassisConsoles(deps: {
  readonly store: Pick<ProvisionStore, 'latestRun' | 'listTimeline' | 'getHostCfgOfChassis'>;
  readonly fleet: Pick<Fleet, 'get'>;
  readonly book: Pick<RunBook, 'ofChassis'>;
  readonly bmcs: Pick<BmcSide, 'console' | 'power'>;
  readonly power: ProvisionService['power'];
  readonly screens: ScreenFiles | undefined;
  readonly changes: Pick<Changes, 'watch'>;
}): ChassisConsoles {
  const { store, fleet, book, bmcs } = deps;

  /** The open run as the packets left it; else the last one as it was saved. */
  async function newestRun(chassisUuid: Uuid): Promise<Run | undefined> {
    return book.ofChassis(chassisUuid) ?? (await store.latestRun(chassisUuid));
  }

  return {
    ...bmcs.console,
    name: async (chassisUuid) => fleet.get(chassisUuid)?.name,
    async view(chassisUuid) {
      const run = await newestRun(chassisUuid as Uuid);
      const chassis = fleet.get(chassisUuid);
      if (chassis === undefined)
        throw new ProvisionError('chassis-not-found', `there is no chassis ${chassisUuid}`);
      const power = bmcs.power(chassis.uuid);
      return {
        name: chassis.name,
        status: chassis.status,
        power: power.kind === 'unknown' ? 'unknown' : power.on ? 'on' : 'off',
        ...(run && { run: shown(run) }),
      };
    },
    async timeline(runUuid) {
      const entries = await store.listTimeline(runUuid as Uuid);
      return entries.map(({ at, step, text, bytes }) => {
        const picture = step === 'screen' ? pictureIn(text) : undefined;
        return {
          at,
          step,
          text,
          ...(bytes === undefined ? {} : { bytes }),
          ...(picture === undefined ? {} : { picture }),
        };
      });
    },
    async screen(chassisUuid) {
      const run = book.ofChassis(chassisUuid as Uuid);
      if (run?.kind !== 'install' || run.address === undefined) return undefined;
      // Its kickstart tells an installer to show its screen.
      if (run.evidence.kickstartReads === 0) return undefined;
      const cfg = await store.getHostCfgOfChassis(run.chassisUuid);
      if (cfg?.vnc !== true) return undefined;
      return { address: run.address, port: vncPort, password: vncPasswordOf(run) };
    },
    power: (chassisUuid, action) => deps.power(chassisUuid, action),
    watch: (changed) => deps.changes.watch(changed),
    async screenshotFile(chassisUuid, name) {
      if (fleet.get(chassisUuid) === undefined) return undefined;
      return deps.screens?.read(chassisUuid, name);
    },
  };
}

/** Named one by one: a run also has tokens. */
function shown(run: Run): NonNullable<ChassisView['run']> {
  const { uuid, kind, stage, startedAt, endedAt, cause } = run;
  return {
    uuid,
    kind,
    stage,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(cause === undefined ? {} : { cause }),
  };
}
