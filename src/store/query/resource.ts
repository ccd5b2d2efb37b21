import type { FieldKind, ResourceName } from '../../api/ports.ts';
import type { TaggableType } from '../../platform/model.ts';

/** A member of an inventory. SQL stands in descriptions alone and never comes from a request. */
export interface Field {
  /** The column, or an expression over the row. Dates are ms since the epoch. */
  readonly column: string;
  readonly kind: FieldKind;
  readonly optional: boolean;
  /** The column is sealed by the secret box: shown as stars when there is one, never searched. */
  readonly secret: boolean;
  /** Many rows share a value: SQLite, which keeps no statistics here, shall rather start from another condition. */
  readonly common: boolean;
}

/** How rows of one resource lead to rows of another: those where `there` has the value that `here` has. */
export interface Relation {
  readonly resource: ResourceName;
  readonly here: string;
  readonly there: string;
  /** A table between the two: its column `here` meets ours, its column `there` meets theirs. */
  readonly via?: { readonly table: string; readonly here: string; readonly there: string };
  /** One row may lead to several. */
  readonly many: boolean;
  /** The inventory shows them as a list in the order of this column. */
  readonly listedBy?: string;
  /** Other names that clients of ZStack use. */
  readonly aliases?: readonly string[];
}

/** Rows that an account of type Normal sees: those whose `column` holds its own uuid, one of its users', or what is shared with it. */
export interface Sight {
  readonly column: string;
  readonly among: ReadonlyArray<'self' | 'users' | 'shared'>;
}

/** How an inventory lies in the tables. */
export interface Resource {
  readonly name: ResourceName;
  /** ZStack's name of it. */
  readonly inventory: string;
  readonly table: string;
  /** Only rows that meet this SQL belong to the resource. */
  readonly only: string | undefined;
  readonly fields: Readonly<Record<string, Field>>;
  readonly relations: Readonly<Record<string, Relation>>;
  /** Columns that tell two rows apart; they make every order total, so that pages neither overlap nor miss a row. */
  readonly key: readonly string[];
  /** What lists are ordered by when nobody asks; the key follows. */
  readonly order: readonly string[];
  /** Undefined: only administrators see it. */
  readonly sight: Sight | undefined;
  /** Undefined when it has no tags. */
  readonly tagType: TaggableType | undefined;
}

type FieldSpec = Pick<Field, 'kind'> & Partial<Field>;

type ResourceSpec = Pick<Resource, 'name' | 'inventory' | 'table'> &
  Partial<Pick<Resource, 'only' | 'relations' | 'key' | 'order' | 'sight' | 'tagType'>> & {
    readonly fields: Readonly<Record<string, FieldSpec>>;
  };

const columnOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export const text = { kind: 'text' } as const;
export const optionalText = { kind: 'text', optional: true } as const;
export const commonText = { kind: 'text', common: true } as const;
export const optionalCommonText = { kind: 'text', optional: true, common: true } as const;
export const integer = { kind: 'integer' } as const;
export const optionalInteger = { kind: 'integer', optional: true } as const;
export const boolean = { kind: 'boolean' } as const;
export const optionalJson = { kind: 'json', optional: true } as const;
export const date = { kind: 'date' } as const;
export const dates = { createDate: date, lastOpDate: date } as const;

/** Fills in what most resources share: columns named like their members, `uuid` as key, the newest row last. */
export function defineResource(spec: ResourceSpec): Resource {
  const { only, relations = {}, key = ['uuid'], order = ['create_date'], sight, tagType } = spec;
  const fields = Object.entries(spec.fields).map(([name, field]) => {
    const { kind, column = columnOf(name), optional = false, secret = false, common = false } = field;
    return [name, { column, kind, optional, secret, common }] as const;
  });
  return { ...spec, only, relations, key, order, sight, tagType, fields: Object.fromEntries(fields) };
}

/** From a column here to the `uuid` of another resource. */
export function toOne(resource: ResourceName, here: string, aliases: readonly string[] = []): Relation {
  return { resource, here, there: 'uuid', many: false, aliases };
}

/** From our `uuid` to the rows of another resource that hold it in a column. */
export function toMany(
  resource: ResourceName,
  there: string,
  change: Partial<Pick<Relation, 'listedBy' | 'aliases' | 'many'>> = {},
): Relation {
  return { resource, here: 'uuid', there, many: true, ...change };
}
