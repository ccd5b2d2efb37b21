import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { StoreError } from '../errors.ts';
import type { Migration } from './migration.ts';

/** SHA-256 of a migration's SQL, lower-case hex. */
export function migrationHash(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex');
}

interface Applied {
  readonly id: number;
  readonly name: string;
  readonly sha256: string;
}

function damaged(text: string, data: Record<string, unknown> = {}): StoreError {
  return new StoreError('damaged', text, { data });
}

/** Throws `damaged` unless what was applied to the file is a prefix of `known`, hash by hash. */
export function checkApplied(applied: readonly Applied[], known: readonly Migration[], path: string): void {
  for (const [index, { id, name, sha256 }] of applied.entries()) {
    const migration = known[index];
    if (migration === undefined) {
      throw damaged(
        `${path} was written by a newer version (migration ${id} ${name} is unknown here): start that version again, or restore a backup from before the upgrade`,
        { migration: id },
      );
    }
    if (migration.id !== id || migrationHash(migration) !== sha256) {
      throw damaged(
        `${path} was made with another migration ${id} ${name} than this version has: start the version that made it, or restore a backup`,
        { migration: id },
      );
    }
  }
}

/**
 * Checks what was applied and applies what is pending, each migration in a transaction of its own.
 * Throws StoreError `damaged` for a foreign file, a changed or an unknown migration.
 */
export function migrate(db: Database, known: readonly Migration[], now: () => number): void {
  const tables = db
    .prepare<[], { name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
    .all()
    .map(({ name }) => name);
  if (tables.length > 0 && !tables.includes('schema_migrations')) {
    throw damaged(`${db.name} is a database of another program: set dataDirectory to a directory of its own`);
  }
  db.exec(
    'CREATE TABLE IF NOT EXISTS schema_migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
  );
  const applied = db.prepare<[], Applied>('SELECT id, name, sha256 FROM schema_migrations ORDER BY id').all();
  checkApplied(applied, known, db.name);
  const record = db.prepare<[number, string, string, number]>(
    'INSERT INTO schema_migrations (id, name, sha256, applied_at) VALUES (?, ?, ?, ?)',
  );
  for (const migration of known.slice(applied.length)) {
    db.transaction(() => {
      db.exec(migration.sql);
      record.run(migration.id, migration.name, migrationHash(migration), now());
    }).exclusive();
  }
}
