import type { Mac } from '../../base/mac.ts';
import { type ChassisStatus, type Run, type RunEvidence, type RunStage, runStages } from '../model.ts';

/** A line that a step adds to the timeline. */
export interface TimelineLine {
  readonly step: string;
  readonly text: string;
  readonly bytes?: number;
}

/** What follows from one event. Nothing here has happened yet: the runner saves it, then acts. */
export interface RunStep {
  readonly run: Run;
  readonly lines: readonly TimelineLine[];
  /** False when only counters moved, which a restart may forget. */
  readonly durable: boolean;
  readonly chassisStatus?: ChassisStatus;
  readonly deleteHostCfg?: true;
  /** A NIC that booted and is now known to be the machine's. */
  readonly learnedMac?: Mac;
  /** The machine shall be seen off, and told so if it stays on. */
  readonly ensureOff?: true;
}

/** Counters moved, nothing to tell or to save. */
export const quiet = (run: Run): RunStep => ({ run, lines: [], durable: false });

function later(a: RunStage, b: RunStage): RunStage {
  return runStages.indexOf(a) >= runStages.indexOf(b) ? a : b;
}

/** Moves a run to at least `stage`; a run never goes back. */
export function advance(run: Run, stage: RunStage, at: number, evidence?: Partial<RunEvidence>): Run {
  return {
    ...run,
    stage: later(run.stage, stage),
    stageSince: at,
    evidence: evidence === undefined ? run.evidence : { ...run.evidence, ...evidence },
  };
}

/** The first few of a kind are told, the rest only counted: a machine that loops must not fill the disk. */
export const told = (count: number): boolean => count <= 8 || (count & (count - 1)) === 0;
