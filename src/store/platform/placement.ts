import type { Uuid } from '../../base/uuid.ts';
import type { Cluster, Zone } from '../../platform/model.ts';
import type { PlacedResource, PlacementStore } from '../../platform/ports.ts';
import type { Session } from '../group-commit.ts';
import { fromNulls, type Nullable, toNulls } from '../nulls.ts';

const tables: Readonly<Record<PlacedResource, string>> = { chassis: 'chassis', pxeServer: 'pxe_server' };

/** Zones, clusters, and the cluster column of chassis and PXE servers, which no other statement writes. */
export function createPlacementStore({ db, read, write }: Session): PlacementStore {
  const upsertZone = db.prepare<[Nullable<Zone>]>(
    `INSERT INTO zone (uuid, name, description, state, type, create_date, last_op_date)
       VALUES (@uuid, @name, @description, @state, @type, @createDate, @lastOpDate)
     ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, description = excluded.description,
       state = excluded.state, type = excluded.type, create_date = excluded.create_date,
       last_op_date = excluded.last_op_date`,
  );
  const zone = db.prepare<[string], Nullable<Zone>>(
    `SELECT uuid, name, description, state, type, create_date AS createDate, last_op_date AS lastOpDate
       FROM zone WHERE uuid = ?`,
  );
  const removeZone = db.prepare<[string]>('DELETE FROM zone WHERE uuid = ?');
  const upsertCluster = db.prepare<[Nullable<Cluster>]>(
    `INSERT INTO cluster (uuid, zone_uuid, name, description, state, hypervisor_type, type, create_date, last_op_date)
       VALUES (@uuid, @zoneUuid, @name, @description, @state, @hypervisorType, @type, @createDate, @lastOpDate)
     ON CONFLICT (uuid) DO UPDATE SET zone_uuid = excluded.zone_uuid, name = excluded.name,
       description = excluded.description, state = excluded.state, hypervisor_type = excluded.hypervisor_type,
       type = excluded.type, create_date = excluded.create_date, last_op_date = excluded.last_op_date`,
  );
  const cluster = db.prepare<[string], Nullable<Cluster>>(
    `SELECT uuid, zone_uuid AS zoneUuid, name, description, state, hypervisor_type AS hypervisorType, type,
       create_date AS createDate, last_op_date AS lastOpDate FROM cluster WHERE uuid = ?`,
  );
  const removeCluster = db.prepare<[string]>('DELETE FROM cluster WHERE uuid = ?');
  const hostsOfCluster = db
    .prepare<[string], number>('SELECT count(*) FROM host WHERE cluster_uuid = ?')
    .pluck();
  const hostsOfZone = db
    .prepare<[string], number>(
      'SELECT count(*) FROM host JOIN cluster ON cluster.uuid = host.cluster_uuid WHERE cluster.zone_uuid = ?',
    )
    .pluck();
  const of = (resource: PlacedResource) => {
    const table = tables[resource];
    return {
      assign: db.prepare<[string | null, string]>(`UPDATE ${table} SET cluster_uuid = ? WHERE uuid = ?`),
      clusterOf: db
        .prepare<[string], Uuid | null>(`SELECT cluster_uuid FROM ${table} WHERE uuid = ?`)
        .pluck(),
      placed: db.prepare<[], { uuid: Uuid; clusterUuid: Uuid; clusterName: string }>(
        `SELECT placed.uuid, cluster.uuid AS clusterUuid, cluster.name AS clusterName FROM ${table} AS placed
           JOIN cluster ON cluster.uuid = placed.cluster_uuid ORDER BY placed.create_date, placed.uuid`,
      ),
    };
  };
  const statements = { chassis: of('chassis'), pxeServer: of('pxeServer') };
  return {
    saveZone: (value) => write(() => void upsertZone.run(toNulls(value))),
    getZone: (uuid) =>
      read(() => {
        const row = zone.get(uuid);
        return row && fromNulls<Zone>(row);
      }),
    // Its clusters go with it, and what belonged to them then belongs to none: foreign keys.
    deleteZone: (uuid) => write(() => void removeZone.run(uuid)),
    saveCluster: (value) => write(() => void upsertCluster.run(toNulls(value))),
    getCluster: (uuid) =>
      read(() => {
        const row = cluster.get(uuid);
        return row && fromNulls<Cluster>(row);
      }),
    deleteCluster: (uuid) => write(() => void removeCluster.run(uuid)),
    assign: (resource, uuid, clusterUuid) =>
      write(() => void statements[resource].assign.run(clusterUuid ?? null, uuid)),
    clusterOf: (resource, uuid) => read(() => statements[resource].clusterOf.get(uuid) ?? undefined),
    placed: (resource) =>
      read(() =>
        statements[resource].placed.all().map(({ uuid, clusterUuid, clusterName }) => ({
          uuid,
          cluster: { uuid: clusterUuid, name: clusterName },
        })),
      ),
    countHosts: (where) =>
      read(() =>
        Number('zoneUuid' in where ? hostsOfZone.get(where.zoneUuid) : hostsOfCluster.get(where.clusterUuid)),
      ),
  };
}
