import type { Database } from 'better-sqlite3';
import type { Ipv4 } from '../../base/ipv4.ts';
import type { RandomBytes } from '../../base/random.ts';
import { newUuid } from '../../base/uuid.ts';
import type { AddressCfg } from '../../hostcfg/index.ts';
import type { HostCfg } from '../../provision/model.ts';

type Value = string | number | null;

/** How one kind of part of a hostcfg is stored, besides its addresses and its place in the list. */
export interface PartDescription<Part extends AddressCfg> {
  readonly table: 'nic_cfg' | 'bonding_cfg' | 'vlan_cfg';
  readonly columns: readonly string[];
  readonly toColumns: (part: Part) => readonly Value[];
  readonly fromColumns: (values: readonly Value[]) => Omit<Part, keyof AddressCfg>;
  /** What stays the same when a hostcfg is saved again; such a part keeps its uuid. */
  readonly identity: (part: Part) => string;
}

/** The ordered parts of one kind of all hostcfgs. */
export interface PartTable<Part> {
  of(hostCfgUuid: string): readonly Part[];
  replace(cfg: Pick<HostCfg, 'uuid' | 'createDate' | 'lastOpDate'>, parts: readonly Part[]): void;
}

/** Prepares the statements of one kind of part; `random` makes the uuids that the API shows. */
export function createPartTable<Part extends AddressCfg>(
  db: Database,
  random: RandomBytes,
  { table, columns, toColumns, fromColumns, identity }: PartDescription<Part>,
): PartTable<Part> {
  const list = ['ip', 'netmask', 'gateway', 'dns', ...columns].join(', ');
  const fixed = 'uuid, host_cfg_uuid, position, create_date, last_op_date';
  const marks = Array.from({ length: 9 + columns.length }, () => '?').join(', ');
  const insert = db.prepare<Value[]>(`INSERT INTO ${table} (${fixed}, ${list}) VALUES (${marks})`);
  const select = db
    .prepare<[string], Value[]>(
      `SELECT uuid, ${list} FROM ${table} WHERE host_cfg_uuid = ? ORDER BY position`,
    )
    .raw();
  const remove = db.prepare<[string]>(`DELETE FROM ${table} WHERE host_cfg_uuid = ?`);

  const readRow = ([uuid, ip, netmask, gateway, dns, ...own]: Value[]): { uuid: string; part: Part } => {
    const address = (value: Value | undefined) => (value ?? undefined) as Ipv4 | undefined;
    const addresses = {
      ip: address(ip),
      netmask: address(netmask),
      gateway: address(gateway),
      dns: address(dns),
    };
    return { uuid: String(uuid), part: { ...addresses, ...fromColumns(own) } as Part };
  };
  return {
    of: (hostCfgUuid) => select.all(hostCfgUuid).map((row) => readRow(row).part),
    replace(cfg, parts) {
      const before = new Map(
        select.all(cfg.uuid).map((row) => {
          const { uuid, part } = readRow(row);
          return [identity(part), uuid];
        }),
      );
      remove.run(cfg.uuid);
      for (const [position, part] of parts.entries()) {
        const key = identity(part);
        const uuid = before.get(key) ?? newUuid(random);
        before.delete(key);
        const { ip = null, netmask = null, gateway = null, dns = null } = part;
        const head = [uuid, cfg.uuid, position, cfg.createDate, cfg.lastOpDate];
        insert.run(...head, ip, netmask, gateway, dns, ...toColumns(part));
      }
    },
  };
}
