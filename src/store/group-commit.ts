import type { Database } from 'better-sqlite3';
import { StoreError } from './errors.ts';
import { toStoreError } from './sqlite-errors.ts';

interface Write {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** What the parts of the store do their work with. */
export interface Session {
  readonly db: Database;
  /**
   * Resolves with what `work` returned when it is on disk. All writes of one tick share a transaction, because the disk flush
   * costs far more than the writes; each is undone alone when it fails, and they run in the order of the calls.
   */
  readonly write: <T>(work: () => T) => Promise<T>;
  /** Runs `work` at once on what is committed. */
  readonly read: <T>(work: () => T) => Promise<T>;
}

/** A session that can be ended. */
export interface ClosableSession extends Session {
  /** Commits what is waiting, then closes the database; may be called twice. Later calls reject with StoreError `io`. */
  close(): void;
}

/** Groups writes to `db`. Everything rejects with StoreError. */
export function createSession(db: Database): ClosableSession {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const rollback = db.prepare('ROLLBACK');
  const savepoint = db.prepare('SAVEPOINT one');
  const release = db.prepare('RELEASE one');
  const undo = db.prepare('ROLLBACK TO one');
  let waiting: Write[] = [];

  /** One write inside the open transaction; the returned settles its promise once the transaction's fate is known. */
  const runOne = (write: Write): (() => void) => {
    savepoint.run();
    try {
      const value = write.run();
      release.run();
      return () => write.resolve(value as never);
    } catch (error) {
      // SQLite itself rolls everything back when the disk is full; then the whole group is lost.
      if (!db.inTransaction) throw error;
      undo.run();
      release.run();
      return () => write.reject(toStoreError(error, db.name));
    }
  };

  const abandon = (): void => {
    try {
      if (db.inTransaction) rollback.run();
    } catch {
      // The error that led here is the one to tell; SQLite rolls back at the next begin or close.
    }
  };

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    let settle: (() => void)[];
    try {
      begin.run();
      settle = group.map(runOne);
      commit.run();
    } catch (error) {
      abandon();
      const reason = toStoreError(error, db.name);
      settle = group.map((write) => () => write.reject(reason));
    }
    for (const one of settle) one();
  };

  const closed = (): StoreError =>
    new StoreError('io', `${db.name} is closed`, { data: { reason: 'closed' } });

  return {
    db,
    write: (run) =>
      new Promise((resolve, reject) => {
        if (!db.open) return reject(closed());
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ run, resolve, reject });
      }),
    read: async (work) => {
      if (!db.open) throw closed();
      try {
        return work();
      } catch (error) {
        throw toStoreError(error, db.name);
      }
    },
    close() {
      if (!db.open) return;
      flush();
      db.close();
    },
  };
}
