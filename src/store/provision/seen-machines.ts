import type { Uuid } from '../../base/uuid.ts';
import type { SeenMachine } from '../../provision/model.ts';
import type { ProvisionStore } from '../../provision/ports.ts';
import type { Session } from '../group-commit.ts';
import { parseJson } from '../json-column.ts';
import { fromNulls, type Nullable, toNulls } from '../nulls.ts';

type Plain = Omit<SeenMachine, 'uuids'>;
type SeenRow = Nullable<Plain> & { readonly uuids: string };
type SeenStore = Pick<ProvisionStore, 'saveSeenMachine' | 'listSeenMachines' | 'deleteSeenMachine'>;

/** Machines that asked for a boot and were not known, one row a MAC. */
export function createSeenMachineStore({ db, read, write }: Session): SeenStore {
  const upsert = db.prepare<[SeenRow]>(
    `INSERT INTO seen_machine (mac, server_uuid, uuids, firmware, vendor_class, reason, first_seen, last_seen, count)
       VALUES (@mac, @serverUuid, @uuids, @firmware, @vendorClass, @reason, @firstSeen, @lastSeen, @count)
     ON CONFLICT (mac) DO UPDATE SET server_uuid = excluded.server_uuid, uuids = excluded.uuids,
       firmware = excluded.firmware, vendor_class = excluded.vendor_class, reason = excluded.reason,
       first_seen = excluded.first_seen, last_seen = excluded.last_seen, count = excluded.count`,
  );
  const all = db.prepare<[], SeenRow>(
    `SELECT mac, server_uuid AS serverUuid, uuids, firmware, vendor_class AS vendorClass, reason,
       first_seen AS firstSeen, last_seen AS lastSeen, count FROM seen_machine ORDER BY last_seen DESC, mac`,
  );
  const remove = db.prepare<[string]>('DELETE FROM seen_machine WHERE mac = ?');
  return {
    saveSeenMachine: ({ uuids, ...plain }) =>
      write(() => void upsert.run({ ...toNulls<Plain>(plain), uuids: JSON.stringify(uuids) })),
    listSeenMachines: () =>
      read(() =>
        all.all().map(({ uuids, ...plain }) => ({
          ...fromNulls<Plain>(plain),
          uuids: parseJson(uuids, 'seen_machine.uuids', plain.mac) as Uuid[],
        })),
      ),
    deleteSeenMachine: (mac) => write(() => void remove.run(mac)),
  };
}
