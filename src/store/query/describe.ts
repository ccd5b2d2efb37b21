import type { ResourceDescription, ResourceName } from '../../api/ports.ts';
import type { Resource } from './resource.ts';
import { resources } from './resources.ts';

/** What callers may know of a resource: everything but SQL. */
function describeResource({ name, inventory, fields, relations, tagType }: Resource): ResourceDescription {
  return {
    name,
    inventory,
    fields: Object.entries(fields).map(([field, { kind, secret, optional }]) => ({
      name: field,
      kind,
      secret,
      optional,
    })),
    relations: Object.entries(relations).map(([relation, { resource, many, listedBy }]) => ({
      name: relation,
      resource,
      many,
      listed: listedBy !== undefined,
    })),
    tags: tagType !== undefined,
  };
}

/** Descriptions of all resources, by name. */
export function describeResources(): Readonly<Record<ResourceName, ResourceDescription>> {
  const all = Object.values(resources).map((resource) => [resource.name, describeResource(resource)]);
  return Object.fromEntries(all) as Record<ResourceName, ResourceDescription>;
}
