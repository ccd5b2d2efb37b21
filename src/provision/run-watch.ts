import { type Clock, delay } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Run, RunStage } from './model.ts';
import type { ConsoleLook, Evidence } from './ports.ts';
import type { RunBook } from './run/book.ts';
import { findConsoleSign } from './run/console-signs.ts';
import { newestLines, secretlessLines } from './run/console-text.ts';

/** Watches open runs: one that is quiet is looked at, one whose stage is late comes to its end. */
export interface RunWatch {
  /** Looks at the clock; called about once a second. */
  tick(): void;
}

/** A look takes a session with the BMC at most, or a picture over the network. */
const lookMs = 15_000;
/** For a small file. A disk may hang for ever, as one over a network does, and a late run must end all the same. */
const saveMs = 5000;
/** Nothing is quiet before that, however short its stage. */
const leastQuietMs = 60_000;
/** A machine that is being powered, or powered off, has nothing to show. */
const blind: ReadonlySet<RunStage> = new Set(['powering', 'finishing']);

/** Builds the watch; `background` carries work on that nobody waits for, and logs its failures. */
export function createRunWatch(deps: {
  readonly book: () => Pick<RunBook, 'all' | 'get' | 'apply'>;
  readonly limitSeconds: (run: Run) => number;
  /** Without it nothing is looked at. */
  readonly evidence: Evidence | undefined;
  readonly background: (work: Promise<unknown>) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): RunWatch {
  const { book, evidence, clock, log } = deps;
  /** Of each open run that was looked at: the stage in which it was quiet, and what its console showed. */
  const looked = new Map<
    Uuid,
    { readonly stage: RunStage | undefined; readonly shown: string | undefined }
  >();
  const ending = new Set<Uuid>();

  const noLook = (run: Run, error: unknown): void =>
    log.warn({ run: run.uuid, reason: messageOf(error) }, 'the consoles of a machine could not be looked at');

  /** What `work`, which never rejects, answers within `ms`, else `otherwise`. */
  const soon = <T>(work: Promise<T>, ms: number, otherwise: T): Promise<T> =>
    Promise.race([work, delay(clock, ms).then(() => otherwise)]);

  async function ask(run: Run, from: Evidence): Promise<ConsoleLook> {
    const asked = Promise.resolve()
      .then(() => from.look(run.chassisUuid))
      .catch((error: unknown) => {
        noLook(run, error);
        return {};
      });
    return soon<ConsoleLook>(asked, lookMs, {});
  }

  async function keep(run: Run, { screens }: Evidence, png: Uint8Array): Promise<string | undefined> {
    const saved = Promise.resolve()
      .then(() => screens.save(run.chassisUuid, run.uuid, png))
      .then(
        (name) => `/v1/baremetal/chassis/${run.chassisUuid}/console/screenshots/${name}`,
        (error: unknown) => {
          noLook(run, error);
          return undefined;
        },
      );
    return soon(saved, saveMs, undefined);
  }

  /** Puts what the machine shows into the timeline. Never rejects. */
  async function lookAt(run: Run, from: Evidence): Promise<void> {
    const { consoleTail, screenshot } = await ask(run, from);
    // It may have ended meanwhile, and its chassis may be gone.
    if (book().get(run.uuid) === undefined) return;
    const lines = consoleTail === undefined ? undefined : secretlessLines(consoleTail, run);
    const shown = lines?.join('\n');
    const before = looked.get(run.uuid);
    const isNew = shown !== undefined && shown !== before?.shown;
    looked.set(run.uuid, { stage: before?.stage, shown: shown ?? before?.shown });
    const screen = screenshot && (await keep(run, from, screenshot));
    if (!isNew && screen === undefined) return;
    const sign = findConsoleSign(lines ?? []);
    const console = isNew ? newestLines(lines ?? []) : undefined;
    await book()
      .apply(run.uuid, { type: 'looked', console, sign, screen })
      .catch(() => undefined);
  }

  /** Ends a run whose stage is late, unless it goes on while it is looked at. */
  async function end(run: Run): Promise<void> {
    if (evidence !== undefined && !blind.has(run.stage)) {
      await lookAt(run, evidence);
      const now = book().get(run.uuid);
      if (now?.stage !== run.stage || now.stageSince !== run.stageSince) return;
    }
    await book()
      .apply(run.uuid, { type: 'deadline' })
      .catch(() => undefined);
  }

  function isQuiet(run: Run, quietMs: number, limitMs: number): boolean {
    if (evidence === undefined || evidence.quietPercent === 0 || blind.has(run.stage)) return false;
    if (looked.get(run.uuid)?.stage === run.stage) return false;
    return quietMs >= Math.max(leastQuietMs, (limitMs * evidence.quietPercent) / 100);
  }

  return {
    tick() {
      const now = clock.now();
      const open = book().all();
      for (const uuid of looked.keys()) if (!open.some((run) => run.uuid === uuid)) looked.delete(uuid);
      for (const run of open) {
        const quietMs = now - run.stageSince;
        const limitMs = deps.limitSeconds(run) * 1000;
        if (quietMs > limitMs) {
          if (ending.has(run.uuid)) continue;
          ending.add(run.uuid);
          deps.background(end(run).finally(() => ending.delete(run.uuid)));
        } else if (evidence !== undefined && isQuiet(run, quietMs, limitMs)) {
          // Before the look: at most once a stage, however it works out.
          looked.set(run.uuid, { stage: run.stage, shown: looked.get(run.uuid)?.shown });
          deps.background(lookAt(run, evidence));
        }
      }
    },
  };
}
