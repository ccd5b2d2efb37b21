import { createHash } from 'node:crypto';
import type { Uuid } from '../base/uuid.ts';
import type { Account, AccountStore, Session as LoginSession } from '../api/ports.ts';
import type { Session } from './group-commit.ts';

/** Whoever reads the file must not be able to log in with what stands there. The uuid is 122 random bits, so no salt is needed. */
function sessionKey(uuid: string): Uint8Array {
  return createHash('sha256').update(uuid).digest();
}

const accountColumns = 'SELECT uuid, name, type, password_hash AS passwordHash FROM account';

/** Accounts and login sessions. */
export function createAccountStore({ db, read, write }: Session): AccountStore {
  const byName = db.prepare<[string], Account>(`${accountColumns} WHERE name = ?`);
  const byUuid = db.prepare<[string], Account>(`${accountColumns} WHERE uuid = ?`);
  const saveAccount = db.prepare<[Account]>(
    `INSERT INTO account (uuid, name, type, password_hash) VALUES (@uuid, @name, @type, @passwordHash)
     ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, type = excluded.type, password_hash = excluded.password_hash`,
  );
  const saveSession = db.prepare<[Omit<LoginSession, 'uuid'> & { key: Uint8Array }]>(
    `INSERT INTO session (uuid_sha256, account_uuid, user_uuid, create_date, expired_date)
       VALUES (@key, @accountUuid, @userUuid, @createDate, @expiredDate)
     ON CONFLICT (uuid_sha256) DO UPDATE SET account_uuid = excluded.account_uuid, user_uuid = excluded.user_uuid,
       create_date = excluded.create_date, expired_date = excluded.expired_date`,
  );
  const session = db.prepare<[Uint8Array], Omit<LoginSession, 'uuid'>>(
    `SELECT account_uuid AS accountUuid, user_uuid AS userUuid, create_date AS createDate, expired_date AS expiredDate
       FROM session WHERE uuid_sha256 = ?`,
  );
  const deleteSession = db.prepare<[Uint8Array]>('DELETE FROM session WHERE uuid_sha256 = ?');
  const keepNewest = db.prepare<[{ accountUuid: string; keep: number }]>(
    `DELETE FROM session WHERE account_uuid = @accountUuid AND uuid_sha256 NOT IN (
       SELECT uuid_sha256 FROM session WHERE account_uuid = @accountUuid
       ORDER BY create_date DESC, uuid_sha256 LIMIT @keep)`,
  );
  const deleteExpired = db.prepare<[number]>('DELETE FROM session WHERE expired_date < ?');
  return {
    getAccountByName: (name) => read(() => byName.get(name)),
    getAccount: (uuid) => read(() => byUuid.get(uuid)),
    saveAccount: (account) => write(() => void saveAccount.run(account)),
    saveSession: ({ uuid, ...rest }) => write(() => void saveSession.run({ ...rest, key: sessionKey(uuid) })),
    getSession: (uuid) =>
      read(() => {
        const row = session.get(sessionKey(uuid));
        return row && { uuid: uuid as Uuid, ...row };
      }),
    deleteSession: (uuid) => write(() => void deleteSession.run(sessionKey(uuid))),
    keepNewestSessions: (accountUuid, keep) =>
      write(() => void keepNewest.run({ accountUuid, keep: Math.max(0, keep) })),
    deleteSessionsExpiredBefore: (time) => write(() => deleteExpired.run(time).changes),
  };
}
