import { QueryError, type QueryCondition, type QueryOperator } from '../../api/ports.ts';
import { compileComparison, type Compiled, likely } from './comparison.ts';
import { findRelation, noSuchField, searchableField, shownName } from './lookup.ts';
import type { Relation, Resource } from './resource.ts';
import { resources } from './resources.ts';

/** How many relations one condition may go through. */
const maxDepth = 5;

const tagTypes: Readonly<Record<string, 'System' | 'User'>> = {
  __systemTag__: 'System',
  __userTag__: 'User',
};

/** Operators that mean "not among the resources that have such a tag", and the operator that finds those. */
const opposites: Readonly<Partial<Record<QueryOperator, QueryOperator>>> = {
  '!=': '=',
  '!?=': '?=',
  '!~=': '~=',
  'is null': 'not null',
};

/** What is asked of one row of a resource, and of rows that it leads to. */
interface Filter {
  readonly resource: Resource;
  readonly own: Compiled[];
  /** One filter a relation, so that one row there must meet all that is asked of it. */
  readonly nested: Map<Relation, Filter>;
}

function emptyFilter(resource: Resource): Filter {
  return { resource, own: [], nested: new Map() };
}

function nestedFilter(filter: Filter, relation: Relation): Filter {
  const known = filter.nested.get(relation) ?? emptyFilter(resources[relation.resource]);
  filter.nested.set(relation, known);
  return known;
}

function compileTag(
  tagType: string,
  type: 'System' | 'User',
  { operator, ...rest }: QueryCondition,
): Compiled {
  const opposite = opposites[operator];
  const comparison = compileComparison(
    { column: 'tag', kind: 'text' },
    { ...rest, operator: opposite ?? operator },
  );
  // Every name here is of a closed set of ours.
  const having = `SELECT resource_uuid FROM tag WHERE ${likely(`type = '${type}'`)} AND resource_type = '${tagType}' AND ${comparison.sql}`;
  return {
    sql: `uuid ${opposite === undefined ? '' : 'NOT '}IN (${having})`,
    parameters: comparison.parameters,
  };
}

function addCondition(root: Filter, condition: QueryCondition): void {
  const what = 'condition name';
  const path = condition.field.split('.');
  const leaf = path.pop() ?? '';
  if (path.length > maxDepth) {
    throw new QueryError(
      'no-such-field',
      `${what}[${shownName(condition.field)}] goes through more than ${maxDepth} relations; ask from a nearer resource`,
      { data: { field: shownName(condition.field) } },
    );
  }
  let filter = root;
  for (const name of path) {
    const relation = findRelation(filter.resource, name);
    if (relation === undefined) throw noSuchField(what, condition.field, filter.resource);
    filter = nestedFilter(filter, relation);
  }
  const { resource, own } = filter;
  const tag = Object.hasOwn(tagTypes, leaf) ? tagTypes[leaf] : undefined;
  if (tag !== undefined && resource.tagType !== undefined) {
    own.push(compileTag(resource.tagType, tag, condition));
  } else {
    own.push(compileComparison(searchableField(resource, what, leaf, condition.field), condition));
  }
}

/** Each takes the account's uuid as its one parameter. */
const seenUuids = {
  self: 'SELECT ?',
  users: 'SELECT uuid FROM account_user WHERE account_uuid = ?',
  shared: 'SELECT resource_uuid FROM resource_share WHERE account_uuid = ?',
} as const;

/** Which rows of a resource an account of type Normal sees; undefined: which rows there are. */
export function compileSight({ only, sight }: Resource, visibleTo: string | undefined): readonly Compiled[] {
  const belongs = only === undefined ? [] : [{ sql: only, parameters: [] }];
  if (visibleTo === undefined) return belongs;
  if (sight === undefined) return [...belongs, { sql: '0', parameters: [] }];
  const { column, among } = sight;
  const seen = among.map((kind) => seenUuids[kind]).join(' UNION ALL ');
  return [...belongs, { sql: `${column} IN (${seen})`, parameters: among.map(() => visibleTo) }];
}

function compileRelation(
  { here, via, there }: Relation,
  filter: Filter,
  visibleTo: string | undefined,
): Compiled {
  const parts = compileFilter(filter, visibleTo);
  const where = parts.length === 0 ? '' : ` WHERE ${parts.map(({ sql }) => sql).join(' AND ')}`;
  const rows = `SELECT ${there} FROM ${filter.resource.table}${where}`;
  const between =
    via === undefined ? rows : `SELECT ${via.here} FROM ${via.table} WHERE ${via.there} IN (${rows})`;
  return { sql: `${here} IN (${between})`, parameters: parts.flatMap(({ parameters }) => parameters) };
}

/** Sub-selects by IN and not by EXISTS: they name no outer row, so that SQLite starts from the innermost index. */
function compileFilter(
  { resource, own, nested }: Filter,
  visibleTo: string | undefined,
): readonly Compiled[] {
  return [
    ...compileSight(resource, visibleTo),
    ...own,
    ...[...nested].map(([relation, filter]) => compileRelation(relation, filter, visibleTo)),
  ];
}

/**
 * What rows of a resource must meet, to be joined by AND. What an account does not see it cannot ask about either, not even
 * through relations. Throws QueryError.
 */
export function compileConditions(
  resource: Resource,
  conditions: readonly QueryCondition[],
  visibleTo: string | undefined,
): readonly Compiled[] {
  const root = emptyFilter(resource);
  for (const condition of conditions) addCondition(root, condition);
  return compileFilter(root, visibleTo);
}
