import { expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { macFromBytes, type Mac } from '../../src/base/mac.ts';
import type { SeenMachine } from '../../src/provision/model.ts';
import { createSeenMachines } from '../../src/provision/seen-machines.ts';
import { createTestClock } from '../support/provision-harness.ts';
import { serverUuid } from '../support/runs.ts';

function setUp() {
  const disk = new Map<string, SeenMachine>();
  let writes = 0;
  const clock = createTestClock();
  const store = {
    saveSeenMachine: async (machine: SeenMachine) => {
      writes += 1;
      disk.set(machine.mac, machine);
    },
    deleteSeenMachine: async (mac: string) => {
      disk.delete(mac);
    },
  };
  return { disk, clock, writes: () => writes, seen: createSeenMachines({ store, clock, log: silentLog }) };
}

const sighting = (mac: Mac) => ({
  serverUuid,
  mac,
  uuids: [],
  firmware: 'bios' as const,
  ipxe: false,
  vendorClass: undefined,
  hostname: undefined,
});
const mac = (n: number): Mac => macFromBytes(Uint8Array.of(2, 0, 0, 0, n >> 8, n & 255)) as Mac;

it('counts a machine that asks again, and writes it once a batch', async () => {
  const { seen, clock, disk, writes } = setUp();
  for (let i = 0; i < 500; i += 1) seen.remember(sighting(mac(1)), 'unknown-machine');
  await clock.advance(2500);
  expect(seen.list()).toMatchObject([{ mac: mac(1), count: 500 }]);
  expect(disk.get(mac(1))).toMatchObject({ count: 500 });
  expect(writes()).toBe(1);
});

it('holds a bounded number in memory and on disk, the latest ones', async () => {
  const { seen, clock, disk } = setUp();
  for (let i = 0; i < 6000; i += 1) {
    seen.remember(sighting(mac(i)), 'unknown-machine');
    if (i === 3000) await clock.advance(2500);
  }
  await clock.advance(2500);
  expect(seen.list()).toHaveLength(4096);
  expect(seen.list()[0]?.mac).toBe(mac(5999));
  expect(disk.size).toBe(4096);
  expect(disk.has(mac(0))).toBe(false);
});

it('forgets an adopted machine on disk too', async () => {
  const { seen, clock, disk } = setUp();
  seen.remember(sighting(mac(1)), 'unknown-machine');
  await clock.advance(2500);
  seen.forget(mac(1));
  await clock.advance(2500);
  expect(seen.list()).toEqual([]);
  expect(disk.size).toBe(0);
});
