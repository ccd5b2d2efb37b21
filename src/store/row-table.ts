import type { Database, Statement } from 'better-sqlite3';
import { parseJson } from './json-column.ts';

/** How a member lies in its column: as it is, as 0 or 1, or as JSON. Undefined is NULL in each. */
type ColumnKind = 'plain' | 'flag' | 'json';

type Value = string | number | null | Uint8Array;
type Row = Readonly<Record<string, Value>>;

/** Every member of a record with the way in which it is stored; columns are named like their members. */
type Columns<T> = { readonly [K in keyof T & string]-?: ColumnKind };

/** The rows of one table as records; the calls are parts of a larger transaction. */
export interface RowTable<T> {
  /** Inserts, or replaces by the key. */
  save(record: T): void;
  get(key: string): T | undefined;
  /** Prepares a list; `rest` follows FROM and is SQL of ours. */
  list(rest: string): (...parameters: readonly string[]) => readonly T[];
  delete(key: string): void;
}

const columnOf = (member: string): string =>
  member.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function toColumn(kind: ColumnKind, value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (kind === 'json') return JSON.stringify(value);
  if (kind === 'flag') return value === true ? 1 : 0;
  return value as Value;
}

/** Prepares the statements of a table whose key is the first of `columns`. */
export function createRowTable<T extends object>(
  db: Database,
  table: string,
  columns: Columns<T>,
): RowTable<T> {
  const kinds = Object.entries(columns) as readonly (readonly [string, ColumnKind])[];
  const members = kinds.map(([member]) => member);
  const [key = 'uuid', ...others] = members;
  const upsert = db.prepare<[Row]>(
    `INSERT INTO ${table} (${members.map(columnOf).join(', ')}) VALUES (${members.map((member) => `@${member}`).join(', ')})
     ON CONFLICT (${columnOf(key)}) DO UPDATE SET ${others.map((member) => `${columnOf(member)} = excluded.${columnOf(member)}`).join(', ')}`,
  );
  const select = `SELECT ${members.map((member) => `${table}.${columnOf(member)} AS ${member}`).join(', ')} FROM ${table}`;
  const byKey = db.prepare<[string], Row>(`${select} WHERE ${columnOf(key)} = ?`);
  const remove = db.prepare<[string]>(`DELETE FROM ${table} WHERE ${columnOf(key)} = ?`);

  const fromColumn = (kind: ColumnKind, member: string, row: Row): unknown => {
    const value = row[member] ?? undefined;
    if (value === undefined) return undefined;
    if (kind === 'json') return parseJson(String(value), `${table}.${member}`, String(row[key]));
    return kind === 'flag' ? value === 1 : value;
  };
  const read = (row: Row): T =>
    Object.fromEntries(kinds.map(([member, kind]) => [member, fromColumn(kind, member, row)])) as T;
  return {
    save(record) {
      const given = record as Readonly<Record<string, unknown>>;
      upsert.run(Object.fromEntries(kinds.map(([member, kind]) => [member, toColumn(kind, given[member])])));
    },
    get(uuid) {
      const row = byKey.get(uuid);
      return row && read(row);
    },
    list(rest) {
      const statement: Statement<string[], Row> = db.prepare(`${select} ${rest}`);
      return (...parameters) => statement.all(...parameters).map(read);
    },
    delete: (uuid) => void remove.run(uuid),
  };
}
