import type { Uuid } from '../../base/uuid.ts';
import type { HostIommu } from '../../iommu/model.ts';
import type { IommuStore } from '../../iommu/ports.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';

/** The IOMMU of hosts. */
export function createHostIommuStore({
  db,
  read,
  write,
}: Session): Pick<IommuStore, 'getHostIommu' | 'saveHostIommu'> {
  const rows = createRowTable<HostIommu>(db, 'host_iommu', {
    hostUuid: 'plain',
    state: 'plain',
    status: 'plain',
    details: 'plain',
    rebootPending: 'flag',
    change: 'json',
  });
  const host = db.prepare<[string], Uuid>('SELECT uuid FROM host WHERE uuid = ?').pluck();
  return {
    getHostIommu: (uuid) =>
      read(() => {
        const row = rows.get(uuid);
        const hostUuid = host.get(uuid);
        if (row !== undefined || hostUuid === undefined) return row;
        const none = { details: '', rebootPending: false, change: undefined };
        return { hostUuid, state: 'Disabled', status: 'Inactive', ...none };
      }),
    saveHostIommu: (iommu) => write(() => rows.save(iommu)),
  };
}
