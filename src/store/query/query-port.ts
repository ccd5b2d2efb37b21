import type { InventoryRow, QueryPort, QueryRequest } from '../../api/ports.ts';
import type { Session } from '../group-commit.ts';
import type { SecretBox } from '../secret-box.ts';
import { type CompiledQuery, compileList, compileQuery } from './compile.ts';
import { describeResources } from './describe.ts';
import type { Relation } from './resource.ts';
import { showRow } from './show.ts';
import { createStatements, type Value } from './statements.ts';

/** Reads inventories with prepared statements; `box` opens the secrets of requests that reveal them. */
export function createQueryPort({ db, read }: Session, box: SecretBox): QueryPort {
  const prepare = createStatements(db);
  const descriptions = describeResources();

  /** The rows of one list for a whole page, by the inventory that shows them. */
  const listFor = (
    relation: Relation,
    uuids: readonly unknown[],
    visibleTo: string | undefined,
  ): ReadonlyMap<unknown, InventoryRow[]> => {
    const { columns, sql, parameters } = compileList(relation, visibleTo);
    const lists = new Map<unknown, InventoryRow[]>(uuids.map((uuid) => [uuid, []]));
    for (const values of prepare(sql).all(JSON.stringify(uuids), ...parameters)) {
      lists.get(values[0])?.push(showRow(columns, values, 1));
    }
    return lists;
  };

  const addLists = (
    query: CompiledQuery,
    rows: readonly Record<string, unknown>[],
    visibleTo: string | undefined,
  ): void => {
    if (rows.length === 0) return;
    for (const [name, relation] of Object.entries(query.resource.relations)) {
      if (relation.listedBy === undefined) continue;
      const uuids = rows.map(({ uuid }) => uuid);
      const lists = listFor(relation, uuids, visibleTo);
      for (const row of rows) row[name] = lists.get(row['uuid']) ?? [];
    }
  };

  const rowsOf = (query: CompiledQuery, { fields, visibleTo }: QueryRequest): readonly InventoryRow[] => {
    const { resource, columns, rows } = query;
    const open = (values: readonly Value[]) => (member: string, sealed: Uint8Array) =>
      box.open({ table: resource.table, uuid: String(values[columns.length]), column: member }, sealed);
    const found = prepare(rows.sql)
      .all(...rows.parameters)
      .map((values) => showRow(columns, values, 0, query.opens ? open(values) : undefined));
    if (fields === undefined) addLists(query, found, visibleTo);
    return found;
  };

  return {
    describe: (resource) => descriptions[resource],
    query: (request) =>
      read(() => {
        const query = compileQuery(request);
        const { sql, parameters } = query.count;
        const counts = request.countOnly || request.withTotal;
        const total = counts ? Number(prepare(sql).get(...parameters)?.[0]) : undefined;
        return { rows: request.countOnly ? [] : rowsOf(query, request), total };
      }),
  };
}
