import type { Database } from 'better-sqlite3';
import type { InventoryRow, QueryPort } from '../../api/ports.ts';
import type { Session } from '../group-commit.ts';
import { type Compiled, compileQuery } from './compile.ts';
import type { Field, Resource } from './resources.ts';

type Value = string | number | null;

/** Stands for every secret, whatever its length. */
const stars = '******';

function show({ kind }: Field, value: Value | undefined): unknown {
  if (value === null || value === undefined) return undefined;
  if (kind === 'boolean') return value === 1;
  return kind === 'numeral' ? String(value) : value;
}

function showAll(fields: Readonly<Record<string, Field>>, values: readonly Value[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field], index) => [name, show(field, values[index])]),
  );
}

function listParts(db: Database, resource: Resource, uuid: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(resource.parts).map(([name, { table, parent, fields }]) => {
      const columns = Object.values(fields).map(({ column }) => column);
      const rows = db
        .prepare<[unknown], Value[]>(
          `SELECT ${columns.join(', ')} FROM ${table} WHERE ${parent} = ? ORDER BY position`,
        )
        .raw()
        .all(uuid);
      return [name, rows.map((values) => showAll(fields, values))];
    }),
  );
}

function showRow(db: Database, resource: Resource, values: readonly Value[]): InventoryRow {
  const plain = showAll(resource.fields, values);
  const hidden = resource.hidden.map(({ name }, index) => {
    const present = values[Object.keys(resource.fields).length + index] === 1;
    return [name, present ? stars : undefined];
  });
  return { ...plain, ...Object.fromEntries(hidden), ...listParts(db, resource, plain['uuid']) };
}

/** Reads inventories; secrets are stars. */
export function createQueryPort({ db, read }: Session): QueryPort {
  const count = ({ sql, parameters }: Compiled): number =>
    Number(
      db
        .prepare(sql)
        .pluck()
        .get(...parameters),
    );
  return {
    query: (request) =>
      read(() => {
        const { resource, rows, count: counted } = compileQuery(request);
        const total = request.countOnly || request.withTotal ? count(counted) : undefined;
        if (request.countOnly) return { rows: [], total };
        const found = db
          .prepare<unknown[], Value[]>(rows.sql)
          .raw()
          .all(...rows.parameters);
        return { rows: found.map((values) => showRow(db, resource, values)), total };
      }),
  };
}
