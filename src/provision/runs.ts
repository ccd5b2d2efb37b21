import { access } from 'node:fs/promises';
import { type Clock, delay } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { toHex } from '../base/bytes.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import { newUuid, type Uuid } from '../base/uuid.ts';
import { IpmiError } from '../ipmi/index.ts';
import { type Bmc, bmcFault } from './bmc.ts';
import type { BootImages } from './boot-content.ts';
import type { Borders } from './borders.ts';
import type { Fleet } from './fleet.ts';
import { type Chassis, noEvidence, type Run, type RunStage } from './model.ts';
import { createPlacing } from './placing.ts';
import type { Evidence, NetbootServices, PlacementOf, ProvisionStore } from './ports.ts';
import type { RunBook } from './run/book.ts';
import { createRunWatch } from './run-watch.ts';
import { ProvisionError, type ProvisionService } from './service.ts';

/** How long a stage may last without moving on, in seconds. `workingInspect` and `workingInstall` are the work itself. */
export interface StageSeconds {
  readonly powering: number;
  /** Servers with much memory need minutes of self test. */
  readonly 'awaiting-dhcp': number;
  readonly 'awaiting-loader': number;
  readonly 'awaiting-script': number;
  readonly 'awaiting-kernel': number;
  readonly 'awaiting-initrd': number;
  readonly 'awaiting-begin': number;
  readonly workingInspect: number;
  readonly workingInstall: number;
  readonly finishing: number;
}

const tickMs = 1000;
const powerOffPatienceMs = 30_000;

function limitSeconds(run: Run, stages: StageSeconds): number {
  const stage: Exclude<RunStage, 'done' | 'failed'> =
    run.stage === 'done' || run.stage === 'failed' ? 'finishing' : run.stage;
  if (stage === 'working') return run.kind === 'inspect' ? stages.workingInspect : stages.workingInstall;
  return stages[stage];
}

