import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import {
  host,
  hostCanary,
  hostFacts,
  image,
  instanceOffering,
  pciDevice,
  savePlace,
  stackTemplate,
  usbDevice,
  vm,
} from '../support/fake-kvm-records.ts';
import { queryFor } from '../support/query-world.ts';
import { pathsIn, uuid } from '../support/records.ts';
import { scratchStore } from '../support/scratch-store.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

async function furnished(directory = temporaryDirectory()) {
  const store = await storeIn(directory);
  const place = await savePlace(store);
  const machine = host(place.clusterUuid);
  await store.kvm.saveHost(machine);
  return { store, kvm: store.kvm, machine, ...place };
}

it('makes no new key over the passwords of hosts when theirs is missing', async () => {
  const directory = temporaryDirectory();
  await (await furnished(directory)).store.close();
  rmSync(pathsIn(directory).keyPath);
  await expect(storeIn(directory)).rejects.toMatchObject({
    code: 'damaged',
    message: expect.stringContaining('is missing') as unknown,
  });
});

it('keeps everything as it was saved, over a restart', async () => {
  const directory = temporaryDirectory();
  const { store, kvm, machine, clusterUuid } = await furnished(directory);
  const keyed = host(clusterUuid, {
    password: '',
    hostKey: undefined,
    facts: undefined,
    connection: 'local',
  });
  const [offering, iso, template] = [
    instanceOffering(),
    image({ mediaType: 'ISO', format: 'iso' }),
    stackTemplate(),
  ];
  const one = vm(machine, {
    instanceOfferingUuid: offering.uuid,
    imageUuid: iso.uuid,
    isoUuid: iso.uuid,
  });
  const stick = usbDevice(machine.uuid, { vmInstanceUuid: one.uuid, serial: undefined });
  await kvm.saveHost(keyed);
  await kvm.saveInstanceOffering(offering);
  await kvm.saveImage(iso);
  await kvm.saveStackTemplate(template);
  await kvm.saveVm(one);
  await kvm.saveUsbDevices({ saved: [stick], gone: [] });
  await store.close();
  const again = (await storeIn(directory)).kvm;
  expect(await again.getHost(machine.uuid)).toEqual(machine);
  expect(await again.getHost(keyed.uuid)).toEqual(keyed);
  expect((await again.listHosts()).map(({ uuid: of }) => of).toSorted()).toEqual(
    [machine.uuid, keyed.uuid].toSorted(),
  );
  expect(await again.getVm(one.uuid)).toEqual(one);
  expect(await again.listVms()).toEqual([one]);
  expect(await again.getInstanceOffering(offering.uuid)).toEqual(offering);
  expect(await again.getImage(iso.uuid)).toEqual(iso);
  expect(await again.listImages()).toEqual([iso]);
  expect(await again.getStackTemplate(template.uuid)).toEqual(template);
  expect(await again.getUsbDevice(stick.uuid)).toEqual(stick);
  expect(await again.listUsbDevicesOf(machine.uuid)).toEqual([stick]);
  expect(await again.clusterOf(clusterUuid)).toMatchObject({ uuid: clusterUuid, hypervisorType: 'KVM' });
  const gone = uuid();
  expect(
    await Promise.all([
      again.getHost(gone),
      again.getVm(gone),
      again.getImage(gone),
      again.getStackTemplate(gone),
      again.getUsbDevice(gone),
      again.clusterOf(gone),
    ]),
  ).toEqual(Array.from({ length: 6 }, () => undefined));
});

it('writes the password of a host only sealed, and gives it to no query', async () => {
  const store = await scratchStore();
  const { clusterUuid } = await savePlace(store);
  await store.kvm.saveHost(host(clusterUuid));
  const answer = await store.query.query(queryFor('host', [], { reveal: true }));
  expect(JSON.stringify(answer)).not.toContain(hostCanary);
  expect(Object.keys(answer.rows[0] ?? {}).filter((name) => /password/i.test(name))).toEqual([]);
  expect(store.writtenText()).toContain('kvm 1');
  expect(store.writtenText()).not.toContain(hostCanary);
  await store.close();
});

it('refuses a taken address and a missing cluster, naming the parameter', async () => {
  const { kvm, machine, clusterUuid } = await furnished();
  await expect(kvm.saveHost(host(clusterUuid, { managementIp: machine.managementIp }))).rejects.toMatchObject(
    { code: 'conflict', data: { field: 'managementIp' } },
  );
  await expect(kvm.saveHost(host(uuid()))).rejects.toMatchObject({
    code: 'conflict',
    data: { field: 'clusterUuid' },
  });
  expect(await kvm.listHosts()).toHaveLength(1);
});

