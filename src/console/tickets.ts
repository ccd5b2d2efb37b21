import { createHash } from 'node:crypto';
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/random.ts';
import { ConsoleError } from './errors.ts';
import type { ConsoleSubject } from './ports.ts';
import type { ConsoleCaller } from './service.ts';

/** A link to a console, for a person who is about to open it. */
export const linkLifeMs = 120_000;
/** A screen that a viewer's own page is about to open. */
export const screenLifeMs = 30_000;
/** For coming back after a reload or a loss, from when the viewer left. */
const resumeLifeMs = 600_000;

/** Tickets that wait to be used, in all and of one account: nobody may take them all. */
export const ticketLimits = { inAll: 500, ofAccount: 25 } as const;

/** Whom a ticket was made for, and what it opens. */
export interface TicketHolder {
  readonly caller: ConsoleCaller;
  readonly subject: ConsoleSubject;
  readonly viewOnly: boolean;
}

/** A viewer's ticket for coming back. It does not age while the viewer is there. */
export interface ResumeTicket {
  readonly ticket: string;
  /** The viewer left: it is good for ten minutes more. May be called twice. */
  leave(): void;
}

/** Tickets of 256 random bits, each good once. Kept in memory and as SHA-256 only; a restart ends them all. */
export interface Tickets {
  /** Throws ConsoleError `refused` when too many wait to be used. `expiresAt` is ms since the epoch. */
  issue(
    kind: 'console' | 'screen',
    holder: TicketHolder,
    lifeMs: number,
  ): { readonly ticket: string; readonly expiresAt: number };
  /** Opens a console once more; `used` is called when that happens, for the viewer that it replaces. */
  resume(holder: TicketHolder, used: () => void): ResumeTicket;
  /** Uses a ticket up; undefined when it is unknown, used, expired or of the other kind. */
  take(kind: 'console' | 'screen', ticket: string): TicketHolder | undefined;
  /** For whom there are any. */
  holders(): readonly TicketHolder[];
  revoke(isOver: (holder: TicketHolder) => boolean): void;
}

interface Entry {
  readonly kind: 'console' | 'screen';
  readonly holder: TicketHolder;
  /** Undefined while its viewer is there. */
  expiresAt: number | undefined;
  readonly used?: () => void;
}

const hashOf = (ticket: string): string => createHash('sha256').update(ticket).digest('hex');

export function createTickets({
  clock,
  random,
}: {
  readonly clock: Clock;
  readonly random: RandomBytes;
}): Tickets {
  /** By hash, oldest first. */
  const entries = new Map<string, Entry>();

  const isExpired = ({ expiresAt }: Entry): boolean => expiresAt !== undefined && expiresAt <= clock.now();

  function sweep(): void {
    for (const [hash, entry] of entries) if (isExpired(entry)) entries.delete(hash);
  }

  /** Those that wait: not the ones whose viewer is there. */
  function waiting(isResume: boolean, accountUuid: string): { inAll: number; own: readonly string[] } {
    const rows = [...entries].filter(
      ([, { used, expiresAt }]) => (used !== undefined) === isResume && expiresAt !== undefined,
    );
    const own = rows.filter(([, { holder }]) => holder.caller.accountUuid === accountUuid);
    return { inAll: rows.length, own: own.map(([hash]) => hash) };
  }

  function add(entry: Entry): { readonly ticket: string; readonly hash: string } {
    const ticket = toHex(random(32));
    const hash = hashOf(ticket);
    entries.set(hash, entry);
    return { ticket, hash };
  }

  return {
    issue(kind, holder, lifeMs) {
      sweep();
      const { inAll, own } = waiting(false, holder.caller.accountUuid);
      if (inAll >= ticketLimits.inAll || own.length >= ticketLimits.ofAccount) {
        throw new ConsoleError(
          'refused',
          'too many console links wait to be opened; open them, or try again in two minutes',
        );
      }
      const expiresAt = clock.now() + lifeMs;
      return { ticket: add({ kind, holder, expiresAt }).ticket, expiresAt };
    },
    resume(holder, used) {
      const entry: Entry = { kind: 'console', holder, expiresAt: undefined, used };
      const { ticket, hash } = add(entry);
      return {
        ticket,
        leave() {
          if (entries.get(hash) !== entry || entry.expiresAt !== undefined) return;
          sweep();
          entry.expiresAt = clock.now() + resumeLifeMs;
          // The one that left last is at the end.
          entries.delete(hash);
          entries.set(hash, entry);
          const [oldest, ...others] = waiting(true, holder.caller.accountUuid).own;
          if (oldest !== undefined && others.length >= ticketLimits.ofAccount) entries.delete(oldest);
        },
      };
    },
    take(kind, ticket) {
      const hash = hashOf(ticket);
      const entry = entries.get(hash);
      if (entry?.kind !== kind) return undefined;
      entries.delete(hash);
      if (isExpired(entry)) return undefined;
      entry.used?.();
      return entry.holder;
    },
    holders: () => [...entries.values()].map(({ holder }) => holder),
    revoke(isOver) {
      for (const [hash, { holder }] of entries) if (isOver(holder)) entries.delete(hash);
    },
  };
}
