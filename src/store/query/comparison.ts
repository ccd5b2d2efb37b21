import { assertNever } from '../../base/errors.ts';
import type { QueryCondition, QueryOperator } from '../../api/ports.ts';
import { type Operand, parseList, parseOperand, parsePattern } from './operand.ts';
import type { Field } from './resource.ts';

/** A piece of SQL and what to bind to its question marks. */
export interface Compiled {
  readonly sql: string;
  readonly parameters: readonly Operand[];
}

/** What comparisons see. Dates compare by whole seconds, because that is all that answers show of them. */
export function comparable({ column, kind }: Pick<Field, 'column' | 'kind'>): string {
  return kind === 'date' ? `(${column} / 1000)` : column;
}

/** What patterns see: the text that the API takes for such a value. */
function asText({ column, kind }: Pick<Field, 'column' | 'kind'>): string {
  switch (kind) {
    case 'text':
    case 'json':
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

/** A second as a range of milliseconds, so that an index on the column still serves. */
function compareDate(column: string, operator: QueryOperator, second: number): Compiled {
  const begin = second * 1000;
  const end = begin + 1000;
  const range = (sql: string, ...parameters: readonly number[]): Compiled => ({ sql, parameters });
  switch (operator) {
    case '=':
      return range(`(${column} >= ? AND ${column} < ?)`, begin, end);
    case '!=':
      return range(`(${column} < ? OR ${column} >= ?)`, begin, end);
    case '>':
      return range(`${column} >= ?`, end);
    case '<=':
      return range(`${column} < ?`, end);
    default:
      return range(`${column} ${operator} ?`, begin);
  }
}

/** Lists are filled up to a power of two with their last member, so that few different statements come of them. */
function filled(list: readonly Operand[]): readonly Operand[] {
  const length = 2 ** Math.ceil(Math.log2(list.length));
  const last = list.at(-1);
  return last === undefined ? list : [...list, ...Array.from({ length: length - list.length }, () => last)];
}

/** What share of the rows a common value is taken to have. */
export const likely = (sql: string): string => `likelihood(${sql}, 0.25)`;

/** The SQL of one condition on a field of the row at hand. Throws QueryError `bad-value`. */
export function compileComparison(
  field: Pick<Field, 'column' | 'kind'> & Partial<Pick<Field, 'common'>>,
  { operator, value, field: shown }: QueryCondition,
): Compiled {
  const { column, kind, common = false } = field;
  switch (operator) {
    case 'is null':
      return { sql: `${column} IS NULL`, parameters: [] };
    case 'not null':
      return { sql: `${column} IS NOT NULL`, parameters: [] };
    case '~=':
    case '!~=': {
      // The backslash escapes % and _ as in MySQL, which the product's clients know.
      const not = operator === '~=' ? '' : 'NOT ';
      return {
        sql: `${asText(field)} ${not}LIKE ? ESCAPE '\\'`,
        parameters: [parsePattern(value, shown)],
      };
    }
    case '?=':
    case '!?=': {
      const list = filled(parseList(kind, value, shown));
      const not = operator === '?=' ? '' : 'NOT ';
      const marks = list.map(() => '?').join(', ');
      const sql = `${comparable(field)} ${not}IN (${marks})`;
      return { sql: common ? likely(sql) : sql, parameters: list };
    }
    case '=':
    case '!=':
    case '>':
    case '<':
    case '>=':
    case '<=': {
      const operand = parseOperand(kind, value, shown);
      if (kind === 'date') return compareDate(column, operator, Number(operand));
      const sql = `${column} ${operator} ?`;
      return { sql: common && operator === '=' ? likely(sql) : sql, parameters: [operand] };
    }
    default:
      return assertNever(operator, 'operator');
  }
}
