import { Type } from 'typebox';
import { parseUuid } from '../../base/uuid.ts';
import { callerOf } from '../auth/sessions.ts';
import { ApiError } from '../errors.ts';
import { deleteMode, description, newResourceUuid, reference, secret, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { inventoryAnswer, queryApis } from './resource.ts';
import { sessionApis } from './sessions.ts';

const path = '/accounts';
const sharingPath = '/accounts/resources/actions';

/** Not any text: a DELETE of `/accounts/users` without the user's uuid must not look like success. */
const accountUuid = Type.String({ pattern: '^[0-9a-f]{32}$', hint: 'must be a uuid of 32 hex digits' });

const uuids = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
  minItems: 1,
  maxItems: 10_000,
  hint: 'must list 1 to 10000 uuids',
});

const sharingParams = {
  resourceUuids: uuids,
  accountUuids: Type.Optional(uuids),
  toPublic: Type.Optional(Type.Boolean()),
};

function refusePublic(api: string, toPublic: boolean | undefined): void {
  if (toPublic !== true) return;
  throw new ApiError(
    'bad-argument',
    `API ${api}: parameter toPublic is not supported; list the accounts in accountUuids`,
    { data: { parameter: 'toPublic' } },
  );
}

function needAccounts(api: string, accountUuids: readonly string[] | undefined): readonly string[] {
  if (accountUuids !== undefined) return accountUuids;
  throw new ApiError('bad-argument', `API ${api}: parameter accountUuids is mandatory; give it a value`, {
    data: { parameter: 'accountUuids' },
  });
}

/** The manual has the path with a uuid and calls the uuid optional; without one it is the caller's own account. */
function updateAccount(at: string): ApiDefinition {
  return defineApi({
    name: 'UpdateAccount',
    method: 'PUT',
    path: at,
    keys: ['updateAccount'],
    async: true,
    access: 'session',
    summary: 'Changes an account; a new password ends its other sessions',
    answers: { kind: 'inventory', resource: 'account' },
    resourceType: 'AccountVO',
    params: Type.Object({
      uuid: Type.Optional(reference),
      name: Type.Optional(shortText),
      password: Type.Optional(secret),
      description: Type.Optional(description),
    }),
    async run({ context, params: { uuid, ...change }, caller }) {
      const changed = await context.accounts.updateAccount(callerOf(caller), uuid, change);
      return inventoryAnswer(context, 'account', changed);
    },
  });
}

/** Accounts, what is shared with them, and their sessions. */
export const accountApis: readonly ApiDefinition[] = [
  ...sessionApis,
  defineApi({
    name: 'CreateAccount',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary: 'Creates an account',
    answers: { kind: 'inventory', resource: 'account' },
    resourceType: 'AccountVO',
    params: Type.Object({
      name: shortText,
      password: secret,
      type: Type.Optional(Type.Enum(['SystemAdmin', 'Normal'])),
      description: Type.Optional(description),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    async run({ context, params, caller }) {
      const uuid = await context.accounts.createAccount(callerOf(caller), params);
      return inventoryAnswer(context, 'account', uuid);
    },
  }),
  defineApi({
    name: 'DeleteAccount',
    method: 'DELETE',
    path: `${path}/:uuid`,
    keys: [],
    async: true,
    access: 'admin',
    summary: 'Deletes an account with its users and sessions; deleting what does not exist succeeds',
    answers: { kind: 'empty' },
    resourceType: 'AccountVO',
    params: Type.Object({ uuid: accountUuid, deleteMode: Type.Optional(deleteMode) }),
    async run({ context, params, caller }) {
      await context.accounts.deleteAccount(callerOf(caller), params.uuid);
      context.usb.revokeTickets(params.uuid);
      context.consoles.revokeAccount(params.uuid);
      return {};
    },
  }),
  ...queryApis('QueryAccount', path, 'account', 'session'),
  updateAccount(`${path}/:uuid`),
  updateAccount(path),
  defineApi({
    name: 'ShareResource',
    method: 'PUT',
    path: sharingPath,
    keys: ['shareResource'],
    async: true,
    access: 'admin',
    summary: 'Lets accounts of type Normal see resources',
    answers: { kind: 'empty' },
    params: Type.Object(sharingParams),
    async run({ context, params: { resourceUuids, accountUuids, toPublic } }) {
      refusePublic('ShareResource', toPublic);
      await context.accounts.shareResources(resourceUuids, needAccounts('ShareResource', accountUuids));
      return {};
    },
  }),
  defineApi({
    name: 'RevokeResourceSharing',
    method: 'PUT',
    path: sharingPath,
    keys: ['revokeResourceSharing'],
    async: true,
    access: 'admin',
    summary: 'Takes shared resources back from accounts, or with `all` from every account',
    answers: { kind: 'empty' },
    params: Type.Object({ ...sharingParams, all: Type.Optional(Type.Boolean()) }),
    async run({ context, params: { resourceUuids, accountUuids, toPublic, all } }) {
      refusePublic('RevokeResourceSharing', toPublic);
      const receivers = all === true ? undefined : needAccounts('RevokeResourceSharing', accountUuids);
      await context.accounts.revokeSharing(resourceUuids, receivers);
      // Consoles that were opened while they were shared, but of those who see everything.
      const [taken, losers] = [resourceUuids, receivers].map((texts) =>
        texts?.map((text) => parseUuid(text) ?? text),
      );
      await context.consoles.revokeUnseen(taken ?? [], async (uuid) => {
        if (losers?.includes(uuid) === false) return true;
        return (await context.sessionWatch.accounts.getAccount(uuid))?.type === 'SystemAdmin';
      });
      return {};
    },
  }),
];
