import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { ApiError } from '../errors.ts';
import type { AccountStore, Session } from '../ports.ts';

/** How late the end of a session by its time may be noticed. */
const lookMs = 10_000;

/** Notices the end of sessions that have something open, such as a console. */
export interface SessionWatch {
  /** The store for everybody else: what ends sessions by it is noticed at once. */
  readonly accounts: AccountStore;
  /** Watches a session from now on. Rejects with ApiError `session-expired` when it is over already. */
  follow(session: Session): Promise<void>;
  close(): void;
}

/** `ended` is called once for each session that was followed and is over: logged out, expired, pushed out or deleted. */
export function watchSessions(deps: {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ended: (sessionUuid: string) => void;
}): SessionWatch {
  const { accounts, clock, log, ended } = deps;
  const followed = new Map<string, Session>();
  let stop: (() => void) | undefined;

  async function isOver({ uuid, expiredDate }: Session): Promise<boolean> {
    return expiredDate <= clock.now() || (await accounts.getSession(uuid)) === undefined;
  }

  async function look(): Promise<void> {
    for (const session of followed.values()) {
      if ((await isOver(session)) && followed.delete(session.uuid)) ended(session.uuid);
    }
  }

  async function lookOrLog(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.error({ err: messageOf(error) }, 'sessions with open consoles could not be looked at');
    }
  }

  function tick(): void {
    stop ??= clock.after(lookMs, () => {
      stop = undefined;
      if (followed.size === 0) return;
      tick();
      void lookOrLog();
    });
  }

  /** Waits for a change of the store after which sessions may be gone. */
  const thenLook = async <Answer>(change: Promise<Answer>): Promise<Answer> => {
    const answer = await change;
    if (followed.size > 0) await lookOrLog();
    return answer;
  };

  return {
    accounts: {
      ...accounts,
      deleteAccount: (uuid) => thenLook(accounts.deleteAccount(uuid)),
      deleteUser: (uuid) => thenLook(accounts.deleteUser(uuid)),
      deleteSession: (uuid) => thenLook(accounts.deleteSession(uuid)),
      deleteSessionsOf: (uuid, except) => thenLook(accounts.deleteSessionsOf(uuid, except)),
      keepNewestSessions: (userUuid, keep) => thenLook(accounts.keepNewestSessions(userUuid, keep)),
      deleteSessionsExpiredBefore: (time) => thenLook(accounts.deleteSessionsExpiredBefore(time)),
    },
    async follow(session) {
      followed.set(session.uuid, session);
      tick();
      if (!(await isOver(session))) return;
      followed.delete(session.uuid);
      ended(session.uuid);
      throw new ApiError('session-expired', 'Session expired: log in again');
    },
    close() {
      stop?.();
      followed.clear();
    },
  };
}
