import type { Job, JobStore, WebHook } from '../api/ports.ts';
import type { Session } from './group-commit.ts';
import { fromNulls, type Nullable, toNulls } from './nulls.ts';

type JobRow = Nullable<Job>;

const columns = `SELECT uuid, api, account_uuid AS accountUuid, state, result, error,
  create_date AS createDate, finish_date AS finishDate FROM job`;

/** Asynchronous calls and their answers. */
export function createJobStore({ db, read, write }: Session): JobStore {
  const insert = db.prepare<[JobRow]>(
    `INSERT INTO job (uuid, api, account_uuid, state, result, error, create_date, finish_date)
       VALUES (@uuid, @api, @accountUuid, @state, @result, @error, @createDate, @finishDate)
     ON CONFLICT (uuid) DO NOTHING`,
  );
  const insertHook = db.prepare<[Nullable<WebHook>]>(
    `INSERT INTO web_hook (job_uuid, header_uuid, url, origin, tries, next_at, create_date)
       VALUES (@jobUuid, @headerUuid, @url, @origin, @tries, @nextAt, @createDate)`,
  );
  const armHook = db.prepare<[number, string]>(
    'UPDATE web_hook SET next_at = ? WHERE job_uuid = ? AND next_at IS NULL',
  );
  // The first end counts: a repeated or late one changes nothing.
  const finish = db.prepare<
    [{ uuid: string; state: string; result: string | null; error: string | null; at: number }]
  >(
    `UPDATE job SET state = @state, result = @result, error = @error, finish_date = @at
       WHERE uuid = @uuid AND state = 'running'`,
  );
  const byUuid = db.prepare<[string], JobRow>(`${columns} WHERE uuid = ?`);
  const running = db.prepare<[], JobRow>(`${columns} WHERE state = 'running' ORDER BY create_date, uuid`);
  const deleteFinished = db.prepare<[number, number]>(
    'DELETE FROM job WHERE uuid IN (SELECT uuid FROM job WHERE finish_date < ? ORDER BY finish_date LIMIT ?)',
  );
  return {
    insertJob: (job, hook) =>
      write(() => {
        const added = insert.run(toNulls(job)).changes === 1;
        if (added && hook !== undefined) insertHook.run(toNulls(hook));
        return added;
      }),
    finishJob: (uuid, { result, error, at }) =>
      write(() => {
        const state = error === undefined ? 'succeeded' : 'failed';
        finish.run({ uuid, state, result: result ?? null, error: error ?? null, at });
        armHook.run(at, uuid);
      }),
    getJob: (uuid) =>
      read(() => {
        const row = byUuid.get(uuid);
        return row && fromNulls<Job>(row);
      }),
    listRunningJobs: () => read(() => running.all().map((row) => fromNulls<Job>(row))),
    deleteJobsFinishedBefore: (time, limit) => write(() => deleteFinished.run(time, limit).changes),
  };
}
