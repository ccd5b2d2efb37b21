import { createHash } from 'node:crypto';
import type { Uuid } from '../base/uuid.ts';
import type { AccountStore, Session as LoginSession } from '../api/ports.ts';
import type { Session } from './group-commit.ts';

/** Whoever reads the file must not be able to log in with what stands there. The uuid is 122 random bits, so no salt is needed. */
function sessionKey(uuid: string): Uint8Array {
  return createHash('sha256').update(uuid).digest();
}

/** Login sessions. */
export function createSessionStore({
  db,
  read,
  write,
}: Session): Pick<
  AccountStore,
  | 'saveSession'
  | 'getSession'
  | 'deleteSession'
  | 'deleteSessionsOf'
  | 'keepNewestSessions'
  | 'deleteSessionsExpiredBefore'
> {
  const save = db.prepare<[Omit<LoginSession, 'uuid'> & { key: Uint8Array }]>(
    `INSERT INTO session (uuid_sha256, account_uuid, user_uuid, create_date, expired_date)
       VALUES (@key, @accountUuid, @userUuid, @createDate, @expiredDate)
     ON CONFLICT (uuid_sha256) DO UPDATE SET account_uuid = excluded.account_uuid, user_uuid = excluded.user_uuid,
       create_date = excluded.create_date, expired_date = excluded.expired_date`,
  );
  const get = db.prepare<[Uint8Array], Omit<LoginSession, 'uuid'>>(
    `SELECT account_uuid AS accountUuid, user_uuid AS userUuid, create_date AS createDate, expired_date AS expiredDate
       FROM session WHERE uuid_sha256 = ?`,
  );
  const remove = db.prepare<[Uint8Array]>('DELETE FROM session WHERE uuid_sha256 = ?');
  const removeOf = db.prepare<[{ uuid: string; except: Uint8Array }]>(
    'DELETE FROM session WHERE (account_uuid = @uuid OR user_uuid = @uuid) AND uuid_sha256 <> @except',
  );
  const keepNewest = db.prepare<[{ userUuid: string; keep: number }]>(
    `DELETE FROM session WHERE user_uuid = @userUuid AND uuid_sha256 NOT IN (
       SELECT uuid_sha256 FROM session WHERE user_uuid = @userUuid
       ORDER BY create_date DESC, uuid_sha256 LIMIT @keep)`,
  );
  const removeExpired = db.prepare<[number]>('DELETE FROM session WHERE expired_date < ?');
  return {
    saveSession: ({ uuid, ...rest }) => write(() => void save.run({ ...rest, key: sessionKey(uuid) })),
    getSession: (uuid) =>
      read(() => {
        const row = get.get(sessionKey(uuid));
        return row && { uuid: uuid as Uuid, ...row };
      }),
    deleteSession: (uuid) => write(() => void remove.run(sessionKey(uuid))),
    deleteSessionsOf: (uuid, except) =>
      write(() => void removeOf.run({ uuid, except: sessionKey(except ?? '') })),
    keepNewestSessions: (userUuid, keep) =>
      write(() => void keepNewest.run({ userUuid, keep: Math.max(0, keep) })),
    deleteSessionsExpiredBefore: (time) => write(() => removeExpired.run(time).changes),
  };
}
