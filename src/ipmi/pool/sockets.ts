import type { Clock } from '../../base/clock.ts';
import { IpmiError } from '../types.ts';
import type { BmcSlot } from './bmc-slot.ts';
import { createGate } from './gate.ts';
import type { PinnedSession } from './pinned-session.ts';
import type { Priority } from './turn-order.ts';

/** Who has a socket, or wants one: a BMC and its users. */
export interface Tenant {
  readonly slot: Pick<BmcSlot, 'session' | 'close'>;
  users: number;
  /** Those of the users that may last for hours, also while they log in. */
  stays: number;
  readonly pins: Set<PinnedSession>;
}

/** The sockets that all BMCs share; those who stay for hours never keep a command from getting one. */
export interface Sockets {
  /** Resolves with the function that gives the socket back. Rejects with IpmiError `busy` after `withinMs`. */
  take(tenant: Tenant, priority: Priority, withinMs: number): Promise<() => void>;
  /** One more user that stays. Throws IpmiError `busy` when as many BMCs as may have one. */
  stay(tenant: Tenant): void;
  /** A user that stayed is gone. */
  stayed(tenant: Tenant): void;
  /** A user is gone or has its pin, so that maybe only such are left who can be put out. */
  review(tenant: Tenant): void;
  isWaitedFor(): boolean;
  /** Everybody that waits, and all later ones, get `error`. */
  shut(error: Error): void;
}

const socketNeeded = (): IpmiError =>
  new IpmiError(
    'closed',
    'the BMC session is given up: its socket is needed for a command; log in again later',
  );

/** Nothing was sent to a BMC. */
const refused = (text: string): IpmiError => new IpmiError('busy', text, { data: { notTried: true } });

/** Shares out `limit` sockets; `closeUnused` closes an open session without users, and answers whether there was one. */
export function createSockets(limit: number, clock: Clock, closeUnused: () => boolean): Sockets {
  const gate = createGate(limit);
  const mostStaying = Math.max(1, Math.floor((limit * 3) / 4));
  /** Those who came first are first. */
  const staying = new Set<Tenant>();
  /** Commands that wait though nobody could be put out for them. */
  const stranded = new Set<object>();

  /** Takes the session from those who stay, unless somebody else uses it too. */
  function evict({ slot, users, pins }: Tenant): boolean {
    if (slot.session() === undefined || users > pins.size) return false;
    for (const pin of pins) pin.lose(socketNeeded());
    void slot.close(false);
    return true;
  }

  return {
    async take(tenant, priority, withinMs) {
      const error = (): IpmiError =>
        refused(`all ${limit} sockets for BMC sessions are in use; try again in a minute`);
      const wish = {};
      if (gate.isFull() && !closeUnused()) {
        // Who stays puts out nobody: they would do it to each other for ever.
        const isUrgent = priority === 'command' && tenant.users > tenant.stays;
        if (isUrgent && ![...staying].some(evict)) stranded.add(wish);
      }
      try {
        return await gate.enter(priority, { clock, ms: withinMs, error });
      } finally {
        stranded.delete(wish);
      }
    },
    stay(tenant) {
      if (tenant.stays === 0 && staying.size >= mostStaying)
        throw refused(
          `${mostStaying} BMC sessions are held open for consoles, and the other sockets are kept for commands; close a console`,
        );
      tenant.stays++;
      staying.add(tenant);
    },
    stayed(tenant) {
      tenant.stays--;
      if (tenant.stays === 0) staying.delete(tenant);
    },
    review(tenant) {
      const [wish] = stranded;
      if (wish !== undefined && evict(tenant)) stranded.delete(wish);
    },
    isWaitedFor: () => gate.isWaitedFor(),
    shut: (error) => gate.shut(error),
  };
}
