import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { type BmcTarget, IpmiError } from '../types.ts';

/** Failed logins in a row of one BMC account; 0 of them: nothing to remember. */
export interface GuardEntry {
  /** The caller's name of the BMC. */
  readonly key: string;
  /** See `accountOf`. */
  readonly account: string;
  readonly failures: number;
  /** Of the last failure. */
  readonly at: number;
}

/** Where failures are kept, so that a program which starts again and again does not lock an account either. */
export interface GuardStore {
  load(): Promise<readonly GuardEntry[]> | readonly GuardEntry[];
  /** Replaces the entry of the account, or removes it with 0 failures; durable when it resolves. */
  save(entry: GuardEntry): Promise<void> | void;
}

/** What the one notification of a lock-out tells. */
export interface LockoutFacts {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly failures: number;
  readonly at: number;
}

export interface LockoutGuardOptions {
  /** Failures after which no login is tried any more. Default 2: many BMCs lock an account at the third to fifth. */
  readonly limit?: number;
  /** Called once a lock-out. */
  readonly lockedOut?: (key: string, facts: LockoutFacts) => void;
  readonly log?: Logger;
}

type Account = Pick<BmcTarget, 'address' | 'port' | 'username'>;

/** Stands before every login. */
export interface LockoutGuard {
  /** Failures after which no login is tried any more. */
  readonly limit: number;
  /**
   * Runs `login` unless the account is locked out, and counts how it went; logins of one account run one after the other. Rejects with
   * IpmiError `locked-out`, or as `login` does.
   */
  attempt<T>(key: string, target: Account, login: () => Promise<T>): Promise<T>;
  /** Failures in a row so far. */
  failures(target: Account): Promise<number>;
  /** Forgets the failures of a BMC's accounts: its credentials were changed, or a person wants another try. */
  release(key: string, target?: Account): Promise<void>;
}

/** One user of one BMC, in text. */
export const accountOf = ({ address, port, username }: Account): string => `${address}:${port} ${username}`;

/** The entry after a login: failures count up, a success forgets them. */
export function afterLogin(
  before: GuardEntry | undefined,
  login: { readonly key: string; readonly account: string; readonly failed: boolean; readonly at: number },
): GuardEntry {
  const { key, account, failed, at } = login;
  return { key, account, at, failures: failed ? (before?.failures ?? 0) + 1 : 0 };
}

/** Builds the guard; its state is read from the store at its first use. */
export function createLockoutGuard(
  store: GuardStore,
  clock: Clock,
  { limit = 2, lockedOut, log }: LockoutGuardOptions = {},
): LockoutGuard {
  const entries = new Map<string, GuardEntry>();
  const turns = new Map<string, Promise<unknown>>();
  let loading: Promise<void> | undefined;

  async function load(): Promise<void> {
    for (const entry of await store.load()) entries.set(entry.account, entry);
  }

  /** A store that can't be read is asked again next time; without it nothing is tried. */
  function ready(): Promise<void> {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  async function keep(entry: GuardEntry): Promise<void> {
    if (entry.failures > 0) entries.set(entry.account, entry);
    else entries.delete(entry.account);
    await store.save(entry);
  }

  /** The outcome of a login is told also when the disk refuses: memory has the count, and a session must not get lost. */
  async function keepIfPossible(entry: GuardEntry): Promise<void> {
    await keep(entry).catch((error: unknown) => {
      log?.error({ err: error, account: entry.account }, 'could not save the failed logins of a BMC');
    });
  }

  async function tryOnce<T>(key: string, target: Account, login: () => Promise<T>): Promise<T> {
    await ready();
    const account = accountOf(target);
    const before = entries.get(account);
    if (before !== undefined && before.failures >= limit) throw lockedOutError(target, before.failures);
    const record = (failed: boolean): GuardEntry =>
      afterLogin(before, { key, account, failed, at: clock.now() });
    try {
      const result = await login();
      if (before !== undefined) await keepIfPossible(record(false));
      return result;
    } catch (error) {
      if (!(error instanceof IpmiError) || error.code !== 'auth-failed') throw error;
      const entry = record(true);
      await keepIfPossible(entry);
      const { address, port, username } = target;
      if (entry.failures === limit)
        lockedOut?.(key, { address, port, username, failures: entry.failures, at: entry.at });
      throw error;
    }
  }

  return {
    limit,
    attempt(key, target, login) {
      const account = accountOf(target);
      const outcome = (turns.get(account) ?? Promise.resolve()).then(() => tryOnce(key, target, login));
      const settled = outcome.then(
        () => undefined,
        () => undefined,
      );
      turns.set(account, settled);
      void settled.then(() => {
        if (turns.get(account) === settled) turns.delete(account);
      });
      return outcome;
    },
    async failures(target) {
      await ready();
      return entries.get(accountOf(target))?.failures ?? 0;
    },
    async release(key, target) {
      await ready();
      const account = target && accountOf(target);
      for (const entry of entries.values())
        if (entry.key === key || entry.account === account)
          await keep({ ...entry, failures: 0, at: clock.now() });
    },
  };
}

function lockedOutError({ address, port, username }: Account, failures: number): IpmiError {
  const text =
    `no login as "${username}" to ${address}:${port} is tried any more: ${failures} failed, and the BMC may lock the user; ` +
    'correct user name and password, or release the BMC for another try';
  return new IpmiError('locked-out', text, { data: { failures } });
}

/** A store that lasts as long as the program. */
export const memoryGuardStore = (): GuardStore => ({ load: () => [], save() {} });
