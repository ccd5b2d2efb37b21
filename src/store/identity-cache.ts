import type { AccountStore } from '../api/ports.ts';

/** People at work at a time; beyond it the memory starts anew. */
const most = 1000;

type Lookup = 'getAccount' | 'getUser' | 'getSession';
type Change =
  | 'changeAccount'
  | 'deleteAccount'
  | 'changeUser'
  | 'deleteUser'
  | 'saveSession'
  | 'deleteSession'
  | 'deleteSessionsOf'
  | 'keepNewestSessions'
  | 'deleteSessionsExpiredBefore';

/**
 * The store with what every request asks (session, account, user) remembered until anything of it changes. Right because this
 * process alone has the database open; a change is over only when what was remembered is gone.
 */
export function rememberingIdentities(store: AccountStore): AccountStore {
  const remembered = new Map<string, unknown>();

  const lookup = <Row>(name: Lookup, find: (uuid: never) => Promise<Row | undefined>) => {
    return async (uuid: string): Promise<Row | undefined> => {
      const key = `${name} ${uuid}`;
      const known = remembered.get(key);
      if (known !== undefined) return known as Row;
      const row = await find(uuid as never);
      if (row !== undefined) {
        if (remembered.size >= most) remembered.clear();
        remembered.set(key, row);
      }
      return row;
    };
  };
  const change = <Given extends readonly unknown[], Answer>(act: (...given: Given) => Promise<Answer>) => {
    return async (...given: Given): Promise<Answer> => {
      try {
        return await act(...given);
      } finally {
        remembered.clear();
      }
    };
  };
  return {
    ...store,
    getAccount: lookup('getAccount', (uuid) => store.getAccount(uuid)),
    getUser: lookup('getUser', (uuid) => store.getUser(uuid)),
    getSession: lookup('getSession', (uuid) => store.getSession(uuid)),
    changeAccount: change((...given: Parameters<AccountStore['changeAccount']>) =>
      store.changeAccount(...given),
    ),
    deleteAccount: change((...given: Parameters<AccountStore['deleteAccount']>) =>
      store.deleteAccount(...given),
    ),
    changeUser: change((...given: Parameters<AccountStore['changeUser']>) => store.changeUser(...given)),
    deleteUser: change((...given: Parameters<AccountStore['deleteUser']>) => store.deleteUser(...given)),
    saveSession: change((...given: Parameters<AccountStore['saveSession']>) => store.saveSession(...given)),
    deleteSession: change((...given: Parameters<AccountStore['deleteSession']>) =>
      store.deleteSession(...given),
    ),
    deleteSessionsOf: change((...given: Parameters<AccountStore['deleteSessionsOf']>) =>
      store.deleteSessionsOf(...given),
    ),
    keepNewestSessions: change((...given: Parameters<AccountStore['keepNewestSessions']>) =>
      store.keepNewestSessions(...given),
    ),
    deleteSessionsExpiredBefore: change((...given: Parameters<AccountStore['deleteSessionsExpiredBefore']>) =>
      store.deleteSessionsExpiredBefore(...given),
    ),
  } satisfies AccountStore & Record<Lookup | Change, unknown>;
}
