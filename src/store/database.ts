import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import sqlite, { type Database } from 'better-sqlite3';
import { StoreError } from './errors.ts';
import { toStoreError } from './sqlite-errors.ts';

/** How long to wait for another process to let go of the file: a supervisor may start us while our predecessor is closing. */
const busyMs = 2000;
/** The log shrinks back to this after a burst. 16 MiB: four times what one checkpoint cycle fills. */
const logBytes = 16_777_216;

/**
 * Makes directory (0700) and file (0600) where missing; SQLite gives its log the mode of the file. A file that is there is not
 * opened: closing it would drop the lock that a store in this very process may have on it.
 */
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
  chmodSync(path, 0o600);
}

/**
 * Opens a database file for this process alone; creates it when missing. The lock is the kernel's and dies with the process.
 * Throws StoreError: `io` with data.reason `in-use` when another process has it, `damaged` when it is no database.
 */
export function openDatabase(path: string): Database {
  let db: Database | undefined;
  try {
    prepareFile(path);
    db = new sqlite(path, { timeout: busyMs });
    // Before the first access: then the log's index lives in memory, and no second process can join.
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('trusted_schema = OFF');
    db.pragma(`journal_size_limit = ${logBytes}`);
    db.exec('BEGIN EXCLUSIVE; COMMIT');
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof sqlite.SqliteError && /^SQLITE_(?:BUSY|LOCKED)/.test(error.code)) {
      throw new StoreError(
        'io',
        `${path} is in use by another running process: stop that one first, or set another dataDirectory`,
        { data: { reason: 'in-use' } },
      );
    }
    throw toStoreError(error, path);
  }
}
