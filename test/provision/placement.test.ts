import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClusterService } from '../../src/platform/clusters.ts';
import type { ClusterService, ZoneService } from '../../src/platform/service.ts';
import { createZoneService } from '../../src/platform/zones.ts';
import { type Uuid, uuidReadings } from '../../src/base/uuid.ts';
import { createHarness, type Harness, nic } from '../support/provision-harness.ts';

let rig: Harness;
let zones: ZoneService;
let clusters: ClusterService;
let zone: Uuid;
let row: Uuid;

beforeEach(async () => {
  rig = await createHarness();
  const deps = { store: rig.store.platform.placement, clock: rig.clock, random: randomBytes };
  zones = createZoneService(deps);
  clusters = createClusterService(deps);
  zone = await zones.createZone({ name: 'hall' });
  row = await clusters.createCluster({ zoneUuid: zone, name: 'row 1', hypervisorType: 'KVM' });
});
afterEach(async () => {
  await rig.close();
});

const provision = (): Promise<void> => rig.begin();

const serverOfRun = async (): Promise<Uuid | undefined> =>
  (await rig.store.provision.latestRun(rig.chassisUuid))?.pxeServerUuid;

it('begins nothing in a disabled cluster or zone, and says how to enable it', async () => {
  await clusters.assign('chassis', rig.chassisUuid, row);
  await clusters.changeClusterState(row, 'disable');
  await expect(provision()).rejects.toMatchObject({
    code: 'provision-failed',
    message: `chassis "r1u1" cannot be provisioned now: cluster "row 1" is Disabled; enable it with changeClusterState, stateEvent enable, on cluster ${row}`,
  });
  await zones.changeZoneState(zone, 'disable');
  await clusters.changeClusterState(row, 'enable');
  await expect(provision()).rejects.toMatchObject({
    code: 'provision-failed',
    message: expect.stringContaining(`changeZoneState, stateEvent enable, on zone ${zone}`) as string,
  });
  expect(rig.bmc.calls).toEqual([]);
  expect(await rig.status()).toBe('Unprovisioned');
  await zones.changeZoneState(zone, 'enable');
  await provision();
  expect(await rig.status()).toBe('Rebooting');
});

it('lets a chassis of no cluster go on when a cluster is disabled', async () => {
  await clusters.changeClusterState(row, 'disable');
  await provision();
  expect(await rig.status()).toBe('Rebooting');
});

it('stops a call that waits for its slot when its cluster is disabled meanwhile', async () => {
  await clusters.assign('chassis', rig.chassisUuid, row);
  for (let i = 0; i < 20; i += 1) {
    await provision();
    await rig.provision.service.updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
  }
  const runs = await rig.store.provision.latestRun(rig.chassisUuid);
  const waiting = rig.provision.service.provision(rig.chassisUuid);
  const outcome = waiting.catch((error: unknown) => error);
  await rig.settle();
  await clusters.changeClusterState(row, 'disable');
  await rig.clock.advance(61_000);
  expect(await outcome).toMatchObject({ code: 'provision-failed' });
  expect(await rig.store.provision.latestRun(rig.chassisUuid)).toStrictEqual(runs);
});

it('boots a chassis from a server of its cluster, then of none, and tells why none fits', async () => {
  // Servers are listed oldest first.
  await rig.clock.advance(1000);
  const own = await rig.provision.service.createPxeServer({ name: 'row server', dhcpInterface: 'rack1' });
  await clusters.assign('pxeServer', own, row);
  await clusters.assign('chassis', rig.chassisUuid, row);
  await provision();
  expect(await serverOfRun()).toBe(own);

  await rig.provision.service.updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
  await rig.provision.service.stopPxeServer(own);
  await provision();
  expect(await serverOfRun()).toBe(rig.serverUuid);

  await rig.provision.service.updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
  const other = await clusters.createCluster({ zoneUuid: zone, name: 'row 2', hypervisorType: 'KVM' });
  await clusters.assign('pxeServer', rig.serverUuid, other);
  await expect(provision()).rejects.toMatchObject({
    code: 'pxe-server-stopped',
    message:
      'no PXE server is running for cluster "row 1"; start one with startBaremetalPxeServer. There are: ' +
      '"row1" on rack0 in cluster "row 2" (not for this chassis), "row server" on rack1 in cluster "row 1" (stopped)',
  });
  await clusters.deleteCluster(other);
  await provision();
  expect(await serverOfRun()).toBe(rig.serverUuid);
});

/** The machine asks for a boot on the segment of a PXE server. */
const ask = (serverUuid: Uuid) =>
  rig.provision.policy.decide({
    serverUuid,
    mac: nic(1),
    uuids: uuidReadings(rig.bmc.guid),
    vendorClass: 'PXEClient',
    hostname: undefined,
    firmware: 'bios',
    ipxe: false,
  }).kind;

it('boots nothing from a server of another cluster, also after a restart, and names it in the diagnosis', async () => {
  const mine = rig.serverUuid;
  const foreign = await rig.provision.service.createPxeServer({ name: 'far', dhcpInterface: 'rack1' });
  const other = await clusters.createCluster({ zoneUuid: zone, name: 'row 2', hypervisorType: 'KVM' });
  await clusters.assign('pxeServer', foreign, other);
  await clusters.assign('chassis', rig.chassisUuid, row);
  await provision();
  expect([ask(foreign), ask(foreign), ask(mine)]).toEqual(['ignore', 'ignore', 'boot']);
  await rig.settle();
  rig = await rig.restart();
  await rig.settle();
  expect([ask(foreign), ask(mine)]).toEqual(['ignore', 'boot']);
  await rig.settle();
  const told = await rig.provision.service.timeline(rig.chassisUuid);
  const refusals = told?.entries.filter(({ step }) => step === 'refused').map(({ text }) => text);
  expect(refusals).toEqual([
    'the machine asked a PXE server of cluster "row 2" for a boot and got none: its chassis belongs to another cluster',
  ]);
  await rig.clock.advance(400_000);
  await rig.settle();
  const chassis = await rig.store.provision.getChassis(rig.chassisUuid);
  expect(chassis?.status).toBe('PxeBootFailed');
  expect(chassis?.statusCause).toContain('correct the clusterUuid of the chassis');
});

it('boots a chassis of no cluster from any server', async () => {
  const foreign = await rig.provision.service.createPxeServer({ name: 'far', dhcpInterface: 'rack1' });
  await clusters.assign('pxeServer', foreign, row);
  await provision();
  expect([ask(foreign), ask(rig.serverUuid)]).toEqual(['boot', 'boot']);
});