it('lets the connection write only what it learned', async () => {
  const { kvm, machine } = await furnished();
  await kvm.saveHost({ ...machine, name: 'renamed', state: 'Disabled' });
  await kvm.saveHostStatus(machine.uuid, { status: 'Disconnected', statusCause: 'no route' });
  expect(await kvm.getHost(machine.uuid)).toEqual({
    ...machine,
    name: 'renamed',
    state: 'Disabled',
    status: 'Disconnected',
    statusCause: 'no route',
  });
  const facts = { ...hostFacts, cpuNum: 16 };
  const hostKey = 'SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB';
  await kvm.saveHostStatus(machine.uuid, { status: 'Connected', statusCause: undefined, hostKey, facts });
  const learned = await kvm.getHost(machine.uuid);
  expect(learned).toMatchObject({ hostKey, status: 'Connected', statusCause: undefined });
  expect(learned?.facts).toEqual(facts);
  await kvm.saveHostStatus(uuid(), { status: 'Connected', statusCause: undefined });
});

it('writes what one look changed whole or not at all', async () => {
  const { kvm, machine } = await furnished();
  const [first, second] = [vm(machine), vm(machine)];
  await kvm.saveDomains({ saved: [first], gone: [] });
  await expect(
    kvm.saveDomains({ saved: [second, vm({ ...machine, uuid: uuid() })], gone: [first.uuid] }),
  ).rejects.toMatchObject({ code: 'conflict', data: { reason: 'reference' } });
  expect(await kvm.listVms()).toEqual([first]);
  const renamed = { ...second, nics: second.nics.toReversed().slice(0, 1) };
  await kvm.saveDomains({ saved: [second], gone: [first.uuid, uuid()] });
  await kvm.saveDomains({ saved: [renamed], gone: [] });
  expect(await kvm.listVms()).toEqual([renamed]);
});

it('lists the VMs that run on a host or whose definition lies there', async () => {
  const { kvm, machine, clusterUuid } = await furnished();
  const other = host(clusterUuid);
  await kvm.saveHost(other);
  const [running, stopped, moved] = [
    vm(machine),
    vm(machine, { hostUuid: undefined, state: 'Stopped' }),
    vm(other, { lastHostUuid: machine.uuid }),
  ];
  for (const one of [running, stopped, moved]) await kvm.saveVm(one);
  const uuidsOf = async (of: Uuid) => (await kvm.listVmsOf(of)).map((one) => one.uuid).toSorted();
  expect(await uuidsOf(machine.uuid)).toEqual([running.uuid, stopped.uuid].toSorted());
  expect(await uuidsOf(other.uuid)).toEqual([moved.uuid]);
});

it('takes what is on a host along with it, and nothing else', async () => {
  const { store, kvm, machine, clusterUuid } = await furnished();
  const other = host(clusterUuid);
  await kvm.saveHost(other);
  const [running, stopped, elsewhere] = [
    vm(machine),
    vm(machine, { hostUuid: undefined, state: 'Stopped' }),
    vm(other, { lastHostUuid: machine.uuid }),
  ];
  for (const one of [running, stopped, elsewhere]) await kvm.saveVm(one);
  const [stick, card, kept] = [
    usbDevice(machine.uuid),
    pciDevice(machine.uuid, { vmInstanceUuid: running.uuid }),
    pciDevice(other.uuid, { vmInstanceUuid: stopped.uuid }),
  ];
  await kvm.saveUsbDevices({ saved: [stick], gone: [] });
  await store.iommu.savePci({ devices: [card, kept] });
  const dates = { createDate: 0, lastOpDate: 0 };
  const types = {
    [stopped.uuid]: 'VmInstanceVO',
    [stick.uuid]: 'UsbDeviceVO',
    [card.uuid]: 'PciDeviceVO',
  } as const;
  for (const [resourceUuid, resourceType] of Object.entries(types)) {
    const tag = { uuid: uuid(), type: 'User', tag: 'x', inherent: false, ...dates } as const;
    expect(
      await store.platform.tags.insertTag({ ...tag, resourceType, resourceUuid: resourceUuid as Uuid }),
    ).toBe('added');
  }
  await kvm.deleteHost(machine.uuid);
  await kvm.deleteHost(machine.uuid);
  expect(await kvm.listVms()).toEqual([elsewhere]);
  expect(await kvm.getUsbDevice(stick.uuid)).toBeUndefined();
  expect(await store.iommu.getPciDevice(card.uuid)).toBeUndefined();
  expect(await store.iommu.getPciDevice(kept.uuid)).toEqual({ ...kept, vmInstanceUuid: undefined });
  for (const of of Object.keys(types)) expect(await store.platform.tags.listTags(of)).toEqual([]);
});

