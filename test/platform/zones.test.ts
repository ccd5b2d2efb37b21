import { expect, it } from 'vitest';
import { uuid } from '../support/records.ts';
import { openPlaces, plantHost } from './places.ts';

it('makes zones, with the wished uuid where there is one', async () => {
  const { zones, store } = await openPlaces();
  const wish = uuid();
  const one = await zones.createZone({ name: ' hall 1 ', description: 'cold' });
  expect(await zones.createZone({ name: 'hall 2', resourceUuid: wish })).toBe(wish);
  expect(await store.platform.placement.getZone(one)).toMatchObject({
    name: 'hall 1',
    description: 'cold',
    state: 'Enabled',
    type: 'zstack',
  });
  await expect(zones.createZone({ name: 'hall 3', resourceUuid: wish })).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(await store.platform.placement.getZone(wish)).toMatchObject({ name: 'hall 2' });
  for (const name of ['', '  ', 'a\nb', 'x'.repeat(256)])
    await expect(zones.createZone({ name })).rejects.toMatchObject({ code: 'invalid-argument' });
  await expect(zones.createZone({ name: 'x', resourceUuid: 'me' })).rejects.toMatchObject({
    data: { parameter: 'resourceUuid' },
  });
});

it('gives a wished uuid to one of two callers only', async () => {
  const { zones } = await openPlaces();
  const wish = uuid();
  const outcomes = await Promise.allSettled(
    ['a', 'b'].map((name) => zones.createZone({ name, resourceUuid: wish })),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});

it('loses no change of two at a time', async () => {
  const { zones, store } = await openPlaces();
  const zone = await zones.createZone({ name: 'hall' });
  await Promise.all([
    zones.updateZone(zone, { name: 'renamed' }),
    zones.changeZoneState(zone, 'disable'),
    zones.updateZone(zone, { description: 'described' }),
  ]);
  const after = await store.platform.placement.getZone(zone);
  expect(after).toMatchObject({ name: 'renamed', description: 'described', state: 'Disabled' });
  expect(after?.lastOpDate).toBeGreaterThan(after?.createDate ?? Number.POSITIVE_INFINITY);
  await zones.changeZoneState(zone, 'enable');
  expect(await store.platform.placement.getZone(zone)).toMatchObject({ state: 'Enabled' });
});

it('changes nothing that is not there, and deletes it with success', async () => {
  const { zones, store } = await openPlaces();
  const gone = uuid();
  await expect(zones.updateZone(gone, { name: 'x' })).rejects.toMatchObject({ code: 'not-found' });
  await expect(zones.changeZoneState(gone, 'enable')).rejects.toMatchObject({ code: 'not-found' });
  await zones.deleteZone(gone);
  const zone = await zones.createZone({ name: 'hall' });
  await Promise.allSettled([zones.deleteZone(zone), zones.updateZone(zone, { name: 'back again' })]);
  expect(await store.platform.placement.getZone(zone)).toBeUndefined();
});

it('keeps a zone with KVM hosts, and says what to do', async () => {
  const { zones, clusters, store, directory } = await openPlaces();
  const zone = await zones.createZone({ name: 'hall' });
  const row = await clusters.createCluster({ zoneUuid: zone, name: 'row', hypervisorType: 'KVM' });
  await store.close();
  plantHost(directory, row);
  const again = await openPlaces(directory);
  await expect(again.zones.deleteZone(zone)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('1 KVM host; delete the hosts first') as string,
  });
  expect(await again.store.platform.placement.getCluster(row)).toMatchObject({ name: 'row' });
});