/** Starts runs, watches their deadlines and carries out what their steps ask for. */
export interface RunService extends Pick<ProvisionService, 'provision' | 'powerStatus' | 'power'> {
  ensureOff(run: Run): void;
  /** Takes up the runs that a restart found open. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the driver of runs. `book` is a function because the two need each other. */
export function createRunService(deps: {
  readonly store: ProvisionStore;
  readonly fleet: Fleet;
  readonly book: () => RunBook;
  readonly bmc: Bmc;
  readonly netboot: NetbootServices;
  readonly images: BootImages;
  readonly placementOf: PlacementOf;
  readonly borders: Pick<Borders, 'draw' | 'forget'>;
  readonly stageSeconds: StageSeconds;
  /** More runs than this in a minute wait their turn: a mass re-install by mistake can still be stopped. */
  readonly maxRunsPerMinute: number;
  readonly evidence: Evidence | undefined;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}): RunService {
  const { fleet, store, clock } = deps;
  const placing = createPlacing(deps);
  const working = new Set<Promise<unknown>>();
  const slots: number[] = [];
  const starting = new Set<Uuid>();
  let closed = false;

  function background(work: Promise<unknown>): void {
    const guarded = work.catch((error: unknown) => {
      deps.log.error({ reason: messageOf(error) }, 'background work of a run failed');
    });
    working.add(guarded);
    void guarded.then(() => working.delete(guarded));
  }

  function chassisOf(uuid: string): Chassis {
    const chassis = fleet.get(uuid);
    if (!chassis) throw new ProvisionError('chassis-not-found', `there is no chassis ${uuid}`);
    return chassis;
  }

  /** Tells the BMC to boot from the network; the run is failed and the reason answered when it can't. */
  async function powerUp(run: Run, chassis: Chassis): Promise<string | undefined> {
    const efi = chassis.bootMode !== 'legacy';
    const book = deps.book();
    try {
      const how = await deps.bmc.bootFromNetwork(chassis, efi, (read) => {
        book.apply(run.uuid, { type: 'boot-flag', efiWanted: efi, ...read }).catch(() => undefined);
      });
      await book.apply(run.uuid, { type: 'powered', how });
      return undefined;
    } catch (error) {
      const reason = error instanceof IpmiError ? bmcFault(chassis, error) : messageOf(error);
      await book.apply(run.uuid, { type: 'bmc-failed', reason });
      return reason;
    }
  }

  async function checkFiles(kind: Run['kind']): Promise<void> {
    const image = kind === 'inspect' ? deps.images.inspector : deps.images.installer;
    if (!image) {
      throw new ProvisionError(
        'provision-failed',
        'no installer is configured: set installer.kernel and installer.initrd in the config file',
      );
    }
    for (const path of [image.kernel, image.initrd]) {
      try {
        await access(path);
      } catch (cause) {
        const hint =
          kind === 'inspect' ? 'build it with "npm run build:inspector" or set' : 'put it there or set';
        throw new ProvisionError(
          'provision-failed',
          `${path} is missing; ${hint} ${kind === 'inspect' ? 'inspector' : 'installer'}.kernel and .initrd in the config file`,
          { cause },
        );
      }
    }
  }

  /** Waits until another run may begin. */
  async function takeSlot(): Promise<void> {
    for (;;) {
      const now = clock.now();
      while (slots.length > 0 && (slots[0] as number) <= now - 60_000) slots.shift();
      if (slots.length < deps.maxRunsPerMinute) {
        slots.push(now);
        return;
      }
      await delay(clock, (slots[0] as number) + 60_000 - now);
    }
  }

  /** The chassis when a run of it may begin now. */
  function ready(chassisUuid: Uuid): Chassis {
    const chassis = chassisOf(chassisUuid);
    if (chassis.status === 'Provisioned') {
      throw new ProvisionError(
        'already-provisioned',
        `chassis "${chassis.name}" is provisioned; installing again would wipe it. If that is wanted, set its status to Unprovisioned first`,
      );
    }
    if (deps.book().ofChassis(chassis.uuid)) {
      throw new ProvisionError(
        'run-in-progress',
        `a run of chassis "${chassis.name}" goes on; wait for its end, or set the status to Unprovisioned to cancel it`,
      );
    }
    return chassis;
  }

  async function begin(chassisUuid: Uuid): Promise<void> {
    await placing.placementFor(ready(chassisUuid));
    await takeSlot();
    const chassis = ready(chassisUuid);
    const kind = (await store.getHostCfgOfChassis(chassis.uuid)) ? 'install' : 'inspect';
    // Again: what is Disabled while a call waits for its slot stops that call too.
    const placement = await placing.placementFor(chassis);
    const pxeServerUuid = await placing.serverFor(placement);
    await checkFiles(kind);
    const now = clock.now();
    const token = (): string => toHex(deps.random(32));
    const run: Run = {
      uuid: newUuid(deps.random),
      chassisUuid: chassis.uuid,
      pxeServerUuid,
      kind,
      stage: 'powering',
      stageSince: now,
      startedAt: now,
      endedAt: undefined,
      bootToken: token(),
      kickstartToken: token(),
      reportToken: token(),
      kickstartConsumed: false,
      mac: undefined,
      address: undefined,
      firmware: undefined,
      evidence: noEvidence,
      cause: undefined,
    };
    // Before the wire can meet the run.
    deps.borders.draw(run.uuid, placement);
    try {
      await deps.book().open(run);
    } catch (error) {
      deps.borders.forget(run.uuid);
      throw error;
    }
    const fault = await powerUp(run, chassis);
    if (fault !== undefined) throw new ProvisionError('provision-failed', fault);
  }

  async function confirmOff(run: Run): Promise<void> {
    const chassis = fleet.get(run.chassisUuid);
    let how: string;
    try {
      how = chassis ? await deps.bmc.ensureOff(chassis, powerOffPatienceMs) : 'the chassis is gone';
    } catch (error) {
      how = `could not see that the machine is off: ${messageOf(error)}`;
    }
    if (!closed) await deps.book().apply(run.uuid, { type: 'powered-off', how });
  }

  const watch = createRunWatch({
    ...deps,
    limitSeconds: (run) => limitSeconds(run, deps.stageSeconds),
    background,
  });
  let cancelTick = (): void => undefined;
  const tick = (): void => {
    if (closed) return;
    watch.tick();
    cancelTick = clock.after(tickMs, tick);
  };

  const service: RunService = {
    async provision(chassisUuid) {
      const chassis = chassisOf(chassisUuid);
      if (starting.has(chassis.uuid))
        throw new ProvisionError('run-in-progress', `a run of chassis "${chassis.name}" is being started`);
      starting.add(chassis.uuid);
      try {
        await begin(chassis.uuid);
      } finally {
        starting.delete(chassis.uuid);
      }
    },
    async powerStatus(chassisUuid) {
      const chassis = chassisOf(chassisUuid);
      try {
        return (await deps.bmc.isOn(chassis)) ? 'ON' : 'OFF';
      } catch (error) {
        if (error instanceof IpmiError && (error.code === 'unreachable' || error.code === 'no-answer')) {
          deps.log.warn({ chassis: chassis.uuid, reason: messageOf(error) }, 'power status unknown');
          return 'UNKNOWN';
        }
        throw new ProvisionError('bmc-failed', bmcFault(chassis, error), { cause: error });
      }
    },
    async power(chassisUuid, action) {
      const chassis = chassisOf(chassisUuid);
      deps.log.info({ audit: true, chassis: chassis.uuid, name: chassis.name, action }, 'power action');
      try {
        await deps.bmc.power(chassis, action);
      } catch (error) {
        const code = (
          { on: 'power-on-failed', off: 'power-off-failed', reset: 'power-reset-failed' } as const
        )[action];
        throw new ProvisionError(code, bmcFault(chassis, error), { cause: error });
      }
    },
    ensureOff(run) {
      background(confirmOff(run));
    },
    async resume() {
      for (const run of await store.listOpenRuns()) {
        const chassis = fleet.get(run.chassisUuid);
        deps.borders.draw(run.uuid, await deps.placementOf(run.chassisUuid));
        deps.book().adopt(run);
        if (!chassis) continue;
        await deps.book().apply(run.uuid, { type: 'restarted' });
        // Nothing has booted yet in `powering`, so that the power command may be given again.
        if (run.stage === 'powering') background(powerUp(run, chassis));
        if (run.stage === 'finishing') service.ensureOff(run);
      }
      cancelTick = clock.after(tickMs, tick);
    },
    async close() {
      closed = true;
      cancelTick();
      await Promise.race([Promise.all(working), new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    },
  };
  return service;
}
