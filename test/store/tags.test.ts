import { expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import { type Tag, type TaggableType, taggableTypes } from '../../src/platform/model.ts';
import { chassis, hostCfg, pxeServer, run, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const tagOf = (resourceType: TaggableType, resourceUuid: Uuid, change: Partial<Tag> = {}): Tag => ({
  uuid: uuid(),
  type: 'User',
  resourceType,
  resourceUuid,
  tag: 'rack 7',
  inherent: false,
  createDate: 1_700_000_000_000,
  lastOpDate: 1_700_000_001_000,
  ...change,
});
const dates = { createDate: 0, lastOpDate: 0 };

it('keeps tags, each once a resource', async () => {
  const directory = temporaryDirectory();
  const store = await storeIn(directory);
  const { tags } = store.platform;
  const machine = chassis();
  await store.provision.saveChassis(machine);
  const first = tagOf('BaremetalChassisVO', machine.uuid, { inherent: true });
  const system = { ...first, uuid: uuid(), type: 'System', inherent: false } as const;
  expect(await tags.insertTag(first)).toBe('added');
  expect(await tags.insertTag({ ...first, uuid: uuid() })).toBe('duplicate');
  expect(await tags.insertTag(system)).toBe('added');
  expect(await tags.replaceTag({ ...system, tag: 'bootMode::uefi', lastOpDate: 5 })).toBe(true);
  const other = tagOf('BaremetalChassisVO', machine.uuid, { tag: 'rack 8', createDate: 1_700_000_000_001 });
  await tags.insertTag(other);
  expect(await tags.replaceTag({ ...other, tag: 'rack 7' })).toBe(false);
  await store.close();
  const again = (await storeIn(directory)).platform.tags;
  expect(await again.getTag(first.uuid)).toStrictEqual(first);
  expect(await again.getTag(system.uuid)).toStrictEqual({ ...system, tag: 'bootMode::uefi', lastOpDate: 5 });
  expect(await again.listTags(machine.uuid)).toHaveLength(3);
  await again.deleteTag(first.uuid);
  await again.deleteTag(first.uuid);
  expect(await again.getTag(first.uuid)).toBeUndefined();
  expect(await again.listTags(machine.uuid)).toHaveLength(2);
});

it('tags only what exists, of every type', async () => {
  const { tags } = (await storeIn(temporaryDirectory())).platform;
  for (const type of taggableTypes) {
    expect(await tags.resourceExists(type, uuid())).toBe(false);
    expect(await tags.insertTag(tagOf(type, uuid()))).toBe('no-resource');
  }
});

it('tells a resource by its type, not by its uuid alone', async () => {
  const store = await storeIn(temporaryDirectory());
  const machine = chassis();
  await store.provision.saveChassis(machine);
  expect(await store.platform.tags.resourceExists('BaremetalChassisVO', machine.uuid)).toBe(true);
  expect(await store.platform.tags.insertTag(tagOf('ZoneVO', machine.uuid))).toBe('no-resource');
});

it('forgets the tags of what is deleted, also where one deletion takes others along', async () => {
  const store = await storeIn(temporaryDirectory());
  const { provision, platform } = store;
  const [machine, second, server, zoneUuid, clusterUuid] = [
    chassis(),
    chassis(),
    pxeServer(),
    uuid(),
    uuid(),
  ];
  const [cfg, used] = [hostCfg(machine.uuid), hostCfg(second.uuid)];
  const place = { name: 'x', description: undefined, state: 'Enabled', type: 'zstack', ...dates } as const;
  await platform.placement.saveZone({ uuid: zoneUuid, ...place });
  await platform.placement.saveCluster({ uuid: clusterUuid, zoneUuid, hypervisorType: 'KVM', ...place });
  await provision.saveChassis(machine);
  await provision.saveChassis(second);
  await provision.saveHostCfg(cfg);
  await provision.saveHostCfg(used);
  await provision.savePxeServer(server);
  const resources: readonly (readonly [TaggableType, Uuid])[] = [
    ['ZoneVO', zoneUuid],
    ['ClusterVO', clusterUuid],
    ['BaremetalChassisVO', machine.uuid],
    ['BaremetalHostCfgVO', cfg.uuid],
    ['BaremetalHostCfgVO', used.uuid],
    ['BaremetalPxeServerVO', server.uuid],
    ['BaremetalChassisVO', second.uuid],
  ];
  for (const [type, of] of resources) {
    expect(await platform.tags.insertTag(tagOf(type, of))).toBe('added');
    expect(await platform.tags.insertTag(tagOf(type, of, { type: 'System' }))).toBe('added');
  }
  const left = async (): Promise<number[]> =>
    Promise.all(resources.map(async ([, of]) => (await platform.tags.listTags(of)).length));

  await provision.deleteChassis(machine.uuid);
  expect(await left()).toEqual([2, 2, 0, 0, 2, 2, 2]);
  await platform.placement.deleteZone(zoneUuid);
  expect(await left()).toEqual([0, 0, 0, 0, 2, 2, 2]);
  await provision.saveRunStep({ run: run(second.uuid), timeline: [], deleteHostCfg: true });
  expect(await left()).toEqual([0, 0, 0, 0, 0, 2, 2]);
  await provision.deletePxeServer(server.uuid);
  expect(await left()).toEqual([0, 0, 0, 0, 0, 0, 2]);
});

it('takes no tag for what is deleted in the same moment', async () => {
  const store = await storeIn(temporaryDirectory());
  const machine = chassis();
  await store.provision.saveChassis(machine);
  const tag = tagOf('BaremetalChassisVO', machine.uuid);
  const [, outcome] = await Promise.all([
    store.provision.deleteChassis(machine.uuid),
    store.platform.tags.insertTag(tag),
  ]);
  expect(outcome).toBe('no-resource');
  expect(await store.platform.tags.getTag(tag.uuid)).toBeUndefined();
});
