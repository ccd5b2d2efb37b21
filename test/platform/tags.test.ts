import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { TagEffect } from '../../src/platform/service.ts';
import { createTagService } from '../../src/platform/tags.ts';
import { chassis, macOf, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

/** Tags over a real store with one chassis, and an effect that keeps what it was told. */
async function openTags() {
  const store = await storeIn(temporaryDirectory());
  const machine = chassis();
  await store.provision.saveChassis(machine);
  const told: Parameters<TagEffect>[0][] = [];
  const steer = { refuse: false };
  const tags = createTagService({
    store: store.platform.tags,
    effect: async (change) => {
      if (steer.refuse) throw new Error('that MAC is taken');
      told.push(change);
    },
    clock: { now: () => 1_700_000_000_000, after: () => () => undefined },
    random: randomBytes,
  });
  const resource = { resourceType: 'BaremetalChassisVO', resourceUuid: machine.uuid };
  const texts = async (): Promise<string[]> =>
    (await store.platform.tags.listTags(machine.uuid)).map(({ tag }) => tag).toSorted();
  return { store, tags, told, steer, resource, machine, texts };
}
const mac = macOf(0xabcdef);

it('stores a system tag in its one spelling, after its effect', async () => {
  const { store, tags, told, resource } = await openTags();
  const made = await tags.createTag('System', {
    resourceType: resource.resourceType,
    resourceUuid: resource.resourceUuid.toUpperCase(),
    tag: ` bootMac::${mac.toUpperCase().replaceAll(':', '-')} `,
  });
  expect(await store.platform.tags.getTag(made)).toStrictEqual({
    uuid: made,
    type: 'System',
    ...resource,
    tag: `bootMac::${mac}`,
    inherent: false,
    createDate: 1_700_000_000_000,
    lastOpDate: 1_700_000_000_000,
  });
  expect(told).toEqual([{ ...resource, added: `bootMac::${mac}`, removed: undefined }]);
});

it('stores nothing when the effect is refused', async () => {
  const { tags, steer, resource, texts } = await openTags();
  const kept = await tags.createTag('System', { ...resource, tag: 'bootMode::uefi' });
  steer.refuse = true;
  await expect(tags.createTag('System', { ...resource, tag: `bootMac::${mac}` })).rejects.toThrow('taken');
  await expect(tags.updateSystemTag(kept, 'bootMode::legacy')).rejects.toThrow('taken');
  await expect(tags.deleteTag(kept)).rejects.toThrow('taken');
  expect(await texts()).toEqual(['bootMode::uefi']);
  const user = await tags.createTag('User', { ...resource, tag: 'bootMode::anything' });
  await tags.deleteTag(user);
});

it.each([
  ['BaremetalChassisVO', 'bootmac::52:54:00:00:00:01'],
  ['BaremetalChassisVO', 'bootMac::52:54'],
  ['BaremetalChassisVO', 'bootMac'],
  ['BaremetalChassisVO', 'bootMode::bios'],
  ['BaremetalChassisVO', 'usbRedirect::true'],
  ['BaremetalChassisVO', 'usbRedirect'],
  ['BaremetalChassisVO', 'for-large-DB'],
  ['BaremetalChassisVO', 'validationOnly::true'],
  ['VmInstanceVO', 'usbRedirect::yes'],
  ['VmInstanceVO', 'pciRom::'],
  ['InstanceOfferingVO', 'pciRomUuid::1'],
  ['InstanceOfferingVO', 'instanceOfferingUserConfig::{'],
  ['HostVO', 'reservedMemory::much'],
  ['ZoneVO', 'toString'],
])('refuses %s %s and lists what there is', async (resourceType, tag) => {
  const { tags } = await openTags();
  await expect(tags.createTag('System', { resourceType, resourceUuid: uuid(), tag })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining(
      `is no system tag of ${resourceType}; it takes validationOnly`,
    ) as string,
    data: { parameter: 'tag' },
  });
});

it.each([
  ['VmInstanceVO', 'usbRedirect::TRUE'],
  ['VmInstanceVO', 'pciRom::rom.bin'],
  ['InstanceOfferingVO', `pciRomUuid::${uuid()}`],
  ['InstanceOfferingVO', 'instanceOfferingUserConfig::{"a":1}'],
  ['HostVO', 'reservedMemory::1G'],
])('knows %s %s', async (resourceType, tag) => {
  const { tags } = await openTags();
  await expect(tags.createTag('System', { resourceType, resourceUuid: uuid(), tag })).rejects.toMatchObject({
    code: 'not-found',
  });
});

it('refuses what steers a single call, unknown types and the very same tag', async () => {
  const { tags, resource, texts } = await openTags();
  const make = (tag: string, type: 'System' | 'User' = 'System') =>
    tags.createTag(type, { ...resource, tag });
  await expect(make('skipIpmiCheck::true')).rejects.toMatchObject({ code: 'invalid-argument' });
  await expect(make('validationOnly')).rejects.toMatchObject({ code: 'invalid-argument' });
  await expect(
    tags.createTag('User', { ...resource, resourceType: 'DiskVO', tag: 'x' }),
  ).rejects.toMatchObject({
    code: 'invalid-argument',
    data: { parameter: 'resourceType' },
  });
  await make(`bootMac::${mac}`);
  await make(`bootMac::${macOf(7)}`);
  await expect(make(`bootMac::${mac.toUpperCase()}`)).rejects.toMatchObject({ code: 'duplicate-tag' });
  await make('bootMode::uefi');
  await expect(make('bootMode::uefi')).rejects.toMatchObject({ code: 'duplicate-tag' });
  await expect(make('bootMode::legacy')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('updateSystemTag') as string,
  });
  await make('rack 7', 'User');
  await expect(make('rack 7', 'User')).rejects.toMatchObject({ code: 'duplicate-tag' });
  for (const text of ['', ' ', 'x'.repeat(2049)])
    await expect(make(text, 'User')).rejects.toMatchObject({ code: 'invalid-argument' });
  await make('x'.repeat(2048), 'User');
  expect(await texts()).toHaveLength(5);
});

