import { assertNever } from '../../base/errors.ts';
import type { Column } from './compile.ts';
import type { Field } from './resource.ts';
import type { Value } from './statements.ts';

/** Stands for every secret, whatever its length. */
const stars = '******';

/** What was written as JSON; any other text as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function show(kind: Field['kind'], value: Value | undefined): unknown {
  if (value === null || value === undefined) return undefined;
  switch (kind) {
    case 'boolean':
      return value === 1;
    case 'numeral':
      return String(value);
    case 'json':
      return parsed(String(value));
    case 'text':
    case 'integer':
    case 'date':
      return value;
    default:
      return assertNever(kind, 'field kind');
  }
}

/** Opens the sealed value of a secret member. */
export type OpenSecret = (member: string, sealed: Uint8Array) => string;

/**
 * The members that `values` hold from place `first` on, absent ones undefined. A secret is stars where there is one; with `open`
 * its column holds the sealed value, without it whether there is one.
 */
export function showRow(
  columns: readonly Column[],
  values: readonly Value[],
  first = 0,
  open?: OpenSecret,
): Record<string, unknown> {
  // A plain loop: a page of 1000 hostcfgs shows some 5000 rows.
  const row: Record<string, unknown> = {};
  let place = first;
  for (const [name, { kind, secret }] of columns) {
    const value = values[place];
    place += 1;
    if (!secret) row[name] = show(kind, value);
    else if (open === undefined) row[name] = value === 1 ? stars : undefined;
    else row[name] = value instanceof Uint8Array ? open(name, value) : undefined;
  }
  return row;
}
