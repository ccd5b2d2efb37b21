import { expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import type { Cluster, Zone } from '../../src/platform/model.ts';
import { plantHost } from '../platform/places.ts';
import { chassis, pxeServer, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const zone = (change: Partial<Zone> = {}): Zone => ({
  uuid: uuid(),
  name: 'hall 1',
  description: undefined,
  state: 'Enabled',
  type: 'zstack',
  createDate: 1_700_000_000_000,
  lastOpDate: 1_700_000_001_000,
  ...change,
});
const cluster = (zoneUuid: Uuid, change: Partial<Cluster> = {}): Cluster => ({
  ...zone(),
  uuid: uuid(),
  zoneUuid,
  name: 'row 1',
  hypervisorType: 'KVM',
  ...change,
});

/** A store with a zone, a cluster in it, and a chassis and a PXE server in that. */
async function furnished(directory = temporaryDirectory()) {
  const store = await storeIn(directory);
  const { placement, tags } = store.platform;
  const [z, machine, server] = [zone(), chassis(), pxeServer()];
  const c = cluster(z.uuid);
  await placement.saveZone(z);
  await placement.saveCluster(c);
  await store.provision.saveChassis(machine);
  await store.provision.savePxeServer(server);
  await placement.assign('chassis', machine.uuid, c.uuid);
  await placement.assign('pxeServer', server.uuid, c.uuid);
  return { store, placement, tags, zone: z, cluster: c, machine, server };
}

it('keeps zones and clusters, the last word winning', async () => {
  const directory = temporaryDirectory();
  const { store, placement, zone: z, cluster: c } = await furnished(directory);
  await placement.saveZone({ ...z, state: 'Disabled', description: 'ground floor' });
  await placement.saveCluster({ ...c, name: 'row 2' });
  await store.close();
  const again = (await storeIn(directory)).platform.placement;
  expect(await again.getZone(z.uuid)).toStrictEqual({ ...z, state: 'Disabled', description: 'ground floor' });
  expect(await again.getCluster(c.uuid)).toStrictEqual({ ...c, name: 'row 2' });
  expect(await again.getZone(uuid())).toBeUndefined();
  expect(await again.getCluster(uuid())).toBeUndefined();
});

it('tells who belongs where, and lets go', async () => {
  const { placement, cluster: c, machine, server } = await furnished();
  const home = { uuid: c.uuid, name: c.name };
  expect(await placement.clusterOf('chassis', machine.uuid)).toBe(c.uuid);
  expect(await placement.clusterOf('pxeServer', server.uuid)).toBe(c.uuid);
  expect(await placement.placed('pxeServer')).toStrictEqual([{ uuid: server.uuid, cluster: home }]);
  expect(await placement.placed('chassis')).toStrictEqual([{ uuid: machine.uuid, cluster: home }]);
  await placement.assign('chassis', machine.uuid, undefined);
  expect(await placement.clusterOf('chassis', machine.uuid)).toBeUndefined();
  expect(await placement.placed('chassis')).toEqual([]);
  expect(await placement.clusterOf('chassis', uuid())).toBeUndefined();
});

it('leaves a chassis and a PXE server in their cluster when provisioning saves them', async () => {
  const { store, placement, cluster: c, machine, server } = await furnished();
  await store.provision.saveChassis({ ...machine, status: 'Rebooting' });
  await store.provision.savePxeServer({ ...server, status: 'Stopped' });
  expect(await placement.clusterOf('chassis', machine.uuid)).toBe(c.uuid);
  expect(await placement.clusterOf('pxeServer', server.uuid)).toBe(c.uuid);
});

it('takes the clusters along with their zone, and never a chassis or a PXE server', async () => {
  const { store, placement, zone: z, cluster: c, machine, server } = await furnished();
  await placement.deleteZone(z.uuid);
  await placement.deleteZone(z.uuid);
  expect(await placement.getCluster(c.uuid)).toBeUndefined();
  expect(await store.provision.getChassis(machine.uuid)).toStrictEqual(machine);
  expect(await store.provision.getPxeServer(server.uuid)).toStrictEqual(server);
  expect(await placement.clusterOf('chassis', machine.uuid)).toBeUndefined();
  expect(await placement.placed('pxeServer')).toEqual([]);
});

it('refuses a cluster without its zone and a membership without its cluster', async () => {
  const { placement, machine } = await furnished();
  await expect(placement.saveCluster(cluster(uuid()))).rejects.toMatchObject({ code: 'conflict' });
  await expect(placement.assign('chassis', machine.uuid, uuid())).rejects.toMatchObject({ code: 'conflict' });
});

it('counts the hosts of a cluster and of a zone, and the database keeps them from losing their cluster', async () => {
  const directory = temporaryDirectory();
  const { store, zone: z, cluster: c } = await furnished(directory);
  const spare = cluster(z.uuid);
  await store.platform.placement.saveCluster(spare);
  await store.close();
  plantHost(directory, c.uuid);
  const { placement } = (await storeIn(directory)).platform;
  expect(await placement.countHosts({ clusterUuid: c.uuid })).toBe(1);
  expect(await placement.countHosts({ clusterUuid: spare.uuid })).toBe(0);
  expect(await placement.countHosts({ zoneUuid: z.uuid })).toBe(1);
  expect(await placement.countHosts({ zoneUuid: uuid() })).toBe(0);
  await expect(placement.deleteZone(z.uuid)).rejects.toMatchObject({ code: 'conflict' });
  await expect(placement.deleteCluster(c.uuid)).rejects.toMatchObject({ code: 'conflict' });
  await placement.deleteCluster(spare.uuid);
  expect(await placement.getCluster(c.uuid)).toMatchObject({ name: c.name });
});
