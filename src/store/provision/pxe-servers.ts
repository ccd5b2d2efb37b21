import type { PxeServer } from '../../provision/model.ts';
import type { ProvisionStore } from '../../provision/ports.ts';
import type { Session } from '../group-commit.ts';
import { fromNulls, type Nullable, toNulls } from '../nulls.ts';

type PxeServerRow = Nullable<PxeServer>;
type PxeServerStore = Pick<
  ProvisionStore,
  'savePxeServer' | 'deletePxeServer' | 'listPxeServers' | 'getPxeServer'
>;

const columns = `SELECT uuid, name, description, dhcp_interface AS dhcpInterface, dhcp_range_begin AS dhcpRangeBegin,
  dhcp_range_end AS dhcpRangeEnd, dhcp_range_netmask AS dhcpRangeNetmask, status,
  create_date AS createDate, last_op_date AS lastOpDate FROM pxe_server`;

/** PXE servers; deleting one forgets its leases. */
export function createPxeServerStore({ db, read, write }: Session): PxeServerStore {
  const upsert = db.prepare<[PxeServerRow]>(
    `INSERT INTO pxe_server (uuid, name, description, dhcp_interface, dhcp_range_begin, dhcp_range_end,
       dhcp_range_netmask, status, create_date, last_op_date)
     VALUES (@uuid, @name, @description, @dhcpInterface, @dhcpRangeBegin, @dhcpRangeEnd,
       @dhcpRangeNetmask, @status, @createDate, @lastOpDate)
     ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, description = excluded.description,
       dhcp_interface = excluded.dhcp_interface, dhcp_range_begin = excluded.dhcp_range_begin,
       dhcp_range_end = excluded.dhcp_range_end, dhcp_range_netmask = excluded.dhcp_range_netmask,
       status = excluded.status, create_date = excluded.create_date, last_op_date = excluded.last_op_date`,
  );
  const remove = db.prepare<[string]>('DELETE FROM pxe_server WHERE uuid = ?');
  const removeLeases = db.prepare<[string]>('DELETE FROM lease WHERE server_uuid = ?');
  const all = db.prepare<[], PxeServerRow>(`${columns} ORDER BY create_date, uuid`);
  const byUuid = db.prepare<[string], PxeServerRow>(`${columns} WHERE uuid = ?`);
  return {
    savePxeServer: (server) => write(() => void upsert.run(toNulls(server))),
    deletePxeServer: (uuid) =>
      write(() => {
        remove.run(uuid);
        removeLeases.run(uuid);
      }),
    listPxeServers: () => read(() => all.all().map((row) => fromNulls<PxeServer>(row))),
    getPxeServer: (uuid) =>
      read(() => {
        const row = byUuid.get(uuid);
        return row && fromNulls<PxeServer>(row);
      }),
  };
}
