import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { createTurns } from '../../base/turns.ts';
import type { Uuid } from '../../base/uuid.ts';
import { ConsoleError } from '../errors.ts';
import type { ConsoleSubject, Machines } from '../ports.ts';
import type { SerialHub } from '../serial/types.ts';
import { type Desk, openDesk } from './desk.ts';

/** A desk that stays open until `release`, which may be called twice. */
export interface DeskLease {
  readonly desk: Desk;
  release(): void;
}

/** Desks by machine: opened on first need, closed when nobody needs them. */
export interface Desks {
  /** Rejects with ConsoleError. */
  use(subject: ConsoleSubject): Promise<DeskLease>;
  /** The desk of a machine if it is open. */
  opened(kind: ConsoleSubject['kind'], uuid: string): Desk | undefined;
  /** Does something with a machine whose desk is closed, or is closed for it, before anybody opens it again. */
  whileClosed<T>(kind: ConsoleSubject['kind'], uuid: string, work: () => Promise<T>): Promise<T>;
  /** Closes all; nothing is opened afterwards. */
  close(): Promise<void>;
}

interface Open {
  readonly desk: Desk;
  users: number;
  cancelShut: () => void;
}

/** Longer than the line itself lingers: whoever reloads the page finds everything as it was. */
const lingerMs = 35_000;

/** `kind/uuid`: one turn and one desk for each. */
const keyOf = (kind: ConsoleSubject['kind'], uuid: string): Uuid => `${kind}/${uuid}` as Uuid;

export function createDesks(deps: {
  readonly machines: Machines;
  readonly openHub: (subject: ConsoleSubject) => Promise<SerialHub>;
  readonly clock: Clock;
  readonly log: Logger;
}): Desks {
  const { machines, openHub, clock, log } = deps;
  const open = new Map<Uuid, Open>();
  const inTurn = createTurns();
  let closed = false;

  async function shut(key: Uuid): Promise<void> {
    const one = open.get(key);
    open.delete(key);
    one?.cancelShut();
    const desk = one?.desk;
    desk?.close();
    await desk?.hub.close();
    await desk?.hub.record.close();
  }

  function leaseOf(key: Uuid, one: Open): DeskLease {
    one.users += 1;
    one.cancelShut();
    let given = false;
    return {
      desk: one.desk,
      release() {
        if (given) return;
        given = true;
        one.users -= 1;
        if (one.users === 0) shutLater(key, one);
      },
    };
  }

  function shutLater(key: Uuid, one: Open): void {
    one.cancelShut();
    one.cancelShut = clock.after(lingerMs, () => {
      void inTurn(key, async () => {
        if (one.users === 0 && open.get(key) === one) await shut(key);
      }).catch((error: unknown) => log.error({ key, err: messageOf(error) }, 'a console did not close'));
    });
  }

  return {
    use(subject) {
      const key = keyOf(subject.kind, subject.uuid);
      return inTurn(key, async () => {
        const found = open.get(key);
        if (found !== undefined) return leaseOf(key, found);
        const hub = await openHub(subject);
        try {
          const made: Open = {
            desk: await openDesk({ subject, hub, machines, log }),
            users: 0,
            cancelShut: () => {},
          };
          if (closed) throw new ConsoleError('unavailable', 'the server stops; try again in a moment');
          open.set(key, made);
          return leaseOf(key, made);
        } catch (error) {
          await hub.close();
          await hub.record.close();
          throw error;
        }
      });
    },
    opened: (kind, uuid) => open.get(keyOf(kind, uuid))?.desk,
    whileClosed(kind, uuid, work) {
      const key = keyOf(kind, uuid);
      return inTurn(key, async () => {
        await shut(key);
        return work();
      });
    },
    async close() {
      closed = true;
      await Promise.all([...open.keys()].map((key) => inTurn(key, () => shut(key))));
    },
  };
}
