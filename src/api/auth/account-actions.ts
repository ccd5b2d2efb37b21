import type { Uuid } from '../../base/uuid.ts';
import { newUuid, parseUuid } from '../../base/uuid.ts';
import { ApiError } from '../errors.ts';
import type { Account } from '../ports.ts';
import type { AccountService, AccountTools } from './accounts.ts';
import { adminUuid } from './admin.ts';
import { needOwnSession, sessionToKeep } from './own-session.ts';
import { isAdmin } from './roles.ts';
import type { Caller } from './sessions.ts';

/** Accounts. */
export function createAccountActions({
  accounts,
  clock,
  random,
  hash,
}: AccountTools): Pick<AccountService, 'createAccount' | 'updateAccount' | 'deleteAccount'> {
  const refuseTakenName = async (name: string, own: Uuid | undefined): Promise<void> => {
    const other = await accounts.getAccountByName(name);
    if (other === undefined || other.uuid === own) return;
    throw new ApiError('conflict', 'another account already has this name; choose another one', {
      data: { parameter: 'name' },
    });
  };

  /** The account that a caller may change. */
  const own = async (caller: Caller, uuid: string | undefined): Promise<Account> => {
    if (uuid === undefined || uuid === caller.account.uuid) return caller.account;
    if (!isAdmin(caller)) {
      throw new ApiError('denied', 'an account of type Normal may change only itself: leave out uuid');
    }
    const account = await accounts.getAccount(uuid);
    if (account !== undefined) return account;
    throw new ApiError('not-found', 'there is no account with this uuid; look at GET /v1/accounts');
  };

  return {
    async createAccount(caller, { name, password, type = 'Normal', description, resourceUuid }) {
      needOwnSession(caller, 'CreateAccount');
      await refuseTakenName(name, undefined);
      const passwordHash = await hash(password);
      const uuid = (resourceUuid as Uuid | undefined) ?? newUuid(random);
      const now = clock.now();
      const dates = { createDate: now, lastOpDate: now };
      await accounts.insertAccount({ uuid, name, description, type, passwordHash, ...dates });
      return uuid;
    },
    async updateAccount(caller, given, { name, password, description }) {
      needOwnSession(caller, 'UpdateAccount');
      const { uuid, name: oldName } = await own(caller, given && (parseUuid(given) ?? given));
      if (name !== undefined && name !== oldName) {
        if (uuid === adminUuid) {
          throw new ApiError('bad-argument', 'the account admin keeps its name: leave out name', {
            data: { parameter: 'name' },
          });
        }
        await refuseTakenName(name, uuid);
      }
      const passwordHash = password === undefined ? undefined : await hash(password);
      // Asked for in one tick, so that both are written in one transaction.
      const changed = accounts.changeAccount(uuid, { name, description, passwordHash }, clock.now());
      const ended =
        passwordHash === undefined
          ? Promise.resolve()
          : accounts.deleteSessionsOf(uuid, sessionToKeep(caller, uuid));
      const [exists] = await Promise.all([changed, ended]);
      if (!exists) throw new ApiError('not-found', 'this account has been deleted meanwhile');
      return uuid;
    },
    async deleteAccount(caller, given) {
      needOwnSession(caller, 'DeleteAccount');
      const account = await accounts.getAccount(given);
      if (account === undefined) return;
      if (account.uuid === adminUuid) {
        throw new ApiError('denied', 'the account admin cannot be deleted; change its password instead');
      }
      if (account.type === 'SystemAdmin' && (await accounts.countAdmins()) === 1) {
        throw new ApiError(
          'denied',
          'this is the last account of type SystemAdmin; create another one first',
        );
      }
      await accounts.deleteAccount(account.uuid);
    },
  };
}