it('lets one of two rivals through', async () => {
  const { tags, resource, texts } = await openTags();
  const outcomes = await Promise.allSettled(
    ['bootMode::uefi', 'bootMode::legacy'].map((tag) => tags.createTag('System', { ...resource, tag })),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(await texts()).toEqual(['bootMode::uefi']);
});

it('changes a system tag within its kind', async () => {
  const { tags, told, resource, texts } = await openTags();
  const mode = await tags.createTag('System', { ...resource, tag: 'bootMode::uefi' });
  const nic = await tags.createTag('System', { ...resource, tag: `bootMac::${mac}` });
  await tags.createTag('System', { ...resource, tag: `bootMac::${macOf(7)}` });
  const user = await tags.createTag('User', { ...resource, tag: 'free' });
  told.length = 0;
  await tags.updateSystemTag(mode, 'bootMode::legacy');
  await tags.updateSystemTag(mode, 'bootMode::legacy');
  expect(told).toEqual([{ ...resource, added: 'bootMode::legacy', removed: 'bootMode::uefi' }]);
  await expect(tags.updateSystemTag(mode, `bootMac::${macOf(8)}`)).rejects.toMatchObject({
    message: 'tag: must stay a bootMode::legacy|uefi tag',
  });
  await expect(tags.updateSystemTag(nic, `bootMac::${macOf(7)}`)).rejects.toMatchObject({
    code: 'duplicate-tag',
  });
  await expect(tags.updateSystemTag(user, 'bootMode::uefi')).rejects.toMatchObject({
    code: 'invalid-argument',
  });
  await expect(tags.updateSystemTag(uuid(), 'bootMode::uefi')).rejects.toMatchObject({ code: 'not-found' });
  expect(await texts()).toEqual(
    [`bootMac::${macOf(7)}`, `bootMac::${mac}`, 'bootMode::legacy', 'free'].toSorted(),
  );
});

it('deletes a tag with its effect, once', async () => {
  const { tags, told, resource, texts } = await openTags();
  const tag = await tags.createTag('System', { ...resource, tag: `bootMac::${mac}` });
  told.length = 0;
  await Promise.all([tags.deleteTag(tag), tags.deleteTag(tag)]);
  await tags.deleteTag(tag);
  expect(told).toEqual([{ ...resource, added: undefined, removed: `bootMac::${mac}` }]);
  expect(await texts()).toEqual([]);
});

it('leaves the system its own tags', async () => {
  const { store, tags, machine } = await openTags();
  const own = {
    uuid: uuid(),
    type: 'System',
    resourceType: 'BaremetalChassisVO',
    resourceUuid: machine.uuid,
    tag: 'bootMode::uefi',
    inherent: true,
    createDate: 0,
    lastOpDate: 0,
  } as const;
  await store.platform.tags.insertTag(own);
  await expect(tags.deleteTag(own.uuid)).rejects.toMatchObject({ code: 'refused' });
  await expect(tags.updateSystemTag(own.uuid, 'bootMode::legacy')).rejects.toMatchObject({ code: 'refused' });
  expect(await store.platform.tags.getTag(own.uuid)).toStrictEqual(own);
});

it('checks what is given to a create', async () => {
  const { tags } = await openTags();
  const check =
    (systemTags: string[], userTags: string[] = []) =>
    () =>
      tags.checkGiven('BaremetalChassisVO', { systemTags, userTags });
  expect(check(['skipIpmiCheck::true', 'bootMode::uefi', 'bootMode::uefi'], ['any'])).not.toThrow();
  expect(check([`bootMac::${mac}`, `bootMac::${macOf(7)}`])).not.toThrow();
  expect(check(['bootMode::uefi', 'bootMode::legacy'])).toThrow('only one');
  expect(check(['usbRedirect::true'])).toThrow('is no system tag of BaremetalChassisVO');
  expect(check([], [''])).toThrow('userTags');
});

it('attaches lasting tags once, the newest of a single kind winning, without their effect', async () => {
  const { store, tags, told, machine, texts } = await openTags();
  const attach = (systemTags: string[], userTags: string[] = []) =>
    tags.attach('BaremetalChassisVO', machine.uuid, { systemTags, userTags });
  await attach(['skipIpmiCheck::true', 'bootMode::uefi', `bootMac::${mac}`], ['rack 7', ' rack 7 ']);
  await attach(['bootMode::legacy', `bootMac::${mac.toUpperCase()}`, `bootMac::${macOf(7)}`], ['rack 7']);
  expect(await texts()).toEqual(
    [`bootMac::${mac}`, `bootMac::${macOf(7)}`, 'bootMode::legacy', 'rack 7'].toSorted(),
  );
  expect(told).toEqual([]);
  await store.provision.deleteChassis(machine.uuid);
  await attach(['bootMode::uefi'], ['late']);
  expect(await texts()).toEqual([]);
});
