import { ApiError } from '../errors.ts';
import type { QueryCondition, QueryRequest } from '../ports.ts';
import { queryOperators } from '../ports.ts';

/** Query string as parsed by the server: one value, or several for a repeated name. */
export type QueryString = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a caller asks; of which resource and with which rights is the caller's context to say. */
export type ParsedQuery = Omit<QueryRequest, 'resource' | 'visibleTo' | 'reveal'>;

const maxConditions = 100;

/** All values of a repeated parameter, in order. */
export function valuesOf(query: QueryString, name: string): readonly string[] {
  const value = query[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

function badQuery(text: string): ApiError {
  return new ApiError('bad-query', text);
}

function integerOf(query: QueryString, name: string, absent: number): number {
  const text = valuesOf(query, name)[0];
  if (text === undefined || text === '') return absent;
  // Java's Integer is what the product takes.
  if (!/^\d{1,10}$/.test(text.trim()) || Number(text) > 0x7fff_ffff) {
    throw badQuery(`${name} must be a whole number from 0 to 2147483647`);
  }
  return Number(text);
}

function booleanOf(query: QueryString, name: string): boolean {
  const text = (valuesOf(query, name)[0] ?? 'false').trim().toLowerCase();
  if (text !== 'true' && text !== 'false' && text !== '') throw badQuery(`${name} must be true or false`);
  return text === 'true';
}

/** One `q` text; the operator is the first of the product's list that occurs anywhere, split at its first place. */
export function parseCondition(text: string): QueryCondition {
  const operator = queryOperators.find((candidate) =>
    candidate.startsWith('is') || candidate.startsWith('not')
      ? text.includes(` ${candidate}`)
      : text.includes(candidate),
  );
  if (operator === undefined) {
    throw badQuery(`a condition in q needs one of the operators ${queryOperators.join(' ')}`);
  }
  const at = text.indexOf(operator);
  const field = text.slice(0, at).trim();
  if (field === '' || field.length > 255)
    throw badQuery('a condition in q needs a field name before its operator');
  const isNullTest = operator === 'is null' || operator === 'not null';
  return { field, operator, value: isNullTest ? '' : text.slice(at + operator.length) };
}

function sortOf(query: QueryString): QueryRequest['sort'] {
  // A literal + in a URL arrives as a space. The Java SDK sends `+null` when only a direction was set.
  const sort = valuesOf(query, 'sort')[0]?.trim() ?? '';
  const field = sort.replace(/^[+-]/, '').trim();
  if (field !== '' && field !== 'null') return { field, direction: sort.startsWith('-') ? 'desc' : 'asc' };
  const sortBy = valuesOf(query, 'sortBy')[0]?.trim() ?? '';
  const direction = (valuesOf(query, 'sortDirection')[0] ?? 'asc').trim().toLowerCase();
  if (direction !== 'asc' && direction !== 'desc' && direction !== '') {
    throw new ApiError('bad-argument', 'parameter sortDirection must be asc or desc');
  }
  return sortBy === '' ? undefined : { field: sortBy, direction: direction === 'desc' ? 'desc' : 'asc' };
}

/** Both spellings: separated by commas as in the product, repeated as in the manual. */
function fieldsOf(query: QueryString): readonly string[] | undefined {
  const names = valuesOf(query, 'fields')
    .flatMap((part) => part.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length === 0 ? undefined : [...new Set(names)];
}

/**
 * Reads the query language of ZStack's list APIs. Throws ApiError `bad-query` (400) for what the product calls malformed and
 * `bad-argument` (503) for what is well-formed but wrong; whether the fields exist is the query port's to say.
 */
export function parseQuery(query: QueryString): ParsedQuery {
  const texts = valuesOf(query, 'q');
  if (texts.length > maxConditions) throw badQuery(`at most ${maxConditions} conditions in q`);
  const groupBy = valuesOf(query, 'groupBy')[0]?.trim() ?? '';
  return {
    conditions: texts.map(parseCondition),
    limit: integerOf(query, 'limit', 1000),
    start: integerOf(query, 'start', 0),
    sort: sortOf(query),
    groupBy: groupBy === '' ? undefined : groupBy,
    fields: fieldsOf(query),
    countOnly: booleanOf(query, 'count'),
    withTotal: booleanOf(query, 'replyWithCount'),
  };
}
