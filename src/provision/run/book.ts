import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { Fleet } from '../fleet.ts';
import type { Chassis, HardwareInfo, Run, TimelineEntry } from '../model.ts';
import type { ProvisionStore } from '../ports.ts';
import { ProvisionError } from '../service.ts';
import { createTurns } from '../../base/turns.ts';
import { type DiagnosisContext, diagnose } from './diagnosis.ts';
import type { RunEvent } from './events.ts';
import type { RunStep } from './step.ts';
import { hasEnded, step } from './transitions.ts';

/** What an inspection brings along, saved with its step in one transaction. */
export interface InspectionResult {
  readonly rows: readonly HardwareInfo[];
  readonly chassis: Pick<Chassis, 'macs' | 'bootMode'>;
}

/** The runs that have not ended: in memory for the packet servers, durable in the store, one event at a time each. */
export interface RunBook {
  /** Begins a run; its chassis shows `Rebooting`. */
  open(run: Run): Promise<void>;
  /** Takes back what a restart found in the store. */
  adopt(run: Run): void;
  get(runUuid: Uuid): Run | undefined;
  ofChassis(chassisUuid: Uuid): Run | undefined;
  byToken(token: string): Run | undefined;
  byAddress(address: Ipv4): Run | undefined;
  all(): readonly Run[];
  /**
   * Applies an event after those before it and resolves when its outcome is durable, with the run as it then is. A run that is
   * not open is undefined. When the store fails the event is taken back and the promise rejects.
   */
  apply(runUuid: Uuid, event: RunEvent, inspection?: InspectionResult): Promise<Run | undefined>;
  /** Resolves when all events so far are applied. */
  settled(runUuid: Uuid): Promise<void>;
}

export interface RunBookDeps {
  readonly store: ProvisionStore;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after a step that asks for it. */
  readonly ensureOff: (run: Run) => void;
  /** Called for every run that comes to its end. */
  readonly ended: (run: Run) => void;
  /** Called when a run has begun or was taken back, and after every step of it that people see. */
  readonly changed: (run: Run) => void;
  /** Told when a run left its chassis in PxeBootFailed. */
  readonly bootFailed: (run: Run) => void;
  readonly diagnosisContext: (run: Run) => DiagnosisContext;
}

/** More NICs than any server has; who knows a machine's UUID could make up more. */
const maxMacs = 64;

