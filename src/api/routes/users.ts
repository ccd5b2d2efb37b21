import { Type } from 'typebox';
import { callerOf } from '../auth/sessions.ts';
import { deleteMode, description, newResourceUuid, reference, secret, shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';
import { inventoryAnswer, queryApis } from './resource.ts';

const path = '/accounts/users';

/** Users of the calling account. */
export const usersApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CreateUser',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'session',
    summary: 'Creates a user of the calling account; an Auditor may only read',
    answers: { kind: 'inventory', resource: 'user' },
    resourceType: 'UserVO',
    params: Type.Object({
      name: shortText,
      password: secret,
      description: Type.Optional(description),
      // Ours: the product has policies instead.
      kind: Type.Optional(Type.Enum(['Normal', 'Auditor'])),
      resourceUuid: Type.Optional(newResourceUuid),
    }),
    async run({ context, params, caller }) {
      const uuid = await context.accounts.createUser(callerOf(caller), params);
      return inventoryAnswer(context, 'user', uuid);
    },
  }),
  defineApi({
    name: 'DeleteUser',
    method: 'DELETE',
    path: `${path}/:uuid`,
    keys: [],
    async: true,
    access: 'session',
    summary: 'Deletes a user and ends its sessions; deleting what does not exist succeeds',
    answers: { kind: 'empty' },
    resourceType: 'UserVO',
    params: Type.Object({ uuid: reference, deleteMode: Type.Optional(deleteMode) }),
    async run({ context, params, caller }) {
      await context.accounts.deleteUser(callerOf(caller), params.uuid);
      return {};
    },
  }),
  ...queryApis('QueryUser', path, 'user', 'session'),
  defineApi({
    name: 'UpdateUser',
    method: 'PUT',
    // Without a uuid, and the uuid is in the body: as the product.
    path: `${path}/actions`,
    keys: ['updateUser'],
    async: true,
    access: 'session',
    summary: 'Changes a user; a user that gives no uuid changes itself',
    answers: { kind: 'empty' },
    resourceType: 'UserVO',
    params: Type.Object({
      uuid: Type.Optional(reference),
      name: Type.Optional(shortText),
      password: Type.Optional(secret),
      description: Type.Optional(description),
    }),
    async run({ context, params: { uuid, ...change }, caller }) {
      await context.accounts.updateUser(callerOf(caller), uuid, change);
      return {};
    },
  }),
];
