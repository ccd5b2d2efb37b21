import { StoreError } from './errors.ts';
import type { AccountStore, IdentityChange, User } from '../api/ports.ts';
import type { Session } from './group-commit.ts';
import { type Nullable, fromNulls, toNulls } from './nulls.ts';

const userColumns = `SELECT uuid, account_uuid AS accountUuid, name, description, kind, password_hash AS passwordHash,
  create_date AS createDate, last_op_date AS lastOpDate FROM account_user`;

/** Members that stay are null. */
export const changedColumns = `name = coalesce(@name, name), description = coalesce(@description, description),
  password_hash = coalesce(@passwordHash, password_hash), last_op_date = @at`;

/** What a change binds; absent members are null. */
export type ChangeRow = Nullable<Required<IdentityChange>> & { readonly uuid: string; readonly at: number };

/** The row of a change of an account or user. */
export function changeRow(uuid: string, change: IdentityChange, at: number): ChangeRow {
  const { name, description, passwordHash } = change;
  return { uuid, at, ...toNulls<Required<IdentityChange>>({ name, description, passwordHash }) };
}

/** The refusal of a uuid that an account or user has: a session tells the two apart by it. */
export function uuidTaken(): StoreError {
  return new StoreError('conflict', 'this uuid is already in use', { data: { field: 'uuid' } });
}

/** Users of accounts. */
export function createUserStore({
  db,
  read,
  write,
}: Session): Pick<AccountStore, 'getUser' | 'getUserByName' | 'insertUser' | 'changeUser' | 'deleteUser'> {
  const byUuid = db.prepare<[string], Nullable<User>>(`${userColumns} WHERE uuid = ?`);
  const byName = db.prepare<[string, string], Nullable<User>>(
    `${userColumns} WHERE account_uuid = ? AND name = ?`,
  );
  const account = db.prepare<[string], number>('SELECT 1 FROM account WHERE uuid = ?').pluck();
  const insert = db.prepare<[Nullable<User>]>(
    `INSERT INTO account_user (uuid, account_uuid, name, description, kind, password_hash, create_date, last_op_date)
     VALUES (@uuid, @accountUuid, @name, @description, @kind, @passwordHash, @createDate, @lastOpDate)`,
  );
  const change = db.prepare<[ChangeRow]>(`UPDATE account_user SET ${changedColumns} WHERE uuid = @uuid`);
  const remove = db.prepare<[string]>('DELETE FROM account_user WHERE uuid = ?');
  const shown = (row: Nullable<User> | undefined): User | undefined => row && fromNulls<User>(row);
  return {
    getUser: (uuid) => read(() => shown(byUuid.get(uuid))),
    getUserByName: (accountUuid, name) => read(() => shown(byName.get(accountUuid, name))),
    insertUser: (user) =>
      write(() => {
        if (account.get(user.uuid) !== undefined) throw uuidTaken();
        if (account.get(user.accountUuid) === undefined) return false;
        insert.run(toNulls(user));
        return true;
      }),
    changeUser: (uuid, changed, at) => write(() => change.run(changeRow(uuid, changed, at)).changes === 1),
    deleteUser: (uuid) => write(() => void remove.run(uuid)),
  };
}
