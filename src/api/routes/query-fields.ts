import { Type } from 'typebox';
import { ApiError } from '../errors.ts';
import type { ResourceDescription } from '../ports.ts';
import { queryOperators, resourceNames } from '../ports.ts';
import { shortText } from '../schemas.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

/** Our name of a resource, its inventory's and its table's in ZStack: all three are in the heads of people who know ZStack. */
function isCalled({ name, inventory }: ResourceDescription, wished: string): boolean {
  const names = [name, inventory, inventory.replace(/Inventory$/, 'VO')];
  return names.some((one) => one.toLowerCase() === wished.toLowerCase());
}

const description = Type.Object({
  resource: Type.String(),
  inventory: Type.String(),
  fields: Type.Array(
    Type.Object({
      name: Type.String(),
      kind: Type.String(),
      secret: Type.Boolean(),
      optional: Type.Boolean(),
    }),
  ),
  relations: Type.Array(
    Type.Object({
      name: Type.String(),
      resource: Type.String(),
      many: Type.Boolean(),
      listed: Type.Boolean(),
    }),
  ),
  tags: Type.Boolean(),
  operators: Type.Array(Type.String()),
});

/** What `q`, `sort`, `groupBy` and `fields` may name. */
export const queryFieldsApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'GetQueryFields',
    method: 'GET',
    path: '/query-fields/:resource',
    keys: [],
    async: false,
    access: 'session',
    summary: 'Tells the fields of a resource that queries may name, and where dotted names lead',
    answers: { kind: 'members', schema: Type.Object({ inventory: description }) },
    params: Type.Object({ resource: shortText }),
    async run({ context, params }) {
      const known = resourceNames.map((name) => context.describe(name));
      const found = known.find((one) => isCalled(one, params.resource));
      if (found === undefined) {
        throw new ApiError(
          'bad-argument',
          `API GetQueryFields: parameter resource must be one of ${known.map(({ name, inventory }) => `${name} (${inventory})`).join(', ')}`,
          { data: { parameter: 'resource' } },
        );
      }
      const { name, ...rest } = found;
      return { inventory: { resource: name, ...rest, operators: queryOperators } };
    },
  }),
];
