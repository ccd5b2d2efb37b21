import type { ProgressLine, ProgressStore } from '../api/ports.ts';
import type { Session } from './group-commit.ts';
import { fromNulls, type Nullable, toNulls } from './nulls.ts';

type LineRow = Nullable<ProgressLine>;

/** Lines of the progress of calls, in the order in which they were told. */
export function createProgressStore({ db, read, write }: Session): ProgressStore {
  const insert = db.prepare<[LineRow]>(
    `INSERT INTO task_progress (api_uuid, task_uuid, parent_uuid, task_name, type, content, percent, opaque, time)
       VALUES (@apiUuid, @taskUuid, @parentUuid, @taskName, @type, @content, @percent, @opaque, @time)`,
  );
  const ofCall = db.prepare<[string], LineRow>(
    `SELECT api_uuid AS apiUuid, task_uuid AS taskUuid, parent_uuid AS parentUuid, task_name AS taskName, type,
       content, percent, opaque, time FROM task_progress WHERE api_uuid = ? ORDER BY id`,
  );
  const deleteBefore = db.prepare<[number, number]>(
    'DELETE FROM task_progress WHERE id IN (SELECT id FROM task_progress WHERE time < ? ORDER BY time LIMIT ?)',
  );
  return {
    append: (lines) =>
      write(() => {
        for (const line of lines) insert.run(toNulls(line));
      }),
    linesOf: (apiUuid) => read(() => ofCall.all(apiUuid).map((row) => fromNulls<ProgressLine>(row))),
    deleteProgressBefore: (time, limit) => write(() => deleteBefore.run(time, limit).changes),
  };
}
