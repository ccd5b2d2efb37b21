import { Type } from 'typebox';
import type { ResourceName } from '../ports.ts';
import { deleteMode, reference } from '../schemas.ts';
import { ApiError } from '../errors.ts';
import type { ApiContext, ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

/** `{"inventory": ...}` of a resource that a call made or changed. */
export async function inventoryAnswer(
  context: ApiContext,
  resource: ResourceName,
  uuid: string,
): Promise<object> {
  const inventory = await context.inventoryOf(resource, uuid);
  if (inventory === undefined) {
    throw new ApiError('not-found', 'the call was done, but the resource has been deleted since');
  }
  return { inventory };
}

/** The two GETs that every resource has: the list with its query language, and one by uuid. */
export function queryApis(name: string, path: string, resource: ResourceName): readonly ApiDefinition[] {
  return [
    defineApi({
      name,
      method: 'GET',
      path,
      keys: [],
      async: false,
      access: 'admin',
      params: Type.Object({}),
      run: ({ context, query }) => context.list(resource, query),
    }),
    defineApi({
      name,
      method: 'GET',
      path: `${path}/:uuid`,
      keys: [],
      async: false,
      access: 'admin',
      params: Type.Object({ uuid: reference }),
      async run({ context, params }) {
        const inventory = await context.inventoryOf(resource, params.uuid);
        // The manual shows `inventory`, the product answers a list; clients of either find theirs.
        return inventory === undefined ? { inventories: [] } : { inventories: [inventory], inventory };
      },
    }),
  ];
}

/** DELETE by uuid; deleting what does not exist is for the domain to call a success. */
export function deleteApi(
  name: string,
  path: string,
  remove: (context: ApiContext, uuid: string) => Promise<void>,
): ApiDefinition {
  return defineApi({
    name,
    method: 'DELETE',
    path: `${path}/:uuid`,
    keys: [],
    async: true,
    access: 'admin',
    params: Type.Object({ uuid: reference, deleteMode: Type.Optional(deleteMode) }),
    async run({ context, params }) {
      await remove(context, params.uuid);
      return {};
    },
  });
}
