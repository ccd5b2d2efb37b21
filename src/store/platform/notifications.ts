import type { Notification } from '../../platform/model.ts';
import type { NotificationStore } from '../../platform/ports.ts';
import type { Session } from '../group-commit.ts';
import { type Nullable, toNulls } from '../nulls.ts';

type Row = Nullable<Notification>;

/** Notifications, one row for what keeps happening. */
export function createNotificationStore({ db, write }: Session): NotificationStore {
  const renew = db.prepare<[Row]>(
    `UPDATE notification SET content = @content, type = @type, sender = @sender, opaque = @opaque,
       occurrences = occurrences + @occurrences, time = @time, last_op_date = @lastOpDate
     WHERE uuid = (SELECT uuid FROM notification
       WHERE resource_uuid IS @resourceUuid AND name = @name AND resource_type IS @resourceType
         AND status = 'Unread' ORDER BY time DESC, uuid LIMIT 1)`,
  );
  const insert = db.prepare<[Row]>(
    `INSERT INTO notification (uuid, name, content, sender, status, type, resource_type, resource_uuid, opaque,
       occurrences, time, create_date, last_op_date)
     VALUES (@uuid, @name, @content, @sender, @status, @type, @resourceType, @resourceUuid, @opaque,
       @occurrences, @time, @createDate, @lastOpDate)`,
  );
  const count = db.prepare<[], number>('SELECT count(*) FROM notification').pluck();
  const trim = db.prepare<[number]>(
    `DELETE FROM notification WHERE uuid IN
       (SELECT uuid FROM notification ORDER BY status = 'Unread', time, rowid LIMIT ?)`,
  );
  const mark = db.prepare<[{ uuid: string; status: string; at: number }]>(
    `UPDATE notification SET status = @status, last_op_date = @at WHERE uuid = @uuid AND status <> @status`,
  );
  const remove = db.prepare<[string]>('DELETE FROM notification WHERE uuid = ?');
  /** Never below the number of rows. Counting them is slow with a million, so it happens once in a hundredth of `keep`. */
  let atMost: number | undefined;

  function makeRoom(keep: number): void {
    atMost = atMost === undefined ? (count.get() ?? 0) : atMost + 1;
    if (atMost <= keep) return;
    const rows = count.get() ?? 0;
    const excess = rows - keep;
    atMost = excess > 0 ? rows - trim.run(excess + Math.floor(keep / 100)).changes : rows;
  }

  return {
    async record(notification, keep) {
      const row = toNulls(notification);
      try {
        return await write(() => {
          if (renew.run(row).changes > 0) return false;
          insert.run(row);
          makeRoom(keep);
          return true;
        });
      } catch (error) {
        // The rows that were trimmed are back.
        atMost = undefined;
        throw error;
      }
    },
    setStatus: (uuids, status, at) =>
      write(() => {
        for (const uuid of uuids) mark.run({ uuid, status, at });
      }),
    deleteNotifications: (uuids) =>
      write(() => {
        for (const uuid of uuids) remove.run(uuid);
      }),
  };
}
