import type { TSchema } from 'typebox';
import type { FieldKind, ResourceDescription } from '../ports.ts';
import type { MarkedSchema } from '../zstack/definition.ts';

/** A JSON Schema 2020-12 object, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Our own marks are no words of JSON Schema: a hint becomes the description, a secret a write-only password. */
export function plainSchema(schema: TSchema): JsonSchema {
  const {
    hint,
    secret,
    signedUrl: _ours,
    ...rest
  } = JSON.parse(JSON.stringify(schema)) as MarkedSchema & JsonSchema;
  return {
    ...rest,
    ...(hint === undefined ? {} : { description: hint }),
    ...(secret === true ? { format: 'password', writeOnly: true } : {}),
  };
}

const kinds: Readonly<Record<FieldKind, JsonSchema>> = {
  text: { type: 'string' },
  integer: { type: 'integer' },
  numeral: { type: 'string', pattern: '^-?[0-9]+$' },
  boolean: { type: 'boolean' },
  date: { type: 'string', examples: ['Nov 14, 2017 10:20:57 PM'] },
  json: {},
};

/** Name of a resource's schema in the document. */
export const refOf = ({ inventory }: Pick<ResourceDescription, 'inventory'>): JsonSchema => ({
  $ref: `#/components/schemas/${inventory}`,
});

/** The schema of one inventory: its fields, and the lists that it shows. Absent members are left out of answers. */
export function inventorySchema(
  resource: ResourceDescription,
  describe: (name: ResourceDescription['name']) => ResourceDescription,
): JsonSchema {
  const fields = resource.fields.map(({ name, kind, secret }) => [
    name,
    secret ? { type: 'string', const: '******', description: 'hidden' } : kinds[kind],
  ]);
  const lists = resource.relations
    .filter(({ listed }) => listed)
    .map(({ name, resource: target }) => [name, { type: 'array', items: refOf(describe(target)) }]);
  return { type: 'object', properties: Object.fromEntries([...fields, ...lists]) };
}
