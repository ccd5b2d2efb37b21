import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Uuid } from '../base/uuid.ts';
import { createPowerPoller, type PowerPoller, type PowerView } from '../ipmi/index.ts';
import type { PowerRecord } from './power-record.ts';

/** Looks at the power of every machine now and then, evenly spread. */
export interface PowerLoop {
  add(chassisUuid: Uuid): void;
  remove(chassisUuid: Uuid): void;
  /** Looks at one soon. */
  look(chassisUuid: Uuid): void;
  /** What is known, with its age; `unknown` only with the reason. */
  view(chassisUuid: Uuid): PowerView;
  start(): void;
  close(): void;
}

/** How soon a changed setting is noticed. */
const settingMs = 5000;

/** Builds the loop; nothing is asked before its start. */
export function createPowerLoop(deps: {
  readonly record: Pick<PowerRecord, 'known'>;
  /** Asks a BMC and has its answer recorded. */
  readonly read: (chassisUuid: Uuid) => Promise<boolean>;
  /** Seconds between two looks at a machine; 0: none. Asked again and again. */
  readonly intervalSeconds: () => number;
  /** Told when a state is not known any more, or again. */
  readonly changed: (chassisUuid: Uuid) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): PowerLoop {
  const { record, clock, log } = deps;
  const machines = new Map<Uuid, number>();
  let interval = 0;
  let poller: PowerPoller | undefined;
  let cancel = (): void => undefined;

  function restart(): void {
    poller?.close();
    poller =
      interval === 0
        ? undefined
        : createPowerPoller(
            { intervalMs: interval * 1000 },
            { clock, read: (key) => deps.read(key as Uuid), changed: told, log },
          );
    for (const uuid of machines.keys()) poller?.add(uuid);
  }

  /** Changes of the power itself are the record's to judge. */
  function told(key: string, next: PowerView, before: PowerView): void {
    const facts = { chassis: key };
    deps.changed(key as Uuid);
    if (next.kind === 'unknown')
      log.warn({ ...facts, reason: next.reason }, 'the power state is not known any more');
    else if (before.kind === 'unknown' && before.reason !== 'not-asked')
      log.info({ ...facts, on: next.on }, 'the power state is known again');
  }

  function follow(): void {
    const wish = deps.intervalSeconds();
    if (wish !== interval) {
      interval = wish;
      restart();
    }
    cancel = clock.after(settingMs, follow);
  }

  return {
    add(uuid) {
      if (!machines.has(uuid)) machines.set(uuid, clock.now());
      poller?.add(uuid);
    },
    remove(uuid) {
      machines.delete(uuid);
      poller?.remove(uuid);
    },
    look: (uuid) => poller?.look(uuid),
    view(uuid) {
      const polled = poller?.view(uuid);
      if (polled?.kind === 'unknown' && polled.reason !== 'not-asked') return polled;
      const known = record.known(uuid);
      if (known !== undefined) return { kind: 'known', ...known };
      return { kind: 'unknown', reason: 'not-asked', since: machines.get(uuid) ?? clock.now() };
    },
    start: follow,
    close() {
      cancel();
      poller?.close();
    },
  };
}
