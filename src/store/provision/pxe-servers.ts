import type { Ipv4 } from '../../base/ipv4.ts';
import type { PxeServer } from '../../provision/model.ts';
import type { ProvisionStore } from '../../provision/ports.ts';
import type { Session } from '../group-commit.ts';
import { parseJson } from '../json-column.ts';
import { fromNulls, type Nullable, toNulls } from '../nulls.ts';

type ListName = 'dhcpSubnets' | 'dhcpReservations' | 'dhcpExclusions';
type FlagName = 'dhcpArmed' | 'dhcpOnlyReserved';
type PlainPxeServer = Omit<PxeServer, ListName | FlagName>;
/** Lists are JSON, null where they are empty; flags are 0 or 1. */
type PxeServerRow = Nullable<PlainPxeServer> &
  Readonly<Record<ListName, string | null>> &
  Readonly<Record<FlagName, number>>;
type PxeServerStore = Pick<
  ProvisionStore,
  'savePxeServer' | 'deletePxeServer' | 'listPxeServers' | 'getPxeServer' | 'listHostCfgAddresses'
>;

const columns = `SELECT uuid, name, description, dhcp_interface AS dhcpInterface, dhcp_range_begin AS dhcpRangeBegin,
  dhcp_range_end AS dhcpRangeEnd, dhcp_range_netmask AS dhcpRangeNetmask, dhcp_mode AS dhcpMode, dhcp_armed AS dhcpArmed,
  dhcp_only_reserved AS dhcpOnlyReserved, dhcp_subnets AS dhcpSubnets, dhcp_reservations AS dhcpReservations,
  dhcp_exclusions AS dhcpExclusions, dhcp_held_by AS dhcpHeldBy, held_back AS heldBack, status,
  create_date AS createDate, last_op_date AS lastOpDate FROM pxe_server`;

const listText = (list: readonly unknown[]): string | null =>
  list.length === 0 ? null : JSON.stringify(list);

function toRow(server: PxeServer): PxeServerRow {
  const { dhcpArmed, dhcpOnlyReserved, dhcpSubnets, dhcpReservations, dhcpExclusions, ...plain } = server;
  return {
    ...toNulls<PlainPxeServer>(plain),
    dhcpArmed: dhcpArmed ? 1 : 0,
    dhcpOnlyReserved: dhcpOnlyReserved ? 1 : 0,
    dhcpSubnets: listText(dhcpSubnets),
    dhcpReservations: listText(dhcpReservations),
    dhcpExclusions: listText(dhcpExclusions),
  };
}

function fromRow(row: PxeServerRow): PxeServer {
  const { dhcpArmed, dhcpOnlyReserved, dhcpSubnets, dhcpReservations, dhcpExclusions, ...plain } = row;
  const list = (name: ListName, text: string | null): unknown =>
    text === null ? [] : parseJson(text, `pxeServer.${name}`, row.uuid);
  return {
    ...fromNulls<PlainPxeServer>(plain),
    dhcpArmed: dhcpArmed === 1,
    dhcpOnlyReserved: dhcpOnlyReserved === 1,
    dhcpSubnets: list('dhcpSubnets', dhcpSubnets) as PxeServer['dhcpSubnets'],
    dhcpReservations: list('dhcpReservations', dhcpReservations) as PxeServer['dhcpReservations'],
    dhcpExclusions: list('dhcpExclusions', dhcpExclusions) as PxeServer['dhcpExclusions'],
  };
}

/** PXE servers; deleting one forgets its leases. */
export function createPxeServerStore({ db, read, write }: Session): PxeServerStore {
  const upsert = db.prepare<[PxeServerRow]>(
    `INSERT INTO pxe_server (uuid, name, description, dhcp_interface, dhcp_range_begin, dhcp_range_end,
       dhcp_range_netmask, dhcp_mode, dhcp_armed, dhcp_only_reserved, dhcp_subnets, dhcp_reservations,
       dhcp_exclusions, dhcp_held_by, held_back, status, create_date, last_op_date)
     VALUES (@uuid, @name, @description, @dhcpInterface, @dhcpRangeBegin, @dhcpRangeEnd,
       @dhcpRangeNetmask, @dhcpMode, @dhcpArmed, @dhcpOnlyReserved, @dhcpSubnets, @dhcpReservations,
       @dhcpExclusions, @dhcpHeldBy, @heldBack, @status, @createDate, @lastOpDate)
     ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, description = excluded.description,
       dhcp_interface = excluded.dhcp_interface, dhcp_range_begin = excluded.dhcp_range_begin,
       dhcp_range_end = excluded.dhcp_range_end, dhcp_range_netmask = excluded.dhcp_range_netmask,
       dhcp_mode = excluded.dhcp_mode, dhcp_armed = excluded.dhcp_armed,
       dhcp_only_reserved = excluded.dhcp_only_reserved, dhcp_subnets = excluded.dhcp_subnets,
       dhcp_reservations = excluded.dhcp_reservations, dhcp_exclusions = excluded.dhcp_exclusions,
       dhcp_held_by = excluded.dhcp_held_by, held_back = excluded.held_back,
       status = excluded.status, create_date = excluded.create_date, last_op_date = excluded.last_op_date`,
  );
  const remove = db.prepare<[string]>('DELETE FROM pxe_server WHERE uuid = ?');
  const removeLeases = db.prepare<[string]>('DELETE FROM lease WHERE server_uuid = ?');
  const all = db.prepare<[], PxeServerRow>(`${columns} ORDER BY create_date, uuid`);
  const byUuid = db.prepare<[string], PxeServerRow>(`${columns} WHERE uuid = ?`);
  const hostCfgAddresses = db
    .prepare<[], Ipv4>(
      `SELECT ip FROM nic_cfg WHERE ip IS NOT NULL UNION SELECT ip FROM bonding_cfg WHERE ip IS NOT NULL
       UNION SELECT ip FROM vlan_cfg WHERE ip IS NOT NULL`,
    )
    .pluck();
  return {
    savePxeServer: (server) => write(() => void upsert.run(toRow(server))),
    deletePxeServer: (uuid) =>
      write(() => {
        remove.run(uuid);
        removeLeases.run(uuid);
      }),
    listPxeServers: () => read(() => all.all().map(fromRow)),
    getPxeServer: (uuid) =>
      read(() => {
        const row = byUuid.get(uuid);
        return row && fromRow(row);
      }),
    listHostCfgAddresses: () => read(() => hostCfgAddresses.all()),
  };
}
