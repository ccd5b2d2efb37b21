import type { Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/random.ts';
import { newUuid, parseUuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { Account, AccountStore, Session, User } from '../ports.ts';
import { createLoginGuard } from './login-guard.ts';

/** Who is calling. `user` is undefined in an account's own session. */
export interface Caller {
  readonly account: Account;
  readonly user: User | undefined;
  readonly session: Session;
}

/** The caller of an API that needs a session; throws ApiError `session-expired` when there is none. */
export function callerOf(caller: Caller | undefined): Caller {
  if (caller === undefined) throw sessionExpired();
  return caller;
}

function sessionExpired(): ApiError {
  // Clients look for these two words.
  return new ApiError('session-expired', 'Session expired: log in again');
}

/** Logs in and out and says who a session belongs to. Passwords: clear, or their SHA-512 in 128 hex digits. */
export interface Sessions {
  /** Rejects with ApiError `login-failed`. */
  logIn(accountName: string, password: string, remoteAddress: string): Promise<Session>;
  /** As `logIn`, for a user of an account; the account's uuid beats its name. `bad-argument` when neither is given. */
  logInByUser(login: UserLogin, remoteAddress: string): Promise<Session>;
  /** Ending a session that is not there is fine. */
  logOut(uuid: string): Promise<void>;
  isValid(uuid: string): Promise<boolean>;
  /** The caller of a live session; rejects with ApiError `session-expired`. */
  authenticate(uuid: string): Promise<Caller>;
}

/** What a user gives to log in. */
interface UserLogin {
  readonly accountUuid?: string;
  readonly accountName?: string;
  readonly userName: string;
  readonly password: string;
}

/** What sessions need. The limits are asked at every login, so that a change holds from the next one on. */
interface SessionsDeps {
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly sessionSeconds: () => number;
  readonly maxSessions: () => number;
  /** Failed logins in a minute per name and address. */
  readonly maxFailures: () => number;
  readonly passwordCost: number;
}

/** Sessions over an account store. Lifetime is fixed, not sliding, as in the product. */
export function createSessions(deps: SessionsDeps): Sessions {
  const { accounts, clock, random, sessionSeconds, maxSessions } = deps;
  const isRight = createLoginGuard(deps);

  const find = async (uuid: string): Promise<Session | undefined> => {
    if (!/^[0-9a-f]{32}$/.test(uuid)) return undefined;
    const session = await accounts.getSession(uuid);
    return session !== undefined && session.expiredDate > clock.now() ? session : undefined;
  };

  const holderOf = async (session: Session): Promise<Caller | undefined> => {
    const account = await accounts.getAccount(session.accountUuid);
    if (account === undefined) return undefined;
    if (session.userUuid === session.accountUuid) return { account, user: undefined, session };
    const user = await accounts.getUser(session.userUuid);
    return user && { account, user, session };
  };

  const begin = async (account: Account, user: User | undefined): Promise<Session> => {
    const createDate = clock.now();
    const session: Session = {
      uuid: newUuid(random),
      accountUuid: account.uuid,
      userUuid: user?.uuid ?? account.uuid,
      createDate,
      expiredDate: createDate + sessionSeconds() * 1000,
    };
    await accounts.saveSession(session);
    await accounts.keepNewestSessions(session.userUuid, maxSessions());
    return session;
  };

  return {
    async logIn(accountName, password, remoteAddress) {
      const account = await accounts.getAccountByName(accountName);
      const { passwordHash } = account ?? {};
      const who = account?.uuid ?? accountName;
      const right = await isRight({ remoteAddress, who, passwordHash, password });
      const still = account && (await accounts.getAccount(account.uuid));
      // The password may have been changed while it was being checked.
      if (!right || still === undefined || still.passwordHash !== passwordHash) {
        throw new ApiError('login-failed', 'wrong account name or password');
      }
      return begin(still, undefined);
    },
    async logInByUser({ accountUuid, accountName, userName, password }, remoteAddress) {
      const given = accountUuid ?? accountName;
      if (given === undefined) {
        throw new ApiError('bad-argument', 'API LogInByUser: give accountUuid or accountName', {
          data: { parameter: 'accountName' },
        });
      }
      const account = await (accountUuid === undefined
        ? accounts.getAccountByName(given)
        : accounts.getAccount(parseUuid(given) ?? given));
      const user = await accounts.getUserByName(account?.uuid ?? '', userName);
      const { passwordHash } = user ?? {};
      const who = user?.uuid ?? `${account?.uuid ?? given} ${userName}`;
      const right = await isRight({ remoteAddress, who, passwordHash, password });
      const still = user && (await accounts.getUser(user.uuid));
      if (!right || account === undefined || still === undefined || still.passwordHash !== passwordHash) {
        throw new ApiError('login-failed', 'wrong account, user name or password');
      }
      return begin(account, still);
    },
    async logOut(uuid) {
      if (/^[0-9a-f]{32}$/.test(uuid)) await accounts.deleteSession(uuid);
    },
    isValid: async (uuid) => (await find(uuid)) !== undefined,
    async authenticate(uuid) {
      const session = await find(uuid);
      return callerOf(session && (await holderOf(session)));
    },
  };
}
