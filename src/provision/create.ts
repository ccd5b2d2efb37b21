import type { Clock } from '../base/clock.ts';
import { CodedError, messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import type { Uuid } from '../base/uuid.ts';
import type { BootContent, BootPolicy, PxeEventSink } from '../pxe/ports.ts';
import { createBmcSide } from './bmc-side.ts';
import { type BootImages, createBootContent } from './boot-content.ts';
import { createWireSide } from './boot-policy.ts';
import { createBorders } from './borders.ts';
import { createChanges } from './changes.ts';
import { createChassisService } from './chassis.ts';
import { type ChassisConsoles, createChassisConsoles } from './consoles.ts';
import { createFleet } from './fleet.ts';
import { createHostCfgService } from './host-cfgs.ts';
import { createImageChoice } from './images/choice.ts';
import { createInstallImages } from './images/service.ts';
import type {
  Evidence,
  ImageAccess,
  NetbootServices,
  Notify,
  OpenBmcAccess,
  PlacementOf,
  ProvisionStore,
} from './ports.ts';
import { bootFailed } from './notices.ts';
import { createPxeServerService } from './pxe-servers.ts';
import { createRunBook, type RunBook } from './run/book.ts';
import { createRunService, type StageSeconds } from './runs.ts';
import { createSeenMachines } from './seen-machines.ts';
import { ProvisionError, type ProvisionService } from './service.ts';

/** The provisioning domain, put together: what the API calls, and what the packet servers ask. */
export interface Provision {
  readonly service: ProvisionService;
  readonly policy: BootPolicy;
  readonly content: BootContent;
  readonly consoles: ChassisConsoles;
  readonly events: PxeEventSink;
  /** The network services of a PXE server went, and why; undefined: they are back. Never rejects. */
  segmentChanged(serverUuid: Uuid, problem: string | undefined): Promise<void>;
  /** Reads the store, starts the PXE servers that ran, takes up open runs. Call once, before the API listens. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface ProvisionDeps {
  readonly store: ProvisionStore;
  readonly netboot: NetbootServices;
  readonly openBmcAccess: OpenBmcAccess;
  readonly images: BootImages;
  readonly imageAccess: ImageAccess;
  readonly placementOf: PlacementOf;
  readonly notify: Notify;
  readonly stageSeconds: StageSeconds;
  /** Asked whenever a run is to begin. */
  readonly maxRunsPerMinute: number;
  /** Seconds between two looks at the power of a machine, 0 for none; asked again and again. */
  readonly powerPollSeconds: number;
  /** How a run in trouble gets at what its machine shows; without it nothing is looked at. */
  readonly evidence?: Evidence;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
}

/** A store's fault in the domain's words; other errors pass. */
function translated<T extends object>(service: T): T {
  const translate = (error: unknown): never => {
    if (error instanceof CodedError && !(error instanceof ProvisionError)) {
      if (error.code === 'conflict' || error.code === 'storage-full') {
        throw new ProvisionError(error.code, error.message, { cause: error, data: { ...error.data } });
      }
    }
    throw error;
  };
  return new Proxy(service, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        try {
          return await (Reflect.apply(method, target, args) as Promise<unknown>);
        } catch (error) {
          return translate(error);
        }
      };
    },
  });
}

