import { assertNever } from '../../base/errors.ts';
import { QueryError, type QueryCondition, type QueryRequest } from '../../api/ports.ts';
import { type Operand, parseList, parseOperand, parsePattern } from './operand.ts';
import { type Field, type Part, type Resource, resources } from './resources.ts';

/** A statement and what to bind to its question marks. */
export interface Compiled {
  readonly sql: string;
  readonly parameters: readonly Operand[];
}

/** The statements of one request: the rows' columns in the order of `resource.fields`, then of `resource.hidden`. */
export interface CompiledQuery {
  readonly resource: Resource;
  readonly rows: Compiled;
  readonly count: Compiled;
}

/** SQLite refuses expressions nested deeper than 1000, and each condition adds a level. */
const maxConditions = 500;
/** SQLITE_MAX_VARIABLE_NUMBER is 32766; two are for LIMIT and OFFSET. */
const maxParameters = 32_764;

function fieldOf(fields: Readonly<Record<string, Field>>, name: string, shown: string): Field {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) {
    const known = Object.keys(fields).join(', ');
    throw new QueryError('no-such-field', `there is no field ${shown} to query by; there are ${known}`, {
      data: { field: shown },
    });
  }
  return field;
}

/** What comparisons see. Dates compare by whole seconds, because that is all that answers show of them. */
function comparable({ column, kind }: Field): string {
  return kind === 'date' ? `(${column} / 1000)` : column;
}

/** What patterns see: the text that the API takes for such a value. */
function asText({ column, kind }: Field): string {
  switch (kind) {
    case 'text':
      return column;
    case 'integer':
    case 'numeral':
      return `CAST(${column} AS TEXT)`;
    case 'boolean':
      return `CASE ${column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`;
    case 'date':
      return `strftime('%Y-%m-%d %H:%M:%S', ${column} / 1000, 'unixepoch')`;
    default:
      return assertNever(kind, 'field kind');
  }
}

function compileCondition(field: Field, { operator, value, field: shown }: QueryCondition): Compiled {
  const column = comparable(field);
  switch (operator) {
    case 'is null':
      return { sql: `${column} IS NULL`, parameters: [] };
    case 'not null':
      return { sql: `${column} IS NOT NULL`, parameters: [] };
    case '~=':
    case '!~=': {
      // The backslash escapes % and _ as in MySQL, which the product's clients know.
      const not = operator === '~=' ? '' : 'NOT ';
      const sql = `${asText(field)} ${not}LIKE ? ESCAPE '\\'`;
      return { sql, parameters: [parsePattern(value, shown)] };
    }
    case '?=':
    case '!?=': {
      const list = parseList(field.kind, value, shown);
      const not = operator === '?=' ? '' : 'NOT ';
      return { sql: `${column} ${not}IN (${list.map(() => '?').join(', ')})`, parameters: list };
    }
    case '=':
    case '!=':
    case '>':
    case '<':
    case '>=':
    case '<=':
      return { sql: `${column} ${operator} ?`, parameters: [parseOperand(field.kind, value, shown)] };
    default:
      return assertNever(operator, 'operator');
  }
}

function compilePart(resource: Resource, part: Part, conditions: readonly Compiled[]): Compiled {
  const where = conditions.map(({ sql }) => ` AND ${sql}`).join('');
  return {
    sql: `${resource.table}.uuid IN (SELECT ${part.parent} FROM ${part.table} WHERE 1${where})`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

/** Conditions on one kind of part become one sub-select, so that one row of it must meet them all. */
function compileConditions(resource: Resource, conditions: readonly QueryCondition[]): readonly Compiled[] {
  if (conditions.length > maxConditions) {
    throw new QueryError('bad-value', `a query takes at most ${maxConditions} conditions`);
  }
  const own: Compiled[] = [];
  const ofParts = new Map<Part, Compiled[]>();
  for (const condition of conditions) {
    const [head = '', ...rest] = condition.field.split('.');
    const part = rest.length > 0 && Object.hasOwn(resource.parts, head) ? resource.parts[head] : undefined;
    if (part === undefined) {
      own.push(compileCondition(fieldOf(resource.fields, condition.field, condition.field), condition));
      continue;
    }
    const field = fieldOf(part.fields, rest.join('.'), condition.field);
    const list = ofParts.get(part) ?? [];
    ofParts.set(part, [...list, compileCondition(field, condition)]);
  }
  return [...own, ...[...ofParts].map(([part, list]) => compilePart(resource, part, list))];
}

function orderOf(resource: Resource, sort: QueryRequest['sort']): string {
  if (sort === undefined) return 'create_date, uuid';
  const { column } = fieldOf(resource.fields, sort.field, sort.field);
  // The uuid makes the order total: pages of one list neither overlap nor miss a row.
  return `${column} ${sort.direction === 'desc' ? 'DESC' : 'ASC'}, uuid`;
}

/** Turns a request into statements with every value bound. Throws QueryError; `limit` and `start` are whole and not negative. */
export function compileQuery(request: QueryRequest): CompiledQuery {
  const resource = resources[request.resource];
  for (const name of ['limit', 'start'] as const) {
    if (!Number.isSafeInteger(request[name]) || request[name] < 0) {
      throw new QueryError('bad-value', `${name} must be a whole number and not negative`, {
        data: { field: name },
      });
    }
  }
  const conditions = compileConditions(resource, request.conditions);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
  const parameters = conditions.flatMap((condition) => condition.parameters);
  if (parameters.length > maxParameters) {
    throw new QueryError('bad-value', `a query takes at most ${maxParameters} values`);
  }
  const columns = [
    ...Object.values(resource.fields).map(({ column }) => column),
    ...resource.hidden.map(({ column }) => `${column} IS NOT NULL`),
  ].join(', ');
  const from = `FROM ${resource.table}${where}`;
  return {
    resource,
    rows: {
      sql: `SELECT ${columns} ${from} ORDER BY ${orderOf(resource, request.sort)} LIMIT ? OFFSET ?`,
      parameters: [...parameters, request.limit, request.start],
    },
    count: { sql: `SELECT count(*) ${from}`, parameters },
  };
}
