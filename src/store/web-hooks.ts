import type { WebHook, WebHookStore } from '../api/ports.ts';
import type { Session } from './group-commit.ts';
import { fromNulls, type Nullable } from './nulls.ts';

type HookRow = Nullable<WebHook>;

const columns = `SELECT job_uuid AS jobUuid, header_uuid AS headerUuid, url, origin, tries, next_at AS nextAt,
  create_date AS createDate FROM web_hook`;

/** Web hooks that wait for their job's end or for their next try. */
export function createWebHookStore({ db, read, write }: Session): WebHookStore {
  // From origin to origin through the index: the hooks between are not looked at, however many wait for one.
  const origins = db.prepare<
    [{ now: number; after: string; limit: number }],
    { origin: string; due: number }
  >(
    `WITH RECURSIVE step (origin) AS (
       SELECT min(origin) FROM web_hook WHERE next_at IS NOT NULL AND origin > @after
       UNION ALL
       SELECT (SELECT min(origin) FROM web_hook WHERE next_at IS NOT NULL AND origin > step.origin)
         FROM step WHERE step.origin IS NOT NULL LIMIT @limit
     )
     SELECT origin, EXISTS (SELECT 1 FROM web_hook AS hook WHERE hook.origin = step.origin AND next_at <= @now) AS due
       FROM step WHERE origin IS NOT NULL`,
  );
  const dueOf = db.prepare<[string, number, number], HookRow>(
    `${columns} WHERE origin = ? AND next_at <= ? ORDER BY next_at LIMIT ?`,
  );
  const next = db.prepare<[number], { at: number | null }>(
    'SELECT min(next_at) AS at FROM web_hook WHERE next_at > ?',
  );
  const postpone = db.prepare<[number, number, string]>(
    'UPDATE web_hook SET tries = ?, next_at = ? WHERE job_uuid = ?',
  );
  const remove = db.prepare<[string]>('DELETE FROM web_hook WHERE job_uuid = ?');
  const count = db.prepare<[], { waiting: number }>('SELECT count(*) AS waiting FROM web_hook');
  const plain = (rows: readonly HookRow[]): readonly WebHook[] => rows.map((row) => fromNulls<WebHook>(row));
  return {
    listOrigins: (now, after, limit) =>
      read(() => origins.all({ now, after, limit }).map(({ origin, due }) => ({ origin, due: due === 1 }))),
    dueHooksOf: (origin, now, limit) => read(() => plain(dueOf.all(origin, now, limit))),
    nextDue: (time) => read(() => next.get(time)?.at ?? undefined),
    postponeHook: (jobUuid, tries, nextAt) => write(() => void postpone.run(tries, nextAt, jobUuid)),
    deleteHook: (jobUuid) => write(() => void remove.run(jobUuid)),
    countHooks: () => read(() => count.get()?.waiting ?? 0),
  };
}
