import type { QueryCondition } from '../../src/api/ports.ts';

export type ReferenceKind = 'text' | 'number' | 'boolean' | 'date';

/** ASCII letters without case, as the database folds them. */
const fold = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** LIKE with % _ and a backslash as escape; a pattern that ends in a lone backslash matches nothing. */
function like(pattern: string, text: string): boolean {
  const [head, ...rest] = Array.from(pattern);
  if (head === undefined) return text === '';
  const letters = Array.from(text);
  if (head === '%')
    return (
      letters.some((_, at) => like(rest.join(''), letters.slice(at).join(''))) || like(rest.join(''), '')
    );
  const [first, ...others] = letters;
  if (first === undefined) return false;
  if (head === '_') return like(rest.join(''), others.join(''));
  if (head === '\\') {
    const [escaped, ...after] = rest;
    return escaped !== undefined && fold(escaped) === fold(first) && like(after.join(''), others.join(''));
  }
  return fold(head) === fold(first) && like(rest.join(''), others.join(''));
}

function textOf(kind: ReferenceKind, value: unknown): string {
  return kind === 'date'
    ? new Date(Number(value)).toISOString().slice(0, 19).replace('T', ' ')
    : String(value);
}

function compare(kind: ReferenceKind, stored: unknown, given: string): number {
  if (kind === 'text') return Buffer.compare(Buffer.from(String(stored)), Buffer.from(given));
  if (kind === 'number') return Number(stored) - Number(given);
  if (kind === 'boolean') return Number(stored) - (given === 'true' ? 1 : 0);
  return Math.floor(Number(stored) / 1000) - Date.parse(`${given.replace(' ', 'T')}Z`) / 1000;
}

/** What one condition means, written a second time and plainly. What is absent meets no condition but `is null`. */
export function matches(
  kind: ReferenceKind,
  stored: unknown,
  operator: QueryCondition['operator'],
  value: string,
): boolean {
  if (operator === 'is null') return stored === undefined;
  if (stored === undefined) return false;
  const inList = (): boolean => value.split(',').some((item) => compare(kind, stored, item.trim()) === 0);
  const is: Readonly<Record<Exclude<QueryCondition['operator'], 'is null'>, () => boolean>> = {
    'not null': () => true,
    '=': () => compare(kind, stored, value) === 0,
    '!=': () => compare(kind, stored, value) !== 0,
    '>': () => compare(kind, stored, value) > 0,
    '>=': () => compare(kind, stored, value) >= 0,
    '<': () => compare(kind, stored, value) < 0,
    '<=': () => compare(kind, stored, value) <= 0,
    '?=': inList,
    '!?=': () => !inList(),
    '~=': () => like(value, textOf(kind, stored)),
    '!~=': () => !like(value, textOf(kind, stored)),
  };
  return is[operator]();
}