it('lets VMs and devices go on without what was deleted', async () => {
  const { kvm, machine } = await furnished();
  const offering = instanceOffering();
  await kvm.saveInstanceOffering(offering);
  const one = vm(machine, { instanceOfferingUuid: offering.uuid });
  await kvm.saveVm(one);
  const stick = usbDevice(machine.uuid, { vmInstanceUuid: one.uuid });
  await kvm.saveUsbDevices({ saved: [stick], gone: [] });
  await kvm.deleteInstanceOffering(offering.uuid);
  expect(await kvm.getVm(one.uuid)).toEqual({ ...one, instanceOfferingUuid: undefined });
  await kvm.deleteVm(one.uuid);
  expect(await kvm.getUsbDevice(stick.uuid)).toEqual({ ...stick, vmInstanceUuid: undefined });
  await kvm.saveUsbDevices({ saved: [], gone: [stick.uuid] });
  expect(await kvm.listUsbDevicesOf(machine.uuid)).toEqual([]);
});

it('shows the capacity of a host less what runs on it and what is reserved', async () => {
  const { store, kvm, machine } = await furnished();
  const GiB = 1024 ** 3;
  const capacity = async () => (await store.query.query(queryFor('host'))).rows[0];
  await kvm.saveVm(vm(machine, { cpuNum: 3, memorySize: 2 * GiB }));
  await kvm.saveVm(vm(machine, { cpuNum: 2, memorySize: GiB, state: 'Paused' }));
  await kvm.saveVm(vm(machine, { cpuNum: 9, memorySize: 9 * GiB, hostUuid: undefined, state: 'Stopped' }));
  expect(await capacity()).toMatchObject({
    totalCpuCapacity: 8,
    availableCpuCapacity: 3,
    totalMemoryCapacity: 16 * GiB,
    availableMemoryCapacity: 13 * GiB,
    cpuSockets: 2,
    hasKvm: true,
    bridges: ['br0', 'virbr0'],
    kernelVersion: hostFacts.kernelVersion,
  });
  const tag = {
    uuid: uuid(),
    type: 'System',
    resourceType: 'HostVO',
    resourceUuid: machine.uuid,
    tag: 'reservedMemory::4G',
    inherent: false,
    createDate: 0,
    lastOpDate: 0,
  } as const;
  await store.platform.tags.insertTag(tag);
  expect(await capacity()).toMatchObject({ availableMemoryCapacity: 9 * GiB });
  for (const [text, left] of [
    ['reservedMemory::1024M', 12 * GiB],
    [`reservedMemory::${GiB}`, 12 * GiB],
    ['reservedMemory::999999999999999T', 0],
  ] as const) {
    await store.platform.tags.replaceTag({ ...tag, tag: text });
    expect([text, (await capacity())?.['availableMemoryCapacity']]).toEqual([text, left]);
  }
  await kvm.saveHost({ ...machine, facts: undefined });
  const empty = await capacity();
  expect([empty?.['availableCpuCapacity'], empty?.['availableMemoryCapacity']]).toEqual([
    undefined,
    undefined,
  ]);
});

it('shows the disks of a VM as volumes, the first one as its root', async () => {
  const { store, kvm, machine } = await furnished();
  const one = vm(machine);
  await kvm.saveVm(one);
  await kvm.saveVm(vm(machine, { domain: undefined, createDate: one.createDate + 1 }));
  const { rows } = await store.query.query(queryFor('vmInstance'));
  expect(rows).toMatchObject([
    {
      domainName: 'web',
      persistent: true,
      allVolumes: [
        { name: 'vda', deviceId: 0, type: 'Root', installPath: '/var/lib/images/web.qcow2', format: 'qcow2' },
        { name: 'vdb', deviceId: 1, type: 'Data', installPath: '/var/lib/images/data.raw', format: 'raw' },
      ],
      vmNics: [{ bridge: 'br0', deviceId: 0 }, { deviceId: 1 }],
    },
    { allVolumes: [] },
  ]);
});
