import type { BmcSession } from '../link.ts';
import { IpmiError } from '../types.ts';
import type { BmcSlot } from './bmc-slot.ts';

/** A BMC's session for work that must notice its end, as serial over LAN does: what it began there ends with it. */
export interface PinnedSession {
  /** Its `close` gives the session up for all, between the commands of others. */
  readonly session: BmcSession;
  /** Ends it for its user, though the session itself may live on: the BMC is reached in another way from now on. */
  readonly lose: (error: IpmiError) => void;
  /** The work is done: its commands are refused from now on, and nobody is told. */
  readonly release: () => void;
}

const lost = (): IpmiError => new IpmiError('closed', 'the session was lost; log in again');

/**
 * Pins `current`, the session that is open now: `share` makes the commands of a slot's user of it. Commands take their turns as those of
 * others, but once this session is lost they are refused and never go through another one.
 */
export function pinSession(
  slot: BmcSlot,
  current: BmcSession,
  share: (slot: BmcSlot) => BmcSession,
): PinnedSession {
  const handlers = new Set<(error: IpmiError) => void>();
  let ended: IpmiError | undefined;
  let stopListening = (): void => {};

  function lose(error: IpmiError): void {
    if (ended) return;
    ended = error;
    stopListening();
    for (const handler of handlers) handler(error);
    handlers.clear();
  }

  function check(): BmcSession {
    if (ended) throw new IpmiError('closed', ended.message, { cause: ended });
    if (slot.session() !== current) throw lost();
    return current;
  }

  stopListening = current.onEnd(lose);
  const shared = share({ ...slot, open: async () => check() });
  const session: BmcSession = {
    ...shared,
    facts: current.facts,
    solPort: () => check().solPort(),
    // Unlike for other users: it is of no use any more, and what was begun in it must not go on.
    // In a turn: a command of somebody else that is under way, as one that switches a machine on, would be lost with it.
    close: () => slot.turn.run('status', async () => slot.drop(current)).catch(() => undefined),
    onEnd(handler) {
      if (ended || slot.session() !== current) {
        // Whoever asks late is told all the same, and after the call.
        const error = ended ?? lost();
        let isWanted = true;
        queueMicrotask(() => isWanted && handler(error));
        return () => void (isWanted = false);
      }
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
  return {
    session,
    lose,
    release() {
      handlers.clear();
      lose(new IpmiError('closed', 'this use of the session is over; log in again'));
    },
  };
}
