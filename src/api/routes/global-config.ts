import { Type } from 'typebox';
import { ApiError } from '../errors.ts';
import { shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

const path = '/global-configurations';

/** Settings that hold for the whole server. */
export const globalConfigApis: readonly ApiDefinition[] = [
  // Settings are named by category and name: there is no path with a uuid.
  defineApi({
    name: 'QueryGlobalConfig',
    method: 'GET',
    path,
    keys: [],
    async: false,
    access: 'admin',
    summary: 'Lists the settings that match the query',
    answers: { kind: 'inventories', resource: 'globalConfig' },
    params: Type.Object({}),
    run: ({ context, query }) => context.list('globalConfig', query),
  }),
  defineApi({
    name: 'UpdateGlobalConfig',
    method: 'PUT',
    path: `${path}/:category/:name/actions`,
    keys: ['updateGlobalConfig'],
    async: true,
    access: 'admin',
    summary: 'Changes a setting at once; without a value it goes back to its default',
    answers: { kind: 'inventory', resource: 'globalConfig' },
    params: Type.Object({
      category: shortText,
      name: shortText,
      value: Type.Optional(
        Type.Union([Type.String({ maxLength: 2048 }), Type.Number(), Type.Boolean()], {
          hint: 'must be a text, a number, true or false',
        }),
      ),
    }),
    async run({ context, params: { category, name, value } }) {
      await context.platform.settings.update(category, name, value === undefined ? undefined : String(value));
      // Both are names of a known setting now, so they cannot be read as anything but values.
      const found = await context.list('globalConfig', { q: [`category=${category}`, `name=${name}`] });
      const [inventory] = 'inventories' in found && Array.isArray(found.inventories) ? found.inventories : [];
      if (inventory === undefined) throw new ApiError('not-found', 'the setting has been deleted since');
      return { inventory: inventory as unknown };
    },
  }),
];