/** Builds the domain on its ports. */
export function createProvision(deps: ProvisionDeps): Provision {
  const { store, netboot, notify, clock, random, log } = deps;
  const changes = createChanges(log);
  let isLoaded = false;
  const fleet = createFleet((chassisUuid) => {
    // What a start reads is no change.
    if (isLoaded) changes.tell(chassisUuid);
  });
  const borders = createBorders();
  let book: RunBook | undefined;
  const bmcs = createBmcSide({
    store,
    fleet,
    openAccess: deps.openBmcAccess,
    powerPollSeconds: () => deps.powerPollSeconds,
    book: () => book as RunBook,
    notify,
    changed: (chassisUuid) => changes.tell(chassisUuid),
    clock,
    log,
  });
  const { bmc } = bmcs;
  const seen = createSeenMachines({ store, clock, log });
  const runs = createRunService({
    ...deps,
    // A setting that changes while we run: the spread alone would keep the first value.
    get maxRunsPerMinute() {
      return deps.maxRunsPerMinute;
    },
    evidence: deps.evidence,
    fleet,
    borders,
    bmc,
    book: () => book as RunBook,
  });
  book = createRunBook({
    store,
    fleet,
    clock,
    log,
    ensureOff: (run) => runs.ensureOff(run),
    bootFailed: (run) => notify(bootFailed(run, fleet.get(run.chassisUuid)?.name)),
    changed: (run) => changes.tell(run.chassisUuid),
    ended(run) {
      borders.forget(run.uuid);
      choice.forget(run.uuid);
      bmcs.runEnded(run.chassisUuid);
      // An installation uses up its hostcfg.
      void pxeServers.hostCfgsChanged();
      log.info(
        { run: run.uuid, chassis: run.chassisUuid, stage: run.stage, cause: run.cause },
        'a run has ended',
      );
    },
    diagnosisContext: (run) => ({
      strangers: seen
        .list()
        .filter((machine) => machine.lastSeen >= run.startedAt)
        .slice(0, 5)
        .map((machine) => machine.mac),
      serverRunning: netboot.bootUrl(run.pxeServerUuid) !== undefined,
    }),
  });
  const choice = createImageChoice({
    store,
    book: () => book,
    imageOf: (hostCfgUuid) => deps.imageAccess.imageOf(hostCfgUuid),
  });
  const installImages = createInstallImages({
    store,
    files: deps.imageAccess.files,
    keepOut: deps.imageAccess.keepOut,
    proxy: deps.imageAccess.proxy,
    usedBy: (imageUuid) => choice.isUsed(imageUuid),
    clock,
    random,
    log,
  });
  const pxeServers = createPxeServerService({ store, netboot, notify, clock, random, log });
  const { modeOf, resume, segmentChanged, hostCfgsChanged, ...pxeService } = pxeServers;
  const wire = createWireSide({ fleet, book, borders, netboot, modeOf, notify, seen, log });
  const chassis = createChassisService({
    store,
    fleet,
    book,
    bmc,
    bmcs,
    clock,
    random,
    adopted: (mac) => seen.forget(mac),
  });
  const hostCfgs = createHostCfgService({ store, fleet, book, clock, random });
  const content = createBootContent({
    fleet,
    book,
    store,
    netboot,
    images: deps.images,
    installImages,
    imageOfRun: (run) => choice.imageOf(run),
    notify,
    clock,
    random,
    log,
  });

  const service = translated<ProvisionService>({
    ...pxeService,
    ...chassis,
    async deleteChassis(uuid) {
      await chassis.deleteChassis(uuid);
      await deps.evidence?.screens.forget(uuid as Uuid).catch((error: unknown) => {
        log.error({ chassis: uuid, reason: messageOf(error) }, 'pictures of a deleted chassis are left');
      });
      await hostCfgsChanged();
    },
    async createHostCfg(input) {
      const uuid = await hostCfgs.createHostCfg(input);
      await hostCfgsChanged();
      return uuid;
    },
    async deleteHostCfg(uuid) {
      await hostCfgs.deleteHostCfg(uuid);
      await hostCfgsChanged();
    },
    ...bmcs.service,
    addImage: (input, progress) => installImages.add(input, progress),
    deleteImage: (uuid) => installImages.delete(uuid),
    provision: (uuid) => runs.provision(uuid),
    powerStatus: (uuid) => runs.powerStatus(uuid),
    power: (uuid, action) => runs.power(uuid, action),
    async timeline(chassisUuid) {
      if (!fleet.get(chassisUuid))
        throw new ProvisionError('chassis-not-found', `there is no chassis ${chassisUuid}`);
      const run = await store.latestRun(chassisUuid as Uuid);
      if (!run) return undefined;
      const { bootToken: _boot, kickstartToken: _kickstart, reportToken: _report, ...shown } = run;
      return { run: shown, entries: await store.listTimeline(run.uuid) };
    },
    seenMachines: async () => seen.list(),
  });

  return {
    service,
    consoles: createChassisConsoles({
      store,
      fleet,
      book,
      bmcs,
      power: (uuid, action) => service.power(uuid, action),
      screens: deps.evidence?.screens,
      changes,
    }),
    policy: wire.policy,
    content,
    segmentChanged,
    events(event) {
      try {
        wire.events(event);
      } catch (error) {
        log.error({ kind: event.kind, reason: messageOf(error) }, 'a packet event could not be handled');
      }
    },
    async start() {
      for (const one of await store.listChassis()) fleet.put(one);
      isLoaded = true;
      await installImages.resume();
      seen.restore(await store.listSeenMachines());
      await bmcs.load();
      // Open runs first: a machine may ask the moment its server is up.
      await runs.resume();
      await resume();
      bmcs.start();
    },
    async close() {
      await runs.close();
      await bmcs.close();
      await installImages.close();
    },
  };
}
