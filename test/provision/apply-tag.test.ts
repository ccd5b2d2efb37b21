import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Mac } from '../../src/base/mac.ts';
import { createTagService } from '../../src/platform/tags.ts';
import { createHarness, type Harness, nic } from '../support/provision-harness.ts';

let rig: Harness;
beforeEach(async () => {
  rig = await createHarness();
});
afterEach(async () => {
  await rig.close();
});

const apply = (added?: string, removed?: string): Promise<void> =>
  rig.provision.service.applyTag(rig.chassisUuid, { added, removed });
const chassis = async () => rig.store.provision.getChassis(rig.chassisUuid);
const decide = (mac: Mac) =>
  rig.provision.policy.decide({
    serverUuid: rig.serverUuid,
    mac,
    uuids: [],
    vendorClass: undefined,
    hostname: undefined,
    firmware: undefined,
    ipxe: false,
  });

it('knows a machine by a MAC from its tag, and no longer when the tag goes', async () => {
  expect(decide(nic(7)).kind).toBe('ignore');
  await apply(`bootMac::${nic(7)}`);
  await apply(`bootMac::${nic(7)}`);
  await apply(`bootMac::${nic(8)}`);
  expect((await chassis())?.macs).toEqual([nic(7), nic(8)]);
  expect(decide(nic(7)).kind).toBe('address');
  await apply(undefined, `bootMac::${nic(7)}`);
  expect((await chassis())?.macs).toEqual([nic(8)]);
  expect(decide(nic(7)).kind).toBe('ignore');
});

it('exchanges one MAC for another in one step', async () => {
  await apply(`bootMac::${nic(7)}`);
  await apply(`bootMac::${nic(8)}`, `bootMac::${nic(7)}`);
  expect((await chassis())?.macs).toEqual([nic(8)]);
});

it('takes the boot mode from a tag and forgets it with the tag, but not one that a boot has shown since', async () => {
  await apply('bootMode::uefi');
  expect((await chassis())?.bootMode).toBe('uefi');
  await apply(undefined, 'bootMode::uefi');
  expect((await chassis())?.bootMode).toBe('unknown');
  await apply('bootMode::legacy');
  await apply(undefined, 'bootMode::uefi');
  expect((await chassis())?.bootMode).toBe('legacy');
});

it('refuses a bad MAC, one of another machine and a chassis that is not there, and changes nothing', async () => {
  await rig.provision.service.createChassis({
    name: 'r1u2',
    ipmiAddress: '198.51.100.12',
    ipmiUsername: 'admin',
    ipmiPassword: 'canary-bmc-secret',
    systemTags: ['skipIpmiCheck::true', `bootMac::${nic(9)}`],
  });
  const before = await chassis();
  await expect(apply('bootMac::52:54')).rejects.toMatchObject({ code: 'invalid-argument' });
  await expect(apply('bootMode::bios')).rejects.toMatchObject({ code: 'invalid-argument' });
  await expect(apply(`bootMac::${nic(9)}`)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('r1u2') as string,
  });
  expect(await chassis()).toStrictEqual(before);
  await expect(
    rig.provision.service.applyTag('0'.repeat(32), { added: 'bootMode::uefi', removed: undefined }),
  ).rejects.toMatchObject({ code: 'chassis-not-found' });
});

it('survives a restart', async () => {
  await apply(`bootMac::${nic(7)}`);
  rig = await rig.restart();
  expect(decide(nic(7)).kind).toBe('address');
});

it('does its work from the tag APIs: the tag and the machine change together, or neither', async () => {
  const tags = createTagService({
    store: rig.store.platform.tags,
    effect: ({ resourceUuid, added, removed }) =>
      rig.provision.service.applyTag(resourceUuid, { added, removed }),
    clock: rig.clock,
    random: randomBytes,
  });
  const other = await rig.provision.service.createChassis({
    name: 'r1u2',
    ipmiAddress: '198.51.100.12',
    ipmiUsername: 'admin',
    ipmiPassword: 'canary-bmc-secret',
    systemTags: ['skipIpmiCheck::true', `bootMac::${nic(9)}`],
  });
  const make = (tag: string) =>
    tags.createTag('System', { resourceType: 'BaremetalChassisVO', resourceUuid: rig.chassisUuid, tag });
  const tag = await make(`bootMac::${nic(7)}`);
  expect(decide(nic(7)).kind).toBe('address');
  await expect(make(`bootMac::${nic(9)}`)).rejects.toMatchObject({ code: 'conflict' });
  await expect(tags.updateSystemTag(tag, `bootMac::${nic(9)}`)).rejects.toMatchObject({ code: 'conflict' });
  const texts = (await rig.store.platform.tags.listTags(rig.chassisUuid)).map((one) => one.tag);
  expect(texts).toEqual([`bootMac::${nic(7)}`]);
  await tags.updateSystemTag(tag, `bootMac::${nic(8)}`);
  expect([decide(nic(7)).kind, decide(nic(8)).kind]).toEqual(['ignore', 'address']);
  await tags.deleteTag(tag);
  expect((await chassis())?.macs).toEqual([]);
  expect((await rig.store.provision.getChassis(other))?.macs).toEqual([nic(9)]);
});
