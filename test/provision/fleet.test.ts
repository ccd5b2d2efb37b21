import { expect, it } from 'vitest';
import type { Mac } from '../../src/base/mac.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { uuidReadings } from '../../src/base/uuid.ts';
import { createFleet } from '../../src/provision/fleet.ts';
import type { Chassis } from '../../src/provision/model.ts';

function chassis(name: string, macs: string[], systemUuids: readonly string[] = []): Chassis {
  return {
    uuid: name.padEnd(32, '0') as Uuid,
    name,
    description: undefined,
    ipmiAddress: '127.0.0.1',
    ipmiPort: 623,
    ipmiUsername: 'u',
    ipmiPassword: 'p',
    status: 'Unprovisioned',
    statusCause: undefined,
    bootMode: 'unknown',
    systemUuids: systemUuids as readonly Uuid[],
    macs: macs as Mac[],
    createDate: 0,
    lastOpDate: 0,
  };
}
const mac1 = '52:54:00:00:00:01' as Mac;
const mac2 = '52:54:00:00:00:02' as Mac;
const guid = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

it('knows a machine by MAC before UUID', () => {
  const fleet = createFleet();
  fleet.put(chassis('a', [mac1]));
  fleet.put(chassis('b', [], uuidReadings(guid)));
  expect(fleet.identify(mac1, uuidReadings(guid))).toMatchObject({ by: 'mac', chassis: { name: 'a' } });
  expect(fleet.identify(mac2, uuidReadings(guid))).toMatchObject({ by: 'uuid', chassis: { name: 'b' } });
  expect(fleet.identify(mac2, [])).toBeUndefined();
});

it('finds the machine whichever byte order its BMC uses', () => {
  for (const asWritten of uuidReadings(guid)) {
    const fleet = createFleet();
    const fromBmc = Uint8Array.from(asWritten.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    fleet.put(chassis('a', [], uuidReadings(fromBmc)));
    expect(fleet.identify(mac2, uuidReadings(guid))?.chassis.name).toBe('a');
  }
});

it('takes nobody for a UUID that two boards share or that means nothing', () => {
  const fleet = createFleet();
  fleet.put(chassis('a', [], uuidReadings(guid)));
  fleet.put(chassis('b', [], uuidReadings(guid)));
  fleet.put(chassis('c', [], ['0'.repeat(32), 'f'.repeat(32)]));
  expect(fleet.identify(mac1, uuidReadings(guid))).toBeUndefined();
  expect(fleet.identify(mac1, ['0'.repeat(32) as Uuid])).toBeUndefined();
  fleet.remove('b'.padEnd(32, '0') as Uuid);
  expect(fleet.identify(mac1, uuidReadings(guid))?.chassis.name).toBe('a');
});

it('forgets MACs that a chassis lost', () => {
  const fleet = createFleet();
  fleet.put(chassis('a', [mac1, mac2]));
  fleet.put(chassis('a', [mac2]));
  expect(fleet.identify(mac1, [])).toBeUndefined();
  expect(fleet.identify(mac2, [])?.chassis.name).toBe('a');
});
