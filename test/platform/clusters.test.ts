import { expect, it } from 'vitest';
import { chassis, pxeServer, uuid } from '../support/records.ts';
import { openPlaces, plantHost } from './places.ts';

async function openRow(directory?: string) {
  const places = await openPlaces(directory);
  const zone = await places.zones.createZone({ name: 'hall' });
  const row = await places.clusters.createCluster({ zoneUuid: zone, name: 'row', hypervisorType: 'KVM' });
  return { ...places, zone, row };
}

it('makes clusters in zones that exist', async () => {
  const { clusters, store, zone } = await openRow();
  const wish = uuid();
  const input = { name: 'row 2', hypervisorType: 'Simulator', resourceUuid: wish };
  expect(await clusters.createCluster({ ...input, zoneUuid: zone.toUpperCase() })).toBe(wish);
  expect(await store.platform.placement.getCluster(wish)).toMatchObject({
    zoneUuid: zone,
    state: 'Enabled',
    hypervisorType: 'Simulator',
    type: 'zstack',
  });
  await expect(clusters.createCluster({ ...input, zoneUuid: zone })).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(clusters.createCluster({ ...input, zoneUuid: uuid() })).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('QueryZone') as string,
  });
});

it('makes no cluster in a zone that is deleted in the same moment', async () => {
  const { clusters, zones, zone } = await openRow();
  const [, made] = await Promise.allSettled([
    zones.deleteZone(zone),
    clusters.createCluster({ zoneUuid: zone, name: 'late', hypervisorType: 'KVM' }),
  ]);
  // Whichever came first, nothing is left of it.
  if (made.status === 'rejected') expect(made.reason).toMatchObject({ code: 'not-found' });
  else await expect(clusters.checkCluster(made.value)).rejects.toMatchObject({ code: 'not-found' });
});

it('loses no change of two at a time', async () => {
  const { clusters, store, row } = await openRow();
  await Promise.all([
    clusters.updateCluster(row, { name: 'renamed' }),
    clusters.changeClusterState(row, 'disable'),
    clusters.updateCluster(row, { description: 'described' }),
  ]);
  expect(await store.platform.placement.getCluster(row)).toMatchObject({
    name: 'renamed',
    description: 'described',
    state: 'Disabled',
  });
  await expect(clusters.updateCluster(uuid(), {})).rejects.toMatchObject({ code: 'not-found' });
});

it('puts resources into clusters and takes them out', async () => {
  const { clusters, store, row } = await openRow();
  const { placement } = store.platform;
  const machine = chassis();
  await store.provision.saveChassis(machine);
  for (const none of [undefined, '', ' ', 'null', 'NULL']) {
    await clusters.assign('chassis', machine.uuid, ` ${row.toUpperCase()}`);
    expect(await placement.clusterOf('chassis', machine.uuid)).toBe(row);
    await clusters.assign('chassis', machine.uuid, none);
    expect(await placement.clusterOf('chassis', machine.uuid)).toBeUndefined();
  }
  await clusters.checkCluster('');
  await clusters.checkCluster(row);
  for (const wrong of [uuid(), 'row'])
    await expect(clusters.checkCluster(wrong)).rejects.toMatchObject({ code: 'not-found' });
  await expect(clusters.assign('chassis', machine.uuid, uuid())).rejects.toMatchObject({ code: 'not-found' });
});

it('tells a run where a chassis stands', async () => {
  const { clusters, zones, store, row, zone } = await openRow();
  const [machine, loose, server, free] = [chassis(), chassis(), pxeServer(), pxeServer()];
  for (const one of [machine, loose]) await store.provision.saveChassis(one);
  for (const one of [server, free]) await store.provision.savePxeServer(one);
  await clusters.assign('chassis', machine.uuid, row);
  await clusters.assign('pxeServer', server.uuid, row);
  const serverClusters = new Map([[server.uuid, { uuid: row, name: 'row' }]]);
  expect(await clusters.placementOf(machine.uuid)).toStrictEqual({
    cluster: { uuid: row, name: 'row' },
    refusal: undefined,
    serverClusters,
  });
  await zones.changeZoneState(zone, 'disable');
  expect((await clusters.placementOf(machine.uuid)).refusal).toContain(`on zone ${zone}`);
  await zones.changeZoneState(zone, 'enable');
  await clusters.changeClusterState(row, 'disable');
  expect((await clusters.placementOf(machine.uuid)).refusal).toContain(`on cluster ${row}`);
  expect(await clusters.placementOf(loose.uuid)).toStrictEqual({
    cluster: undefined,
    refusal: undefined,
    serverClusters,
  });
});

it('keeps a cluster with KVM hosts, and deletes the others', async () => {
  const { clusters, store, directory, row, zone } = await openRow();
  const spare = await clusters.createCluster({ zoneUuid: zone, name: 'spare', hypervisorType: 'KVM' });
  await store.close();
  plantHost(directory, row);
  const again = await openPlaces(directory);
  await expect(again.clusters.deleteCluster(row)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('delete the hosts first') as string,
  });
  await again.clusters.deleteCluster(spare);
  await again.clusters.deleteCluster(spare);
  await expect(again.clusters.checkCluster(spare)).rejects.toMatchObject({ code: 'not-found' });
});
