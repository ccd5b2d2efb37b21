import type { ProvisionService } from '../../provision/index.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { ProgressLine } from '../ports.ts';
import { isJsonObject } from './body.ts';

/** A run with its timeline, as the domain shows it. */
export type SeenRun = NonNullable<Awaited<ReturnType<ProvisionService['timeline']>>>;
type Stage = SeenRun['run']['stage'];

/** Which run a call began. */
export interface RunLink {
  readonly chassisUuid: string;
  readonly runUuid: string;
}

/** How far a run is when a stage begins, and what is being waited for. The shares are by feel of usual durations; only their order matters. */
const stages: Readonly<Record<Exclude<Stage, 'failed'>, readonly [number, string]>> = {
  powering: [5, 'the BMC is being told to boot from the network'],
  'awaiting-dhcp': [10, 'waiting for the first DHCP packet'],
  'awaiting-loader': [20, 'waiting for the loader to be fetched'],
  'awaiting-script': [25, 'waiting for iPXE to ask for its script'],
  'awaiting-kernel': [30, 'waiting for the kernel to be fetched'],
  'awaiting-initrd': [35, 'waiting for the initrd to be fetched'],
  'awaiting-begin': [50, 'waiting for the booted system to report'],
  working: [60, 'working'],
  finishing: [95, 'finishing'],
  done: [100, 'done'],
};

/** Percentage and words of a run's stage; a failed run has no percentage. */
export function stageProgress({
  kind,
  stage,
  cause,
  evidence,
}: Pick<SeenRun['run'], 'kind' | 'stage' | 'cause' | 'evidence'>): {
  percent: number | undefined;
  text: string;
} {
  const what = kind === 'inspect' ? 'inspection' : 'installation';
  if (stage === 'failed') return { percent: undefined, text: `${what} failed: ${cause ?? 'unknown cause'}` };
  const [from, text] = stages[stage];
  const { initrdBytes, initrdTotal } = evidence;
  const share = stage === 'awaiting-initrd' && initrdTotal > 0 ? Math.min(1, initrdBytes / initrdTotal) : 0;
  return {
    percent: Math.floor(from + share * (stages['awaiting-begin'][0] - from)),
    text: `${what}: ${text}`,
  };
}

/** The run that a call's lines lead to; undefined for a call that began none. */
export function linkOf(lines: readonly ProgressLine[]): RunLink | undefined {
  const told = lines.findLast(({ opaque }) => opaque?.includes('"runUuid"'))?.opaque;
  if (told === undefined) return undefined;
  try {
    const link = JSON.parse(told) as unknown;
    if (!isJsonObject(link)) return undefined;
    const { chassisUuid, runUuid } = link;
    return typeof chassisUuid === 'string' && typeof runUuid === 'string'
      ? { chassisUuid, runUuid }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A uuid for one step of a run, the same at every read: steps have none of their own. */
const stepUuid = (runUuid: string, index: number): Uuid =>
  `${runUuid.slice(0, 24)}${index.toString(16).padStart(8, '0')}` as Uuid;

/** The lines of a call and of the run that it began: each step of the timeline a sub-task, then the stage as the call's newest line. */
export function withRun(lines: readonly ProgressLine[], seen: SeenRun): readonly ProgressLine[] {
  const root = lines.findLast(({ parentUuid }) => parentUuid === undefined);
  if (root === undefined) return lines;
  const { run, entries } = seen;
  const steps = entries.map(
    ({ at, step, text }, index): ProgressLine => ({
      apiUuid: root.apiUuid,
      taskUuid: stepUuid(run.uuid, index),
      parentUuid: root.taskUuid,
      taskName: step,
      type: 'Task',
      content: text,
      percent: undefined,
      opaque: undefined,
      time: at,
    }),
  );
  const { percent, text } = stageProgress(run);
  const stage = {
    ...root,
    type: 'Progress' as const,
    content: text,
    percent,
    time: run.endedAt ?? run.stageSince,
  };
  return [...lines, ...steps, stage];
}
