import { QueryError, type QueryRequest } from '../../api/ports.ts';
import { comparable, type Compiled } from './comparison.ts';
import { compileConditions, compileSight } from './filter.ts';
import { findField, noSuchField, searchableField } from './lookup.ts';
import type { Field, Relation, Resource } from './resource.ts';
import { resources } from './resources.ts';

/** A member to read. */
export type Column = readonly [name: string, field: Field];

/** The statements of one request. */
export interface CompiledQuery {
  readonly resource: Resource;
  /** What a row of `rows` holds, in this order. */
  readonly columns: readonly Column[];
  /** Secrets come sealed, and the uuid follows the columns. */
  readonly opens: boolean;
  readonly rows: Compiled;
  readonly count: Compiled;
}

/** SQLite refuses expressions nested deeper than 1000, and each condition adds a level. */
const maxConditions = 500;
/** SQLITE_MAX_VARIABLE_NUMBER is 32766; two are for LIMIT and OFFSET. */
const maxParameters = 32_764;

function checkLimits({ limit, start, conditions }: QueryRequest): void {
  for (const [name, value] of Object.entries({ limit, start })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new QueryError('bad-value', `${name} must be a whole number and not negative`, {
        data: { field: name },
      });
    }
  }
  if (conditions.length > maxConditions) {
    throw new QueryError('bad-value', `a query takes at most ${maxConditions} conditions`);
  }
}

function columnsOf(resource: Resource, wanted: QueryRequest['fields']): readonly Column[] {
  if (wanted === undefined) return Object.entries(resource.fields);
  return [...new Set(wanted)].map((name) => {
    const field = findField(resource, name);
    if (field === undefined) throw noSuchField('parameter fields', name, resource);
    return [name, field];
  });
}

/** Columns with their direction; the last ones make the order total. The whole order turns, so that one index serves both ways. */
function orderOf(
  resource: Resource,
  sort: QueryRequest['sort'],
): readonly (readonly [sql: string, way: string])[] {
  const first =
    sort === undefined ? resource.order : [searchableField(resource, 'parameter sort', sort.field).column];
  const way = sort?.direction === 'desc' ? 'DESC' : 'ASC';
  return [...first, ...resource.key].map((sql) => [sql, way]);
}

const ordered = (order: readonly (readonly [string, string])[]): string =>
  order.map(([sql, way]) => `${sql} ${way}`).join(', ');

/** One row for each value: the first in the order of the list. */
function grouped(
  columns: readonly string[],
  from: string,
  group: string,
  order: ReturnType<typeof orderOf>,
): string {
  const inner = [
    ...columns.map((sql, index) => `${sql} AS c${index}`),
    ...order.map(([sql], index) => `${sql} AS o${index}`),
    `row_number() OVER (PARTITION BY ${group} ORDER BY ${ordered(order)}) AS place`,
  ];
  const outer = columns.map((_sql, index) => `c${index}`).join(', ');
  const again = ordered(order.map(([, way], index) => [`o${index}`, way] as const));
  return `SELECT ${outer} FROM (SELECT ${inner.join(', ')} ${from}) WHERE place = 1 ORDER BY ${again}`;
}

/** SQLite sets up its sorter also for the one row that a uuid finds, which takes longer than finding it. */
const atMostOne = ({ conditions }: QueryRequest): boolean =>
  conditions.some(({ field, operator }) => field === 'uuid' && operator === '=');

/** Turns a request into statements with every value bound. Throws QueryError. */
export function compileQuery(request: QueryRequest): CompiledQuery {
  checkLimits(request);
  const resource = resources[request.resource];
  const { limit, start, sort, groupBy, fields, visibleTo, reveal } = request;
  const conditions = compileConditions(resource, request.conditions, visibleTo);
  const parameters = conditions.flatMap((condition) => condition.parameters);
  if (parameters.length > maxParameters) {
    throw new QueryError('bad-value', `a query takes at most ${maxParameters} values`);
  }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
  const from = `FROM ${resource.table}${where}`;
  const columns = columnsOf(resource, fields);
  const opens = reveal && columns.some(([, { secret }]) => secret);
  const selected = columns.map(([, { column, secret }]) =>
    secret && !reveal ? `${column} IS NOT NULL` : column,
  );
  if (opens) selected.push('uuid');
  const order = orderOf(resource, sort);
  const group =
    groupBy === undefined ? undefined : comparable(searchableField(resource, 'parameter groupBy', groupBy));
  const rows =
    group === undefined
      ? `SELECT ${selected.join(', ')} ${from}${atMostOne(request) ? '' : ` ORDER BY ${ordered(order)}`}`
      : grouped(selected, from, group, order);
  const counted = group === undefined ? from : `FROM (SELECT DISTINCT ${group} ${from})`;
  return {
    resource,
    columns,
    opens,
    rows: { sql: `${rows} LIMIT ? OFFSET ?`, parameters: [...parameters, limit, start] },
    count: { sql: `SELECT count(*) ${counted}`, parameters },
  };
}

/**
 * The rows of a list inside inventories for a whole page at once: the inventory's value of the relation, then the columns. The
 * values of the page are bound as one JSON text.
 */
export function compileList(
  relation: Relation,
  visibleTo: string | undefined,
): { readonly columns: readonly Column[]; readonly sql: string; readonly parameters: readonly string[] } {
  const { there, listedBy = there } = relation;
  const resource = resources[relation.resource];
  const columns = Object.entries(resource.fields);
  const seen = compileSight(resource, visibleTo);
  const conditions = [`${there} IN (SELECT value FROM json_each(?))`, ...seen.map(({ sql }) => sql)];
  const selected = [there, ...columns.map(([, { column }]) => column)].join(', ');
  return {
    columns,
    sql: `SELECT ${selected} FROM ${resource.table} WHERE ${conditions.join(' AND ')} ORDER BY ${there}, ${listedBy}`,
    parameters: seen.flatMap(({ parameters }) => parameters.map(String)),
  };
}
