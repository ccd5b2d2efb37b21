import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { newUuid } from '../../base/uuid.ts';
import type { ProgressLine, ProgressStore } from '../ports.ts';
import { hideSecrets } from './errors.ts';
import type { TaskProgress } from './progress.ts';
import { startSweep } from './sweep.ts';

/** A call writes at most this often, whatever it tells. */
const writeMs = 250;
const maxLines = 10_000;
const maxText = 2000;

/** One call as it goes on. */
export interface CallProgress {
  readonly task: TaskProgress;
  /** Writes what is left and the end: what went wrong in words, or undefined for a success. Never rejects. */
  ended(failure: string | undefined): Promise<void>;
}

/** The call whose progress is kept. */
export interface FollowedCall {
  readonly apiUuid: Uuid;
  /** Its API. */
  readonly name: string;
  /** Values that no text may quote. */
  readonly secrets: readonly string[];
}

/** Keeps the progress of calls. */
export interface ProgressBook {
  begin(call: FollowedCall): CallProgress;
  /** Stops the sweep; lines that are told later are lost. */
  close(): void;
}

/** A task's name, its parent, the last that it told. */
interface Task {
  readonly uuid: Uuid;
  readonly parentUuid: Uuid | undefined;
  readonly name: string;
  percent: number | undefined;
  stage: string | undefined;
  /** A JSON text. */
  opaque: string | undefined;
}

/**
 * Progress of calls over a store. Lines that a task tells faster than they are written replace each other; its begin,
 * the last line and the end of the call are always written.
 */
export function createProgressBook(deps: {
  readonly store: ProgressStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** How long lines are kept; asked at each sweep. */
  readonly keepMs: () => number;
  readonly log: Logger;
}): ProgressBook {
  const { store, clock, random, log } = deps;
  const deleteSome = (limit: number): Promise<number> =>
    store.deleteProgressBefore(clock.now() - deps.keepMs(), limit);
  const stopSweep = startSweep({ clock, log, what: 'old task progress', deleteSome });

  const begin = ({ apiUuid, name, secrets }: FollowedCall): CallProgress => {
    /** Lines to write, in the order of the newest; a task's report replaces its report before. */
    const waiting = new Map<string, ProgressLine>();
    let written = 0;
    let over = false;
    let cancel: (() => void) | undefined;

    const write = async (): Promise<void> => {
      cancel?.();
      cancel = undefined;
      const lines = [...waiting.values()];
      waiting.clear();
      written += lines.length;
      try {
        if (lines.length > 0) await store.append(lines);
      } catch (error) {
        log.warn({ job: apiUuid, err: messageOf(error) }, 'task progress could not be stored');
      }
    };

    const lineOf = (task: Task, type: ProgressLine['type'], text: string): ProgressLine => ({
      apiUuid,
      taskUuid: task.uuid,
      parentUuid: task.parentUuid,
      taskName: task.name,
      type,
      content: hideSecrets(text, secrets).slice(0, maxText),
      percent: task.percent,
      opaque: task.opaque,
      time: clock.now(),
    });

    const put = (key: string, line: ProgressLine): void => {
      // The last place is the end's.
      if (over || written + waiting.size >= maxLines - 1) return;
      waiting.delete(key);
      waiting.set(key, line);
      cancel ??= clock.after(writeMs, () => void write());
    };

    const follow = (task: Task): TaskProgress => ({
      report(stage, percent, opaque) {
        try {
          const given =
            percent !== undefined && percent >= 0 ? Math.floor(Math.min(percent, 100)) : undefined;
          if (given !== undefined) task.percent = Math.max(task.percent ?? 0, given);
          task.stage = stage;
          if (opaque !== undefined) task.opaque = opaqueText(opaque);
          put(`report ${task.uuid}`, lineOf(task, 'Progress', stage));
        } catch (error) {
          log.warn({ job: apiUuid, err: messageOf(error) }, 'a progress report is unusable');
        }
      },
      subTask(part) {
        const child = newTask(newUuid(random), part.slice(0, 255), task.uuid);
        put(`begin ${child.uuid}`, lineOf(child, 'Task', 'begun'));
        return follow(child);
      },
    });

    const root = newTask(apiUuid, name, undefined);
    root.percent = 0;
    put('begin', lineOf(root, 'Task', 'begun'));

    return {
      task: follow(root),
      async ended(failure) {
        const where = root.stage === undefined ? '' : ` while ${root.stage}`;
        // A run that the call set going is not at 100 % because the call has returned.
        const goesOn = root.opaque?.includes('"runUuid"') === true;
        if (failure === undefined && !goesOn) root.percent = 100;
        const success = goesOn ? 'the call has ended, what it began goes on' : 'done';
        const end = lineOf(root, 'Task', failure === undefined ? success : `failed${where}: ${failure}`);
        waiting.set('end', end);
        over = true;
        await write();
      },
    };
  };

  return { begin, close: stopSweep };
}

/** Facts as a JSON text; none at all rather than half of one. */
function opaqueText(opaque: object): string | undefined {
  const text = JSON.stringify(opaque);
  return text.length <= maxText ? text : undefined;
}

function newTask(uuid: Uuid, name: string, parentUuid: Uuid | undefined): Task {
  return { uuid, parentUuid, name, percent: undefined, stage: undefined, opaque: undefined };
}
