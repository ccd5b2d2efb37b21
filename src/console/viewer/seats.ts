import { ConsoleError } from '../errors.ts';
import type { ConsoleSubject } from '../ports.ts';
import type { TicketHolder } from '../tickets.ts';

type End = (text: string, final: boolean) => void;

/** The place of one viewer or screen, from when its ticket is used up. */
export interface Seat {
  /** Somebody sits there now; `end` sends them away, at once if the seat was revoked meanwhile. */
  occupy(end: End): void;
  /** May be called twice. */
  leave(): void;
}

/** Places for those who look, at all machines. */
export interface Seats {
  /** Throws ConsoleError `refused` when no place is left, or none for this account. */
  check(subject: ConsoleSubject, accountUuid: string): void;
  /** As `check`, and takes the place. */
  take(holder: TicketHolder): Seat;
  /** Who sits there. */
  holders(): readonly TicketHolder[];
  end(isOver: (holder: TicketHolder) => boolean, text: string, final: boolean): void;
}

/** At most `ofMachine` at one machine, `ofAccount` for one account, and `inAll` at all. */
export function createSeats({
  ofMachine,
  ofAccount,
  inAll,
}: {
  readonly ofMachine: number;
  readonly ofAccount: number;
  readonly inAll: number;
}): Seats {
  const taken = new Map<Seat, { readonly holder: TicketHolder; readonly end: End }>();

  const holders = (): readonly TicketHolder[] => [...taken.values()].map(({ holder }) => holder);
  const count = (holds: (holder: TicketHolder) => boolean): number => holders().filter(holds).length;

  function check({ kind, uuid }: ConsoleSubject, accountUuid: string): void {
    const own = count(({ caller }) => caller.accountUuid === accountUuid);
    if (own >= ofAccount) {
      const text = `this account has ${own} consoles or screens open, and may have no more; close one and try again`;
      throw new ConsoleError('refused', text);
    }
    const here = count(({ subject }) => subject.kind === kind && subject.uuid === uuid);
    if (taken.size < inAll && here < ofMachine) return;
    throw new ConsoleError('refused', 'too many people look at consoles now; close one and try again');
  }

  return {
    check,
    take(holder) {
      check(holder.subject, holder.caller.accountUuid);
      let occupant: End | undefined;
      let ended: Parameters<End> | undefined;
      const seat: Seat = {
        occupy(end) {
          occupant = end;
          if (ended !== undefined) end(...ended);
        },
        leave: () => void taken.delete(seat),
      };
      const end: End = (text, final) => {
        ended ??= [text, final];
        occupant?.(text, final);
      };
      taken.set(seat, { holder, end });
      return seat;
    },
    holders,
    end(isOver, text, final) {
      for (const { holder, end } of taken.values()) if (isOver(holder)) end(text, final);
    },
  };
}
