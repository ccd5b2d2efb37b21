import { expect, it } from 'vitest';
import { attachPciDevice } from '../../src/iommu/attach/attach.ts';
import { audio, createIommuWorld, domainOf, gpu, nic, usualPci, vmA, vmB } from '../support/iommu-world.ts';

const extra = { address: '0000:03:00.0', group: 16, native: undefined, driver: undefined };

it('tells of devices that come and go, but not of a new host', async () => {
  const world = createIommuWorld();
  await world.settle();
  expect(world.notices).toEqual([]);
  world.model.pci.set(extra.address, { ...extra });
  await world.settle();
  world.model.pci.delete(extra.address);
  await world.settle();
  world.model.pci.set(extra.address, { ...extra });
  await world.settle();
  expect(world.notices.map(({ name, facts }) => [name, facts['change'], facts['address']])).toEqual([
    ['pci-device-changed', 'appeared', extra.address],
    ['pci-device-changed', 'gone', extra.address],
    ['pci-device-changed', 'returned', extra.address],
  ]);
});

it('writes nothing when nothing changed', async () => {
  const world = createIommuWorld();
  await world.settle();
  const before = [...world.store.devices.values()];
  await world.settle();
  expect([...world.store.devices.values()]).toEqual(before);
  expect(before[0]).toBe([...world.store.devices.values()][0]);
});

it('takes over what somebody gave with other tools, mates under one leader, and gives it back', async () => {
  const world = createIommuWorld(usualPci(), [domainOf(vmA, { running: false }), domainOf(vmB)]);
  await world.settle();
  world.model.domains.get(vmA)?.config.push(gpu, audio);
  world.model.start(vmA);
  await world.settle();
  const leader = world.device(gpu).uuid;
  expect([...world.store.assignments.values()]).toMatchObject([
    { phase: 'attached', leaderUuid: leader, vmInstanceUuid: vmA },
    { phase: 'attached', leaderUuid: leader, vmInstanceUuid: vmA },
  ]);
  expect(world.notices.map(({ facts }) => facts['change'])).toEqual(['taken-over', 'taken-over']);
  expect(world.device(audio)).toMatchObject({ status: 'Attached', vmInstanceUuid: vmA });
});

it('restores the driver of a device that somebody took out, once no mate is in a running VM', async () => {
  const world = createIommuWorld();
  await world.settle();
  await attachPciDevice(world.deps, world.device(gpu).uuid, vmA, () => undefined);
  const domain = world.model.domains.get(vmA);
  if (domain === undefined) throw new Error('made above');
  Object.assign(domain, { config: [gpu], live: [gpu] });
  await world.settle();
  expect(world.notices).toMatchObject([
    { severity: 'Warning', about: { uuid: world.device(audio).uuid }, facts: { change: 'lost' } },
  ]);
  expect(world.device(audio)).toMatchObject({ status: 'Active', facts: { driver: 'vfio-pci' } });
  Object.assign(domain, { config: [], live: [] });
  await world.settle();
  expect(world.model.pci.get(audio)?.driver).toBe('snd_hda_intel');
  expect(world.model.pci.get(gpu)?.driver).toBe('nouveau');
  expect(world.store.assignments.size).toBe(0);
});

it('does not take the silence of libvirt for VMs without devices', async () => {
  const world = createIommuWorld();
  await world.settle();
  await attachPciDevice(world.deps, world.device(nic).uuid, vmA, () => undefined);
  world.model.libvirt = false;
  await world.settle();
  expect(world.device(nic)).toMatchObject({ status: 'Attached', vmInstanceUuid: vmA });
  await expect(
    attachPciDevice(world.deps, world.device(gpu).uuid, vmA, () => undefined),
  ).rejects.toMatchObject({ code: 'command-failed', message: expect.stringContaining('start libvirtd') });
  expect(world.notices).toEqual([]);
});

it('rewrites the definition of a VM whose device has another address now, also when libvirt comes up late', async () => {
  const world = createIommuWorld(usualPci(), [domainOf(vmA, { running: false }), domainOf(vmB)]);
  await world.settle();
  const { uuid } = world.device(nic);
  await attachPciDevice(world.deps, uuid, vmA, () => undefined);
  const [old, stranger] = [world.model.pci.get(nic), world.model.pci.get(audio)];
  if (old === undefined || stranger === undefined) throw new Error('both are usual');
  // A card in a lower slot shifted the buses: the NIC of slot 02 is at 05, and another device took its address.
  world.model.pci.set('0000:05:00.0', { ...old, address: '0000:05:00.0', slot: nic });
  world.model.pci.set(nic, { ...stranger, address: nic, group: 20, slot: 'new' });
  world.model.libvirt = false;
  await world.settle();
  expect(world.notices.filter(({ facts }) => facts['change'] === 'moved')).toEqual([]);
  world.model.libvirt = true;
  await world.settle();
  expect(world.model.domains.get(vmA)?.config).toEqual(['0000:05:00.0']);
  expect(world.store.devices.get(uuid)).toMatchObject({
    pciDeviceAddress: '0000:05:00.0',
    status: 'Attached',
    vmInstanceUuid: vmA,
  });
  expect(world.device(nic)).toMatchObject({ status: 'Active', vmInstanceUuid: undefined });
  expect(world.notices.map(({ facts }) => facts['change'])).toEqual(['appeared', 'moved']);
});
