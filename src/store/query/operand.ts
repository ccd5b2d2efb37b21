import { assertNever } from '../../base/errors.ts';
import { type FieldKind, QueryError } from '../../api/ports.ts';
import { shownName } from './lookup.ts';

/** What may stand in a bound parameter. */
export type Operand = string | number;

/** SQLite compares at most 50,000 bytes of pattern (SQLITE_MAX_LIKE_PATTERN_LENGTH); nobody types this many. */
const maxPattern = 4096;
/** Members of one `?=` list. */
const maxList = 1000;

function badValue(field: string, wanted: string): QueryError {
  const shown = shownName(field);
  return new QueryError('bad-value', `the value for ${shown} must be ${wanted}`, { data: { field: shown } });
}

/** Text that the database can compare: without NUL, which would end it early. */
function checkText(value: string, field: string): string {
  if (value.includes('\0')) throw badValue(field, 'text without NUL characters');
  return value;
}

/** Seconds since the epoch of `yyyy-MM-dd HH:mm:ss` in UTC; undefined for another form or a day that does not exist. */
export function parseDateSeconds(value: string): number | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(value);
  if (!found) return undefined;
  const iso = `${value.slice(0, 10)}T${value.slice(11)}.000Z`;
  const time = Date.parse(iso);
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso) return undefined;
  return time / 1000;
}

/** The value of a comparison with a field of `kind`. Throws QueryError `bad-value`. */
export function parseOperand(kind: FieldKind, value: string, field: string): Operand {
  switch (kind) {
    case 'text':
    case 'json':
      return checkText(value, field);
    case 'integer':
    case 'numeral':
      if (!/^-?\d{1,15}$/.test(value.trim())) throw badValue(field, 'a whole number');
      return Number(value);
    case 'boolean': {
      const word = value.trim().toLowerCase();
      if (word !== 'true' && word !== 'false') throw badValue(field, 'true or false');
      return word === 'true' ? 1 : 0;
    }
    case 'date': {
      const seconds = parseDateSeconds(value.trim());
      if (seconds === undefined) throw badValue(field, 'a time as yyyy-MM-dd HH:mm:ss (UTC)');
      return seconds;
    }
    default:
      return assertNever(kind, 'field kind');
  }
}

/** The members of a `?=` list: separated by commas, each trimmed. Throws QueryError `bad-value`. */
export function parseList(kind: FieldKind, value: string, field: string): readonly Operand[] {
  const items = value.split(',');
  if (items.length > maxList) throw badValue(field, `at most ${maxList} values`);
  return items.map((item) => parseOperand(kind, item.trim(), field));
}

/** A `~=` pattern. Throws QueryError `bad-value`. */
export function parsePattern(value: string, field: string): string {
  if (value.length > maxPattern) throw badValue(field, `a pattern of at most ${maxPattern} characters`);
  return checkText(value, field);
}
