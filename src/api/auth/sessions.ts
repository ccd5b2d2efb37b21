import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import { newUuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { Account, AccountStore, Session } from '../ports.ts';
import { createGate } from './gate.ts';
import { hashPassword, passwordDigest, verifyPassword } from './password.ts';
import { createThrottle } from './throttle.ts';

const maxSessionsPerAccount = 500;

/** Who is calling. */
export interface Caller {
  readonly account: Account;
  readonly session: Session;
}

/** Logs in and out and says who a session belongs to. */
export interface Sessions {
  /** Rejects with ApiError `login-failed`. `password`: clear, or its SHA-512 in 128 hex digits. */
  logIn(accountName: string, password: string, remoteAddress: string): Promise<Session>;
  /** Ending a session that is not there is fine. */
  logOut(uuid: string): Promise<void>;
  isValid(uuid: string): Promise<boolean>;
  /** The caller of a live session; rejects with ApiError `session-expired`. */
  authenticate(uuid: string): Promise<Caller>;
}

/** What sessions need; `passwordCost` must be the cost of new hashes, so that unknown accounts take as long as known ones. */
export interface SessionsDeps {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly sessionMs: number;
  readonly passwordCost: number;
}

/** Sessions over an account store. Lifetime is fixed, not sliding, as in the product. */
export function createSessions(deps: SessionsDeps): Sessions {
  const { accounts, clock, random, sessionMs, passwordCost } = deps;
  const throttle = createThrottle();
  // scrypt takes threads that file reads of the boot services need too; two at a time leave some free.
  const gate = createGate(2, 100);
  const nobodysHash = hashPassword(passwordDigest(''), random, passwordCost);
  nobodysHash.catch(() => {});

  const find = async (uuid: string): Promise<Session | undefined> => {
    if (!/^[0-9a-f]{32}$/.test(uuid)) return undefined;
    const session = await accounts.getSession(uuid);
    return session !== undefined && session.expiredDate > clock.now() ? session : undefined;
  };

  const check = async (accountName: string, password: string): Promise<Account | undefined> => {
    const account = await accounts.getAccountByName(accountName);
    const stored = account?.passwordHash ?? (await nobodysHash);
    const matches = await verifyPassword(passwordDigest(password), stored);
    return matches ? account : undefined;
  };

  return {
    async logIn(accountName, password, remoteAddress) {
      const key = `${remoteAddress} ${accountName}`;
      const now = clock.now();
      if (throttle.isBlocked(key, now)) {
        throw new ApiError('login-failed', 'too many failed logins: wait one minute and try again');
      }
      const checking = gate(() => check(accountName, password));
      if (checking === undefined) {
        throw new ApiError('login-failed', 'too many logins at once: wait a moment and try again');
      }
      throttle.begin(key, now);
      const account = await checking;
      if (account === undefined) throw new ApiError('login-failed', 'wrong account name or password');
      throttle.succeed(key);
      const createDate = clock.now();
      const session: Session = {
        uuid: newUuid(random),
        accountUuid: account.uuid,
        userUuid: account.uuid,
        createDate,
        expiredDate: createDate + sessionMs,
      };
      await accounts.saveSession(session);
      await accounts.keepNewestSessions(account.uuid, maxSessionsPerAccount);
      return session;
    },
    async logOut(uuid) {
      if (/^[0-9a-f]{32}$/.test(uuid)) await accounts.deleteSession(uuid);
    },
    isValid: async (uuid) => (await find(uuid)) !== undefined,
    async authenticate(uuid) {
      const session = await find(uuid);
      const account = session && (await accounts.getAccount(session.accountUuid));
      if (session === undefined || account === undefined) {
        throw new ApiError('session-expired', 'Session expired: log in again');
      }
      return { account, session };
    },
  };
}
