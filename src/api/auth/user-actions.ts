import type { Uuid } from '../../base/uuid.ts';
import { newUuid, parseUuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { User } from '../ports.ts';
import type { AccountService, AccountTools } from './accounts.ts';
import { needOwnSession, sessionToKeep } from './own-session.ts';
import { isAdmin } from './roles.ts';
import type { Caller } from './sessions.ts';

/** Users of accounts. A user changes only itself; the account's own session manages them, an administrator's those of all. */
export function createUserActions({
  accounts,
  clock,
  random,
  hash,
}: AccountTools): Pick<AccountService, 'createUser' | 'updateUser' | 'deleteUser'> {
  const refuseTakenName = async (accountUuid: Uuid, name: string, own: Uuid | undefined): Promise<void> => {
    const other = await accounts.getUserByName(accountUuid, name);
    if (other === undefined || other.uuid === own) return;
    throw new ApiError('conflict', 'another user of this account already has this name; choose another one', {
      data: { parameter: 'name' },
    });
  };

  /** A user that an account's own session may manage; those of others are as good as absent. */
  const managed = async (caller: Caller, uuid: string): Promise<User | undefined> => {
    const user = await accounts.getUser(parseUuid(uuid) ?? uuid);
    return user?.accountUuid === caller.account.uuid || isAdmin(caller) ? user : undefined;
  };

  const toChange = async (caller: Caller, uuid: string | undefined): Promise<User> => {
    if (caller.user !== undefined) {
      const isOwn = uuid === undefined || (parseUuid(uuid) ?? uuid) === caller.user.uuid;
      if (!isOwn) needOwnSession(caller, 'UpdateUser');
      return caller.user;
    }
    if (uuid === undefined) {
      throw new ApiError(
        'bad-argument',
        "API UpdateUser: an account's own session must give the user's uuid",
        {
          data: { parameter: 'uuid' },
        },
      );
    }
    const user = await managed(caller, uuid);
    if (user !== undefined) return user;
    throw new ApiError('not-found', 'there is no user with this uuid; look at GET /v1/accounts/users');
  };

  return {
    async createUser(caller, { name, password, kind = 'Normal', description, resourceUuid }) {
      needOwnSession(caller, 'CreateUser');
      const accountUuid = caller.account.uuid;
      await refuseTakenName(accountUuid, name, undefined);
      const passwordHash = await hash(password);
      const uuid = (resourceUuid as Uuid | undefined) ?? newUuid(random);
      const now = clock.now();
      const dates = { createDate: now, lastOpDate: now };
      const user = { uuid, accountUuid, name, description, kind, passwordHash, ...dates };
      if (!(await accounts.insertUser(user))) {
        throw new ApiError('session-expired', 'Session expired: the account has been deleted meanwhile');
      }
      return uuid;
    },
    async updateUser(caller, given, { name, password, description }) {
      const { uuid, accountUuid } = await toChange(caller, given);
      if (name !== undefined) await refuseTakenName(accountUuid, name, uuid);
      const passwordHash = password === undefined ? undefined : await hash(password);
      // Asked for in one tick, so that both are written in one transaction.
      const changed = accounts.changeUser(uuid, { name, description, passwordHash }, clock.now());
      const ended =
        passwordHash === undefined
          ? Promise.resolve()
          : accounts.deleteSessionsOf(uuid, sessionToKeep(caller, uuid));
      const [exists] = await Promise.all([changed, ended]);
      if (!exists) throw new ApiError('not-found', 'this user has been deleted meanwhile');
      return uuid;
    },
    async deleteUser(caller, given) {
      needOwnSession(caller, 'DeleteUser');
      const user = await managed(caller, given);
      if (user !== undefined) await accounts.deleteUser(user.uuid);
    },
  };
}
