import type { Account, AccountStore } from '../api/ports.ts';
import type { Session } from './group-commit.ts';
import { type Nullable, fromNulls, toNulls } from './nulls.ts';
import { createSessionStore } from './sessions.ts';
import { createShareStore } from './shares.ts';
import { type ChangeRow, changeRow, changedColumns, createUserStore, uuidTaken } from './users.ts';

const accountColumns = `SELECT uuid, name, description, type, password_hash AS passwordHash, create_date AS createDate,
  last_op_date AS lastOpDate FROM account`;

/** Accounts, with their users, sessions and shares. */
export function createAccountStore(session: Session): AccountStore {
  const { db, read, write } = session;
  const byName = db.prepare<[string], Nullable<Account>>(`${accountColumns} WHERE name = ?`);
  const byUuid = db.prepare<[string], Nullable<Account>>(`${accountColumns} WHERE uuid = ?`);
  const insert = db.prepare<[Nullable<Account>]>(
    `INSERT INTO account (uuid, name, description, type, password_hash, create_date, last_op_date)
     VALUES (@uuid, @name, @description, @type, @passwordHash, @createDate, @lastOpDate)`,
  );
  const user = db.prepare<[string], number>('SELECT 1 FROM account_user WHERE uuid = ?').pluck();
  const change = db.prepare<[ChangeRow]>(`UPDATE account SET ${changedColumns} WHERE uuid = @uuid`);
  const admins = db.prepare<[], number>(`SELECT count(*) FROM account WHERE type = 'SystemAdmin'`).pluck();
  const remove = db.prepare<[string]>('DELETE FROM account WHERE uuid = ?');
  const shown = (row: Nullable<Account> | undefined): Account | undefined => row && fromNulls<Account>(row);
  return {
    getAccountByName: (name) => read(() => shown(byName.get(name))),
    getAccount: (uuid) => read(() => shown(byUuid.get(uuid))),
    insertAccount: (account) =>
      write(() => {
        if (user.get(account.uuid) !== undefined) throw uuidTaken();
        insert.run(toNulls(account));
      }),
    changeAccount: (uuid, changed, at) => write(() => change.run(changeRow(uuid, changed, at)).changes === 1),
    countAdmins: () => read(() => admins.get() ?? 0),
    deleteAccount: (uuid) => write(() => void remove.run(uuid)),
    ...createUserStore(session),
    ...createSessionStore(session),
    ...createShareStore(session),
  };
}
