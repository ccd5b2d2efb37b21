import type { Clock } from '../base/clock.ts';
import { CodedError } from '../base/errors.ts';
import type { RandomBytes } from '../base/random.ts';
import { createTurns } from '../base/turns.ts';
import { parseUuid, type Uuid } from '../base/uuid.ts';
import { checkName, checkResourceUuid, notFound, takenUuid } from './checks.ts';
import { PlatformError } from './errors.ts';
import type { Cluster, Zone } from './model.ts';
import type { PlacementStore } from './ports.ts';
import type { ClusterService } from './service.ts';

/** The wished cluster; undefined for what clients send to mean none. */
function wishOf(clusterUuid: string | undefined): string | undefined {
  const text = clusterUuid?.trim().toLowerCase() ?? '';
  return text === '' || text === 'null' ? undefined : text;
}

/** Why nothing may be placed in a cluster now, with the way out; undefined when it may. */
function refusalOf(cluster: Cluster, zone: Zone | undefined): string | undefined {
  if (zone?.state === 'Disabled') {
    return `zone "${zone.name}" of cluster "${cluster.name}" is Disabled; enable it with changeZoneState, stateEvent enable, on zone ${zone.uuid}`;
  }
  if (cluster.state === 'Disabled') {
    return `cluster "${cluster.name}" is Disabled; enable it with changeClusterState, stateEvent enable, on cluster ${cluster.uuid}`;
  }
  return undefined;
}

/** Clusters: what is provisioned together, from the same PXE servers. */
export function createClusterService(deps: {
  readonly store: PlacementStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): ClusterService {
  const { store, clock } = deps;
  // A change reads the row and saves it whole: two at a time would undo each other.
  const turns = createTurns();

  async function get(clusterUuid: string): Promise<Cluster> {
    const cluster = await store.getCluster(parseUuid(clusterUuid) ?? clusterUuid);
    if (cluster === undefined) throw notFound('cluster', clusterUuid, 'QueryCluster');
    return cluster;
  }

  /** Does a write that refers to another row; the database refuses it with `conflict` when that row went meanwhile. */
  async function orElse(write: Promise<void>, otherwise: () => PlatformError): Promise<void> {
    try {
      await write;
    } catch (error) {
      throw error instanceof CodedError && error.code === 'conflict' ? otherwise() : error;
    }
  }

  function change(uuid: string, members: Partial<Pick<Cluster, 'name' | 'description' | 'state'>>) {
    return turns(uuid as Uuid, async () => {
      const cluster = await get(uuid);
      const next = { ...cluster, ...members, lastOpDate: clock.now() };
      await orElse(store.saveCluster(next), () => notFound('cluster', uuid, 'QueryCluster'));
    });
  }

  return {
    async createCluster(input) {
      const zone = await store.getZone(parseUuid(input.zoneUuid) ?? input.zoneUuid);
      if (zone === undefined) throw notFound('zone', input.zoneUuid, 'QueryZone');
      const now = clock.now();
      const cluster: Cluster = {
        uuid: checkResourceUuid(input.resourceUuid, deps.random),
        zoneUuid: zone.uuid,
        name: checkName(input.name),
        description: input.description,
        state: 'Enabled',
        hypervisorType: input.hypervisorType,
        type: 'zstack',
        createDate: now,
        lastOpDate: now,
      };
      await turns(cluster.uuid, async () => {
        if ((await store.getCluster(cluster.uuid)) !== undefined) throw takenUuid(cluster.uuid);
        await orElse(store.saveCluster(cluster), () => notFound('zone', zone.uuid, 'QueryZone'));
      });
      return cluster.uuid;
    },
    async updateCluster(uuid, { name, description }) {
      await change(uuid, {
        ...(name === undefined ? {} : { name: checkName(name) }),
        ...(description === undefined ? {} : { description }),
      });
    },
    changeClusterState: (uuid, event) => change(uuid, { state: event === 'enable' ? 'Enabled' : 'Disabled' }),
    deleteCluster: (uuid) =>
      turns(uuid as Uuid, async () => {
        const hosts = await store.countHosts({ clusterUuid: uuid });
        if (hosts > 0) {
          throw new PlatformError(
            'refused',
            `this cluster holds ${hosts} KVM host${hosts === 1 ? '' : 's'}; delete the hosts first (QueryHost with q=clusterUuid=${uuid} lists them), then the cluster`,
          );
        }
        await store.deleteCluster(uuid);
      }),
    async checkCluster(clusterUuid) {
      const wish = wishOf(clusterUuid);
      if (wish !== undefined) await get(wish);
    },
    async assign(resource, uuid, clusterUuid) {
      const wish = wishOf(clusterUuid);
      const cluster = wish === undefined ? undefined : await get(wish);
      await orElse(store.assign(resource, uuid, cluster?.uuid), () =>
        notFound('cluster', String(wish), 'QueryCluster'),
      );
    },
    async placementOf(chassisUuid) {
      const clusterUuid = await store.clusterOf('chassis', chassisUuid);
      const cluster = clusterUuid === undefined ? undefined : await store.getCluster(clusterUuid);
      const placed = await store.placed('pxeServer');
      return {
        cluster: cluster && { uuid: cluster.uuid, name: cluster.name },
        refusal: cluster && refusalOf(cluster, await store.getZone(cluster.zoneUuid)),
        serverClusters: new Map(placed.map(({ uuid, ...rest }) => [uuid, rest.cluster])),
      };
    },
  };
}
