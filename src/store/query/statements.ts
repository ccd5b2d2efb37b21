import type { Database, Statement } from 'better-sqlite3';

/** What a column holds. */
export type Value = string | number | null | Uint8Array;

/** How many statements stay prepared: clients ask few kinds of questions, each some 10 KiB of memory. */
const kept = 200;
/** Longer ones are as good as never asked twice. */
const longest = 16_384;

/** Prepares statements whose rows come as arrays, and keeps those that were used last. */
export function createStatements(db: Database): (sql: string) => Statement<unknown[], Value[]> {
  const known = new Map<string, Statement<unknown[], Value[]>>();
  return (sql) => {
    const statement = known.get(sql) ?? db.prepare<unknown[], Value[]>(sql).raw();
    if (sql.length > longest) return statement;
    // A Map keeps the order of insertion, so the first one is the one unused for longest.
    known.delete(sql);
    known.set(sql, statement);
    if (known.size > kept) known.delete(known.keys().next().value ?? '');
    return statement;
  };
}
