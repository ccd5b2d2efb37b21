import type { Clock } from '../base/clock.ts';
import type { RandomBytes } from '../base/random.ts';
import { createTurns } from '../base/turns.ts';
import type { Uuid } from '../base/uuid.ts';
import { checkName, checkResourceUuid, notFound, takenUuid } from './checks.ts';
import { PlatformError } from './errors.ts';
import type { Zone } from './model.ts';
import type { PlacementStore } from './ports.ts';
import type { ZoneService } from './service.ts';

/** Zones: the top of the tree of places. */
export function createZoneService(deps: {
  readonly store: PlacementStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
}): ZoneService {
  const { store, clock } = deps;
  // A change reads the row and saves it whole: two at a time would undo each other.
  const turns = createTurns();

  function change(uuid: string, members: Partial<Pick<Zone, 'name' | 'description' | 'state'>>) {
    return turns(uuid as Uuid, async () => {
      const zone = await store.getZone(uuid);
      if (zone === undefined) throw notFound('zone', uuid, 'QueryZone');
      await store.saveZone({ ...zone, ...members, lastOpDate: clock.now() });
    });
  }

  return {
    async createZone(input) {
      const now = clock.now();
      const zone: Zone = {
        uuid: checkResourceUuid(input.resourceUuid, deps.random),
        name: checkName(input.name),
        description: input.description,
        state: 'Enabled',
        type: 'zstack',
        createDate: now,
        lastOpDate: now,
      };
      await turns(zone.uuid, async () => {
        if ((await store.getZone(zone.uuid)) !== undefined) throw takenUuid(zone.uuid);
        await store.saveZone(zone);
      });
      return zone.uuid;
    },
    async updateZone(uuid, { name, description }) {
      await change(uuid, {
        ...(name === undefined ? {} : { name: checkName(name) }),
        ...(description === undefined ? {} : { description }),
      });
    },
    changeZoneState: (uuid, event) => change(uuid, { state: event === 'enable' ? 'Enabled' : 'Disabled' }),
    deleteZone: (uuid) =>
      turns(uuid as Uuid, async () => {
        const hosts = await store.countHosts({ zoneUuid: uuid });
        if (hosts > 0) {
          throw new PlatformError(
            'refused',
            `the clusters of this zone hold ${hosts} KVM host${hosts === 1 ? '' : 's'}; delete the hosts first (QueryHost with q=zoneUuid=${uuid} lists them), then the zone`,
          );
        }
        await store.deleteZone(uuid);
      }),
  };
}
