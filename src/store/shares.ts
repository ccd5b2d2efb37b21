import type { AccountStore } from '../api/ports.ts';
import type { Session } from './group-commit.ts';

/** Tables whose rows may be shared, and ZStack's names of what they hold. The triggers on each take its shares along. */
const shareable = {
  zone: 'ZoneVO',
  cluster: 'ClusterVO',
  vm_instance: 'VmInstanceVO',
  instance_offering: 'InstanceOfferingVO',
  pci_device_offering: 'PciDeviceOfferingVO',
  image: 'ImageVO',
} as const;

/** What is shared with whom. */
export function createShareStore({
  db,
  read,
  write,
}: Session): Pick<AccountStore, 'shareableType' | 'share' | 'revoke'> {
  const typeSql = Object.entries(shareable)
    .map(([table, type]) => `SELECT '${type}' FROM ${table} WHERE uuid = @uuid`)
    .join(' UNION ALL ');
  const typeOf = db.prepare<[{ uuid: string }], string>(`${typeSql} LIMIT 1`).pluck();
  const share = db.prepare<[{ resource: string; type: string; account: string; at: number }]>(
    `INSERT INTO resource_share (resource_uuid, resource_type, account_uuid, create_date)
       SELECT @resource, @type, uuid, @at FROM account WHERE uuid = @account
     ON CONFLICT (resource_uuid, account_uuid) DO NOTHING`,
  );
  const revokeOne = db.prepare<[string, string]>(
    'DELETE FROM resource_share WHERE resource_uuid = ? AND account_uuid = ?',
  );
  const revokeAll = db.prepare<[string]>('DELETE FROM resource_share WHERE resource_uuid = ?');
  return {
    shareableType: (uuid) => read(() => typeOf.get({ uuid })),
    share: (resources, accounts, at) =>
      write(() => {
        for (const resource of resources) {
          const type = typeOf.get({ uuid: resource });
          if (type === undefined) continue;
          for (const account of accounts) share.run({ resource, type, account, at });
        }
      }),
    revoke: (resources, accounts) =>
      write(() => {
        for (const resource of resources) {
          if (accounts === undefined) revokeAll.run(resource);
          else for (const account of accounts) revokeOne.run(resource, account);
        }
      }),
  };
}
