import { toHex } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import { KvmError } from '../errors.ts';
import type { RedirectProtocol } from '../service.ts';

const lifeMs = 60_000;
const maxOpen = 100;
/** Of one owner: nobody may take them all. A SPICE viewer needs some eight at once. */
const maxOfOwner = 25;

/** What a ticket is good for. */
export interface TicketSubject {
  readonly vmInstanceUuid: Uuid;
  readonly owner: string;
  readonly protocol: RedirectProtocol;
}

/** Tickets in memory: 256 random bits, good once, for 60 s; a restart ends them all. */
export interface Tickets {
  /** Throws KvmError `refused` when too many wait to be used. */
  issue(subject: TicketSubject): { readonly ticket: string; readonly expiresAt: number };
  /** Uses a ticket up; undefined when it is unknown, used or expired. */
  take(ticket: string): TicketSubject | undefined;
  revoke(owner: string): void;
  clear(): void;
}

export function createTickets({
  clock,
  random,
}: {
  readonly clock: Clock;
  readonly random: RandomBytes;
}): Tickets {
  const open = new Map<string, TicketSubject & { readonly expiresAt: number }>();

  function drop(isOver: (one: TicketSubject & { readonly expiresAt: number }) => boolean): void {
    for (const [ticket, one] of open) if (isOver(one)) open.delete(ticket);
  }

  return {
    issue(subject) {
      const now = clock.now();
      drop(({ expiresAt }) => expiresAt <= now);
      const own = [...open.values()].filter(({ owner }) => owner === subject.owner).length;
      if (open.size >= maxOpen || own >= maxOfOwner) {
        throw new KvmError('refused', 'too many tickets wait to be used; use them, or try again in a minute');
      }
      const ticket = toHex(random(32));
      const expiresAt = now + lifeMs;
      open.set(ticket, { ...subject, expiresAt });
      return { ticket, expiresAt };
    },
    take(ticket) {
      const found = open.get(ticket);
      open.delete(ticket);
      if (found === undefined || found.expiresAt <= clock.now()) return undefined;
      const { vmInstanceUuid, owner, protocol } = found;
      return { vmInstanceUuid, owner, protocol };
    },
    revoke: (revoked) => drop(({ owner }) => owner === revoked),
    clear: () => open.clear(),
  };
}
