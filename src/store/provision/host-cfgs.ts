import type { Database } from 'better-sqlite3';
import type { Mac } from '../../base/mac.ts';
import type { RandomBytes } from '../../base/random.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { BondingCfg, NicCfg, VlanCfg } from '../../hostcfg/index.ts';
import type { HostCfg } from '../../provision/model.ts';
import type { SecretBox } from '../secret-box.ts';
import { createPartTable } from './host-cfg-parts.ts';

interface HostCfgRow {
  readonly uuid: Uuid;
  readonly chassisUuid: Uuid;
  readonly passwordSealed: Uint8Array | null;
  readonly vnc: number;
  readonly unattended: number;
  readonly createDate: number;
  readonly lastOpDate: number;
}

const columns = `SELECT uuid, chassis_uuid AS chassisUuid, password_sealed AS passwordSealed, vnc, unattended,
  create_date AS createDate, last_op_date AS lastOpDate FROM host_cfg`;

/** Rows of hostcfgs with their NICs, bondings and VLANs; the calls are parts of a larger transaction. */
export interface HostCfgTable {
  save(cfg: HostCfg): void;
  delete(uuid: Uuid): void;
  deleteOfChassis(chassisUuid: Uuid): void;
  get(uuid: Uuid): HostCfg | undefined;
  getOfChassis(chassisUuid: Uuid): HostCfg | undefined;
}

/** Prepares the statements of hostcfgs; `random` makes the uuids of NICs, bondings and VLANs. */
export function createHostCfgTable(db: Database, box: SecretBox, random: RandomBytes): HostCfgTable {
  const upsert = db.prepare<[HostCfgRow]>(
    `INSERT INTO host_cfg (uuid, chassis_uuid, password_sealed, vnc, unattended, create_date, last_op_date)
       VALUES (@uuid, @chassisUuid, @passwordSealed, @vnc, @unattended, @createDate, @lastOpDate)
     ON CONFLICT (uuid) DO UPDATE SET chassis_uuid = excluded.chassis_uuid, password_sealed = excluded.password_sealed,
       vnc = excluded.vnc, unattended = excluded.unattended, create_date = excluded.create_date,
       last_op_date = excluded.last_op_date`,
  );
  const remove = db.prepare<[string]>('DELETE FROM host_cfg WHERE uuid = ?');
  const removeOfChassis = db.prepare<[string]>('DELETE FROM host_cfg WHERE chassis_uuid = ?');
  const byUuid = db.prepare<[string], HostCfgRow>(`${columns} WHERE uuid = ?`);
  const byChassis = db.prepare<[string], HostCfgRow>(`${columns} WHERE chassis_uuid = ?`);

  const nics = createPartTable<NicCfg>(db, random, {
    table: 'nic_cfg',
    columns: ['mac', 'pxe'],
    toColumns: ({ mac, pxe }) => [mac, pxe ? 1 : 0],
    fromColumns: ([mac, pxe]) => ({ mac: mac as Mac, pxe: pxe === 1 }),
    identity: ({ mac }) => mac,
  });
  const bondings = createPartTable<BondingCfg>(db, random, {
    table: 'bonding_cfg',
    columns: ['name', 'slaves', 'mode'],
    toColumns: ({ name, slaves, mode }) => [name, slaves.join(','), mode],
    fromColumns: ([name, slaves, mode]) => ({
      name: String(name),
      slaves: String(slaves)
        .split(',')
        .filter((slave) => slave !== '') as Mac[],
      mode: mode as BondingCfg['mode'],
    }),
    identity: ({ name }) => name,
  });
  const vlans = createPartTable<VlanCfg>(db, random, {
    table: 'vlan_cfg',
    columns: ['parent', 'vlan_id'],
    toColumns: ({ parent, vlanId }) => [parent, vlanId],
    fromColumns: ([parent, vlanId]) => ({ parent: String(parent), vlanId: Number(vlanId) }),
    identity: ({ parent, vlanId }) => `${parent}.${vlanId}`,
  });

  const place = (uuid: Uuid) => ({ table: 'host_cfg', uuid, column: 'password' });
  const read = (row: HostCfgRow | undefined): HostCfg | undefined =>
    row && {
      uuid: row.uuid,
      chassisUuid: row.chassisUuid,
      password: row.passwordSealed === null ? undefined : box.open(place(row.uuid), row.passwordSealed),
      vnc: row.vnc === 1,
      unattended: row.unattended === 1,
      network: { nics: nics.of(row.uuid), bondings: bondings.of(row.uuid), vlans: vlans.of(row.uuid) },
      createDate: row.createDate,
      lastOpDate: row.lastOpDate,
    };
  return {
    save(cfg) {
      const { network, password, ...plain } = cfg;
      upsert.run({
        ...plain,
        passwordSealed: password === undefined ? null : box.seal(place(cfg.uuid), password),
        vnc: cfg.vnc ? 1 : 0,
        unattended: cfg.unattended ? 1 : 0,
      });
      nics.replace(cfg, network.nics);
      bondings.replace(cfg, network.bondings);
      vlans.replace(cfg, network.vlans);
    },
    delete: (uuid) => void remove.run(uuid),
    deleteOfChassis: (chassisUuid) => void removeOfChassis.run(chassisUuid),
    get: (uuid) => read(byUuid.get(uuid)),
    getOfChassis: (chassisUuid) => read(byChassis.get(chassisUuid)),
  };
}
