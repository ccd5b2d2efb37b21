import { QueryError } from '../../api/ports.ts';
import type { Field, Relation, Resource } from './resource.ts';

/** How much of an odd name is repeated in an error: whatever follows could be a value, and a value could be a secret. */
export function shownName(name: string): string {
  const [plain = ''] = /^[\w.]{0,80}/.exec(name) ?? [];
  return plain === name ? name : `${plain}...`;
}

function namesOf({ fields, relations, tagType }: Resource): string {
  const plain = Object.entries(fields).filter(([, { secret }]) => !secret);
  const tags = tagType === undefined ? '' : ', __systemTag__, __userTag__';
  const leads = Object.keys(relations);
  const further =
    leads.length === 0 ? '' : `; fields of others follow ${leads.map((lead) => `${lead}.`).join(', ')}`;
  return `${plain.map(([name]) => name).join(', ')}${tags}${further}`;
}

/** The error for a name that leads nowhere; `what` says where the name stood. */
export function noSuchField(what: string, name: string, resource: Resource): QueryError {
  return new QueryError(
    'no-such-field',
    `${what}[${shownName(name)}] is invalid, no such field on inventory class[${resource.inventory}]; it has ${namesOf(resource)}`,
    { data: { field: shownName(name) } },
  );
}

/** A field by its name in the inventory; undefined when there is none. */
export function findField(resource: Resource, name: string): Field | undefined {
  return Object.hasOwn(resource.fields, name) ? resource.fields[name] : undefined;
}

/** A field to filter, order or group by. Throws QueryError `no-such-field`: what a secret is like must not be found out by asking. */
export function searchableField(resource: Resource, what: string, name: string, shown = name): Field {
  const field = findField(resource, name);
  if (field === undefined) throw noSuchField(what, shown, resource);
  if (!field.secret) return field;
  throw new QueryError(
    'no-such-field',
    `${what}[${shownName(shown)}] is invalid: passwords cannot be searched, sorted or grouped by`,
    { data: { field: shownName(shown) } },
  );
}

/** A relation by its name or by what clients of ZStack call it; undefined when there is none. */
export function findRelation({ relations }: Resource, name: string): Relation | undefined {
  if (Object.hasOwn(relations, name)) return relations[name];
  return Object.values(relations).find(({ aliases }) => aliases?.includes(name));
}
