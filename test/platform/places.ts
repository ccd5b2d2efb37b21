import { randomBytes } from 'node:crypto';
import { newUuid, type Uuid } from '../../src/base/uuid.ts';
import sqlite from 'better-sqlite3';
import { createClusterService } from '../../src/platform/clusters.ts';
import { createZoneService } from '../../src/platform/zones.ts';
import { pathsIn } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

/** Zones and clusters over a real store; `now` moves one second with every look. */
export async function openPlaces(directory = temporaryDirectory()) {
  const store = await storeIn(directory);
  let now = 1_700_000_000_000;
  const clock = { now: () => (now += 1000), after: () => () => undefined };
  const deps = { store: store.platform.placement, clock, random: randomBytes };
  return { store, zones: createZoneService(deps), clusters: createClusterService(deps), directory };
}

/** Writes a KVM host into the closed store of `directory`: nothing else makes one yet. */
export function plantHost(directory: string, clusterUuid: Uuid): void {
  const db = new sqlite(pathsIn(directory).path);
  db.prepare(
    `INSERT INTO host (uuid, cluster_uuid, name, management_ip, hypervisor_type, state, status, create_date, last_op_date)
     VALUES (?, ?, 'kvm 1', '192.0.2.7', 'KVM', 'Enabled', 'Connected', 0, 0)`,
  ).run(newUuid(randomBytes), clusterUuid);
  db.close();
}
