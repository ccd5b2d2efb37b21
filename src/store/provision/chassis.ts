import type { Database } from 'better-sqlite3';
import type { Mac } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { Chassis, IpmiOptions } from '../../provision/model.ts';
import { parseJson } from '../json-column.ts';
import { fromNulls, type Nullable, toNulls } from '../nulls.ts';
import type { SecretBox } from '../secret-box.ts';

type PlainChassis = Omit<Chassis, 'ipmiPassword' | 'ipmiKg' | 'ipmiOptions' | 'systemUuids' | 'macs'>;
type ChassisRow = Nullable<PlainChassis> & {
  readonly ipmiPasswordSealed: Uint8Array;
  readonly ipmiKgSealed: Uint8Array | null;
  readonly ipmiOptions: string | null;
  readonly systemUuids: string;
};

const columns = `SELECT uuid, name, description, ipmi_address AS ipmiAddress, ipmi_port AS ipmiPort,
  ipmi_username AS ipmiUsername, ipmi_password_sealed AS ipmiPasswordSealed, ipmi_kg_sealed AS ipmiKgSealed,
  ipmi_options AS ipmiOptions, status, status_cause AS statusCause,
  boot_mode AS bootMode, system_uuids AS systemUuids, create_date AS createDate, last_op_date AS lastOpDate FROM chassis`;

/** Rows of chassis with their MAC addresses; the calls are parts of a larger transaction. */
export interface ChassisTable {
  save(chassis: Chassis): void;
  delete(uuid: Uuid): void;
  list(): readonly Chassis[];
  get(uuid: Uuid): Chassis | undefined;
}

/** Prepares the statements of chassis. */
export function createChassisTable(db: Database, box: SecretBox): ChassisTable {
  const upsert = db.prepare<[ChassisRow]>(
    `INSERT INTO chassis (uuid, name, description, ipmi_address, ipmi_port, ipmi_username, ipmi_password_sealed,
       ipmi_kg_sealed, ipmi_options, status, status_cause, boot_mode, system_uuids, create_date, last_op_date)
     VALUES (@uuid, @name, @description, @ipmiAddress, @ipmiPort, @ipmiUsername, @ipmiPasswordSealed,
       @ipmiKgSealed, @ipmiOptions, @status, @statusCause, @bootMode, @systemUuids, @createDate, @lastOpDate)
     ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, description = excluded.description,
       ipmi_address = excluded.ipmi_address, ipmi_port = excluded.ipmi_port, ipmi_username = excluded.ipmi_username,
       ipmi_password_sealed = excluded.ipmi_password_sealed, ipmi_kg_sealed = excluded.ipmi_kg_sealed,
       ipmi_options = excluded.ipmi_options, status = excluded.status,
       status_cause = excluded.status_cause, boot_mode = excluded.boot_mode, system_uuids = excluded.system_uuids,
       create_date = excluded.create_date, last_op_date = excluded.last_op_date`,
  );
  const removeMacs = db.prepare<[string]>('DELETE FROM chassis_mac WHERE chassis_uuid = ?');
  const insertMac = db.prepare<[string, string, number]>(
    'INSERT INTO chassis_mac (chassis_uuid, mac, position) VALUES (?, ?, ?)',
  );
  const remove = db.prepare<[string]>('DELETE FROM chassis WHERE uuid = ?');
  const all = db.prepare<[], ChassisRow>(`${columns} ORDER BY create_date, uuid`);
  const byUuid = db.prepare<[string], ChassisRow>(`${columns} WHERE uuid = ?`);
  const macsOf = db
    .prepare<[string], Mac>('SELECT mac FROM chassis_mac WHERE chassis_uuid = ? ORDER BY position')
    .pluck();

  const place = (uuid: Uuid, column: 'ipmiPassword' | 'ipmiKg') => ({ table: 'chassis', uuid, column });
  const read = (row: ChassisRow): Chassis => {
    const { ipmiPasswordSealed, ipmiKgSealed, ipmiOptions, systemUuids, ...plain } = row;
    const { uuid } = row;
    return {
      ...fromNulls<PlainChassis>(plain),
      ipmiPassword: box.open(place(uuid, 'ipmiPassword'), ipmiPasswordSealed),
      ...(ipmiKgSealed && { ipmiKg: box.open(place(uuid, 'ipmiKg'), ipmiKgSealed) }),
      ...(ipmiOptions !== null && {
        ipmiOptions: parseJson(ipmiOptions, 'chassis.ipmiOptions', uuid) as IpmiOptions,
      }),
      systemUuids: parseJson(systemUuids, 'chassis.systemUuids', row.uuid) as Uuid[],
      macs: macsOf.all(row.uuid),
    };
  };
  return {
    save(chassis) {
      const { ipmiPassword, ipmiKg, ipmiOptions, systemUuids, macs, ...plain } = chassis;
      upsert.run({
        ...toNulls<PlainChassis>(plain),
        ipmiPasswordSealed: box.seal(place(chassis.uuid, 'ipmiPassword'), ipmiPassword),
        ipmiKgSealed: ipmiKg === undefined ? null : box.seal(place(chassis.uuid, 'ipmiKg'), ipmiKg),
        ipmiOptions: ipmiOptions === undefined ? null : JSON.stringify(ipmiOptions),
        systemUuids: JSON.stringify(systemUuids),
      });
      removeMacs.run(chassis.uuid);
      for (const [position, mac] of [...new Set(macs)].entries()) insertMac.run(chassis.uuid, mac, position);
    },
    delete: (uuid) => void remove.run(uuid),
    list: () => all.all().map(read),
    get(uuid) {
      const row = byUuid.get(uuid);
      return row && read(row);
    },
  };
}
