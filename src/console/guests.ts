import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/random.ts';
import type { ConsoleService } from './service.ts';
import { createTickets, type TicketHolder, type Tickets } from './tickets.ts';
import { createSeats, type Seats } from './viewer/seats.ts';

/** A quarter of all that the API lets in. */
const screensOfAccount = 64;

/** Everybody who may come or is there, and what sends them away. */
export interface Guests
  extends Pick<ConsoleService, 'revokeSession' | 'revokeAccount' | 'revokeUnseen' | 'dismiss'> {
  readonly tickets: Tickets;
  readonly viewers: Seats;
  readonly screens: Seats;
  /** Makes tickets worthless and sends viewers away, who come back by themselves unless it is `final`. */
  end(isOver: (holder: TicketHolder) => boolean, text: string, final: boolean): void;
}

export function createGuests(deps: {
  readonly maxViewers: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): Guests {
  const { maxViewers } = deps;
  const tickets = createTickets(deps);
  const places = { ofMachine: maxViewers, inAll: maxViewers * 10 };
  const viewers = createSeats({ ...places, ofAccount: maxViewers * 2 });
  const screens = createSeats({ ...places, ofAccount: screensOfAccount });

  function end(isOver: (holder: TicketHolder) => boolean, text: string, final: boolean): void {
    tickets.revoke(isOver);
    viewers.end(isOver, text, final);
    screens.end(isOver, text, final);
  }

  return {
    tickets,
    viewers,
    screens,
    end,
    revokeSession: (sessionUuid) =>
      end(({ caller }) => caller.sessionUuid === sessionUuid, 'the session ended; log in again', true),
    revokeAccount: (accountUuid) =>
      end(({ caller }) => caller.accountUuid === accountUuid, 'the account may not see this any more', true),
    async revokeUnseen(machineUuids, maySee) {
      const machines = new Set(machineUuids);
      const isThere = ({ subject }: TicketHolder): boolean => machines.has(subject.uuid);
      const holders = [...tickets.holders(), ...viewers.holders(), ...screens.holders()].filter(isThere);
      for (const accountUuid of new Set(holders.map(({ caller }) => caller.accountUuid))) {
        if (await maySee(accountUuid).catch(() => false)) continue;
        end(
          (holder) => isThere(holder) && holder.caller.accountUuid === accountUuid,
          'the account may not see this machine any more',
          true,
        );
      }
    },
    dismiss: () => end(() => true, 'the server stops; try again in a moment', false),
  };
}
