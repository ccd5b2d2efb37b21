import type { Mac } from '../base/mac.ts';
import type { Uuid } from '../base/uuid.ts';
import type { Chassis } from './model.ts';
import { createTurns } from '../base/turns.ts';

/** GUIDs that boards send when nobody set one; they name no machine. */
const meaningless = new Set([
  '00000000000000000000000000000000',
  'ffffffffffffffffffffffffffffffff',
  '03000200040005000006000700080009',
  '00020003000400050006000700080009',
]);

/** Who a machine on the wire is, and by which mark it was known. */
export interface Identified {
  readonly chassis: Chassis;
  readonly by: 'mac' | 'uuid';
}

/** The chassis in memory, found by MAC and by system UUID without I/O: it stands in the DHCP reply path. */
export interface Fleet {
  put(chassis: Chassis): void;
  remove(uuid: Uuid): void;
  get(uuid: string): Chassis | undefined;
  all(): readonly Chassis[];
  /**
   * Runs `work` when no other change of the same chassis is under way: whoever reads a chassis to save it changed does so in
   * here, or one change would undo another. Not to be nested for one chassis.
   */
  exclusive<T>(uuid: Uuid, work: () => Promise<T>): Promise<T>;
  /**
   * MAC first, then SMBIOS UUID against the BMC's System GUID. A UUID that two chassis share, or that boards send by
   * default, identifies nobody.
   */
  identify(mac: Mac, uuids: readonly Uuid[]): Identified | undefined;
}

/** Builds an empty fleet; `changed` is told of every chassis that comes, changes or goes. */
export function createFleet(changed: (chassisUuid: Uuid) => void = () => undefined): Fleet {
  const byUuid = new Map<string, Chassis>();
  const byMac = new Map<Mac, Uuid>();
  const bySystemUuid = new Map<Uuid, Set<Uuid>>();
  const turns = createTurns();

  function remove(uuid: Uuid): void {
    const old = byUuid.get(uuid);
    if (!old) return;
    byUuid.delete(uuid);
    for (const mac of old.macs) if (byMac.get(mac) === uuid) byMac.delete(mac);
    for (const systemUuid of old.systemUuids) {
      const owners = bySystemUuid.get(systemUuid);
      owners?.delete(uuid);
      if (owners?.size === 0) bySystemUuid.delete(systemUuid);
    }
  }

  return {
    put(chassis) {
      remove(chassis.uuid);
      byUuid.set(chassis.uuid, chassis);
      for (const mac of chassis.macs) byMac.set(mac, chassis.uuid);
      for (const systemUuid of chassis.systemUuids) {
        if (meaningless.has(systemUuid)) continue;
        const owners = bySystemUuid.get(systemUuid) ?? new Set<Uuid>();
        owners.add(chassis.uuid);
        bySystemUuid.set(systemUuid, owners);
      }
      changed(chassis.uuid);
    },
    remove(uuid) {
      remove(uuid);
      changed(uuid);
    },
    get: (uuid) => byUuid.get(uuid),
    all: () => [...byUuid.values()],
    exclusive: turns,
    identify(mac, uuids) {
      const owner = byMac.get(mac);
      const known = owner === undefined ? undefined : byUuid.get(owner);
      if (known) return { chassis: known, by: 'mac' };
      const candidates = new Set(uuids.flatMap((uuid) => [...(bySystemUuid.get(uuid) ?? [])]));
      const [only] = candidates;
      const chassis = candidates.size === 1 && only !== undefined ? byUuid.get(only) : undefined;
      return chassis && { chassis, by: 'uuid' };
    },
  };
}
