import type { Clock } from '../base/clock.ts';
import type { Uuid } from '../base/uuid.ts';

/** What something that we do makes of a machine's power; `either`: off and on, as a reset or an installation does. */
export type PowerAim = 'on' | 'off' | 'either';

/** The last look at a machine's power that told; `at` in ms since the epoch. */
export interface KnownPower {
  readonly on: boolean;
  readonly at: number;
}

/** A change of power that was seen: `on` at `at`, and otherwise at `after`. */
export interface SeenPowerChange extends KnownPower {
  readonly chassisUuid: Uuid;
  readonly after: number;
}

/** What we did last to a machine's power. */
export interface OwnCommand {
  readonly aim: PowerAim;
  /** Undefined while it is under way. */
  readonly endedAt: number | undefined;
}

/** A BMC takes a command at once, but the machine follows later, and firmware may switch it off and on once more. */
const graceMs = 120_000;

/** True when what we did last explains a change: it may have happened any time since the machine was last seen otherwise. */
export function isOurs(
  change: Pick<SeenPowerChange, 'on' | 'after'>,
  command: OwnCommand | undefined,
): boolean {
  if (command === undefined) return false;
  const { aim, endedAt = Number.POSITIVE_INFINITY } = command;
  return (aim === 'either' || (aim === 'on') === change.on) && endedAt >= change.after - graceMs;
}

/** The command in force when another begins at `now`: two with different aims that may overlap explain both states. */
export function followedBy(before: OwnCommand | undefined, aim: PowerAim, now: number): PowerAim {
  const overlaps = before !== undefined && (before.endedAt ?? now) >= now - graceMs;
  return overlaps && before.aim !== aim ? 'either' : aim;
}

/** Power states as they were last seen, in memory, and what we did ourselves. */
export interface PowerRecord {
  /** Notes what a BMC told; a change that we have not made is told to `unexpected`. */
  observed(chassisUuid: Uuid, on: boolean): void;
  known(chassisUuid: Uuid): KnownPower | undefined;
  /** Runs work that changes the power. */
  during<T>(chassisUuid: Uuid, aim: PowerAim, work: () => Promise<T>): Promise<T>;
  /** The machine is expected to change its power itself about now. */
  expect(chassisUuid: Uuid, aim: PowerAim): void;
  forget(chassisUuid: Uuid): void;
}

/** Builds an empty record. */
export function createPowerRecord(deps: {
  readonly clock: Clock;
  readonly unexpected: (change: SeenPowerChange) => void;
  /** Told of every change, ours too, and of the first look. */
  readonly changed?: (chassisUuid: Uuid) => void;
}): PowerRecord {
  const { clock } = deps;
  const seen = new Map<Uuid, KnownPower>();
  const commands = new Map<Uuid, { readonly aim: PowerAim; underWay: number; endedAt: number }>();

  const commandOf = (chassisUuid: Uuid): OwnCommand | undefined => {
    const command = commands.get(chassisUuid);
    return command && { aim: command.aim, endedAt: command.underWay > 0 ? undefined : command.endedAt };
  };

  function begin(chassisUuid: Uuid, wish: PowerAim): () => void {
    const now = clock.now();
    const aim = followedBy(commandOf(chassisUuid), wish, now);
    const underWay = (commands.get(chassisUuid)?.underWay ?? 0) + 1;
    commands.set(chassisUuid, { aim, underWay, endedAt: now });
    return () => {
      const command = commands.get(chassisUuid);
      if (command === undefined) return;
      command.underWay -= 1;
      command.endedAt = clock.now();
    };
  }

  return {
    observed(chassisUuid, on) {
      const at = clock.now();
      const before = seen.get(chassisUuid);
      seen.set(chassisUuid, { on, at });
      if (before?.on === on) return;
      deps.changed?.(chassisUuid);
      if (before === undefined) return;
      const change = { chassisUuid, on, at, after: before.at };
      if (!isOurs(change, commandOf(chassisUuid))) deps.unexpected(change);
    },
    known: (chassisUuid) => seen.get(chassisUuid),
    async during(chassisUuid, aim, work) {
      const end = begin(chassisUuid, aim);
      try {
        return await work();
      } finally {
        end();
      }
    },
    expect: (chassisUuid, aim) => begin(chassisUuid, aim)(),
    forget(chassisUuid) {
      seen.delete(chassisUuid);
      commands.delete(chassisUuid);
    },
  };
}