/** Builds the book of open runs. */
export function createRunBook(deps: RunBookDeps): RunBook {
  const runs = new Map<Uuid, Run>();
  const byChassis = new Map<Uuid, Uuid>();
  const tokens = new Map<string, Uuid>();
  const addresses = new Map<Ipv4, Uuid>();
  const turns = createTurns();

  function remember(run: Run): void {
    const old = runs.get(run.uuid);
    if (old?.address !== undefined && addresses.get(old.address) === run.uuid) addresses.delete(old.address);
    if (hasEnded(run)) {
      runs.delete(run.uuid);
      if (byChassis.get(run.chassisUuid) === run.uuid) byChassis.delete(run.chassisUuid);
      for (const token of [run.bootToken, run.kickstartToken, run.reportToken]) tokens.delete(token);
      return;
    }
    runs.set(run.uuid, run);
    byChassis.set(run.chassisUuid, run.uuid);
    for (const token of [run.bootToken, run.kickstartToken, run.reportToken]) tokens.set(token, run.uuid);
    if (run.address !== undefined) addresses.set(run.address, run.uuid);
  }

  function timelineOf(run: Run, result: RunStep, at: number): TimelineEntry[] {
    return result.lines.map((line) => ({
      runUuid: run.uuid,
      chassisUuid: run.chassisUuid,
      at,
      step: line.step,
      text: line.text,
      bytes: line.bytes,
    }));
  }

  /** The chassis as a step leaves it; undefined when the step does not concern it. */
  function chassisAfter(result: RunStep, known: Chassis | undefined, at: number): Chassis | undefined {
    if (!known) return undefined;
    const failed = result.run.stage === 'failed';
    const { chassisStatus: status, learnedMac: mac } = result;
    const isNewMac = mac !== undefined && !known.macs.includes(mac) && known.macs.length < maxMacs;
    if (status === undefined && !failed && !isNewMac) return undefined;
    return {
      ...known,
      status: status ?? known.status,
      statusCause: failed ? result.run.cause : undefined,
      macs: isNewMac ? [...known.macs, mac] : known.macs,
      lastOpDate: at,
    };
  }

  async function save(result: RunStep, inspection: InspectionResult | undefined, at: number): Promise<void> {
    const known = deps.fleet.get(result.run.chassisUuid);
    const found = known && inspection ? { ...known, ...inspection.chassis, lastOpDate: at } : undefined;
    if (found && inspection) await deps.store.saveInspection(inspection.rows, found, result.run);
    const chassis = chassisAfter(result, found ?? known, at);
    await deps.store.saveRunStep({
      run: result.run,
      timeline: timelineOf(result.run, result, at),
      ...(chassis ? { chassis } : {}),
      ...(result.deleteHostCfg ? { deleteHostCfg: true } : {}),
    });
    const next = chassis ?? found;
    if (next) deps.fleet.put(next);
  }

  async function applyNow(
    runUuid: Uuid,
    event: RunEvent,
    inspection: InspectionResult | undefined,
  ): Promise<Run | undefined> {
    const before = runs.get(runUuid);
    if (!before) return undefined;
    const at = deps.clock.now();
    const cause = event.type === 'deadline' ? diagnose(before, deps.diagnosisContext(before)) : '';
    const result = step(before, event, at, cause);
    if (result.durable) await deps.fleet.exclusive(before.chassisUuid, () => save(result, inspection, at));
    remember(result.run);
    for (const line of result.lines) {
      deps.log.info(
        { chassis: before.chassisUuid, run: runUuid, step: line.step, bytes: line.bytes },
        line.text,
      );
    }
    if (result.ensureOff) deps.ensureOff(result.run);
    if (result.chassisStatus === 'PxeBootFailed') deps.bootFailed(result.run);
    if (hasEnded(result.run)) deps.ended(result.run);
    if (result.lines.length > 0 || result.run.stage !== before.stage) deps.changed(result.run);
    return result.run;
  }

  return {
    async open(run) {
      await deps.fleet.exclusive(run.chassisUuid, async () => {
        const known = deps.fleet.get(run.chassisUuid);
        if (!known) throw new ProvisionError('chassis-not-found', `chassis ${run.chassisUuid} was deleted`);
        const at = run.startedAt;
        const chassis: Chassis = { ...known, status: 'Rebooting', statusCause: undefined, lastOpDate: at };
        const text = run.kind === 'inspect' ? 'inspection begins' : 'installation begins';
        const { uuid: runUuid, chassisUuid } = run;
        const timeline = [{ runUuid, chassisUuid, at, step: 'start', text, bytes: undefined }];
        await deps.store.saveRunStep({ run, chassis, timeline });
        remember(run);
        deps.fleet.put(chassis);
        deps.changed(run);
      });
    },
    adopt(run) {
      remember(run);
      deps.changed(run);
    },
    get: (uuid) => runs.get(uuid),
    ofChassis(uuid) {
      const runUuid = byChassis.get(uuid);
      return runUuid === undefined ? undefined : runs.get(runUuid);
    },
    byToken(token) {
      const runUuid = tokens.get(token);
      return runUuid === undefined ? undefined : runs.get(runUuid);
    },
    byAddress(address) {
      const runUuid = addresses.get(address);
      return runUuid === undefined ? undefined : runs.get(runUuid);
    },
    all: () => [...runs.values()],
    apply(runUuid, event, inspection) {
      const outcome = turns(runUuid, () => applyNow(runUuid, event, inspection));
      outcome.catch((error: unknown) => {
        const reason = messageOf(error);
        deps.log.error({ run: runUuid, event: event.type, reason }, 'a step of a run could not be saved');
      });
      return outcome;
    },
    settled: (runUuid) => turns(runUuid, async () => undefined),
  };
}
