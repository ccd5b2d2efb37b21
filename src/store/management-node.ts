import type { ManagementNodeStore } from '../api/ports.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Session } from './group-commit.ts';

/** The one server that has this database open. */
export function createManagementNodeStore({ db, write }: Session): ManagementNodeStore {
  const first = db
    .prepare<[], Uuid>('SELECT uuid FROM management_node ORDER BY create_date, uuid LIMIT 1')
    .pluck();
  const save = db.prepare<[{ uuid: string; hostName: string; at: number }]>(
    `INSERT INTO management_node (uuid, host_name, join_date, heart_beat, create_date)
       VALUES (@uuid, @hostName, @at, @at, @at)
     ON CONFLICT (uuid) DO UPDATE SET host_name = excluded.host_name, join_date = excluded.join_date,
       heart_beat = excluded.heart_beat`,
  );
  const beat = db.prepare<[number, string]>('UPDATE management_node SET heart_beat = ? WHERE uuid = ?');
  return {
    join: ({ uuid, hostName, at }) =>
      write(() => {
        const lasting = first.get() ?? uuid;
        save.run({ uuid: lasting, hostName, at });
        return lasting;
      }),
    heartBeat: (uuid, at) => write(() => void beat.run(at, uuid)),
  };
}
