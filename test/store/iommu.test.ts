import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PciAssignment, PciDevice, PciDeviceOffering } from '../../src/iommu/model.ts';
import type { Store } from '../../src/store/index.ts';
import { cases } from '../support/cases.ts';
import {
  host,
  instanceOffering,
  pciDevice,
  pciFacts,
  pciOffering,
  savePlace,
  vm,
} from '../support/fake-kvm-records.ts';
import { queryFor } from '../support/query-world.ts';
import { uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

async function furnished(directory = temporaryDirectory()) {
  const store = await storeIn(directory);
  const { clusterUuid } = await savePlace(store);
  const machine = host(clusterUuid);
  await store.kvm.saveHost(machine);
  return { store, iommu: store.iommu, machine };
}

it('keeps devices, assignments and the wish over a restart', async () => {
  const directory = temporaryDirectory();
  const { store, iommu, machine } = await furnished(directory);
  const one = vm(machine);
  await store.kvm.saveVm(one);
  const [card, mate] = [
    pciDevice(machine.uuid, { vmInstanceUuid: one.uuid, status: 'Attached', metaData: '{"metaData":"x"}' }),
    pciDevice(machine.uuid, { facts: undefined, subvendorId: undefined, pciDeviceAddress: '0000:06:00.1' }),
  ];
  const assignments: readonly PciAssignment[] = [card, mate].map(({ uuid: pciDeviceUuid }) => ({
    pciDeviceUuid,
    vmInstanceUuid: one.uuid,
    leaderUuid: card.uuid,
    phase: 'attaching',
    previousDriver: pciDeviceUuid === card.uuid ? 'nouveau' : undefined,
  }));
  const none = { hostUuid: machine.uuid, state: 'Disabled', status: 'Inactive', details: '' } as const;
  expect(await iommu.getHostIommu(machine.uuid)).toEqual({
    ...none,
    rebootPending: false,
    change: undefined,
  });
  const wish = {
    ...none,
    state: 'Enabled',
    details: 'reboot pending',
    rebootPending: true,
    change: { loader: 'grub', path: '/etc/default/grub', before: 'quiet', added: ['intel_iommu=on'] },
  } as const;
  await iommu.savePci({ devices: [card, mate], assignments });
  await iommu.saveHostIommu(wish);
  await store.close();
  const again = await storeIn(directory);
  expect(await again.iommu.listPciDevicesOf(machine.uuid)).toEqual([card, mate]);
  expect(await again.iommu.getPciDevice(mate.uuid)).toEqual(mate);
  expect(await again.iommu.getHostIommu(machine.uuid)).toEqual(wish);
  expect(await again.iommu.getHostIommu(uuid())).toBeUndefined();
  const byUuid = (list: readonly PciAssignment[]) =>
    list.toSorted((a, b) => (a.pciDeviceUuid < b.pciDeviceUuid ? -1 : 1));
  expect(byUuid(await again.iommu.listAssignmentsOf(machine.uuid))).toEqual(byUuid(assignments));
  expect(await again.iommu.listAssignmentsOf(uuid())).toEqual([]);
});

it('keeps what was meant for a device when its VM goes, and forgets it when the device goes', async () => {
  const { store, iommu, machine } = await furnished();
  const one = vm(machine);
  await store.kvm.saveVm(one);
  const card = pciDevice(machine.uuid, { vmInstanceUuid: one.uuid });
  const meant: PciAssignment = {
    pciDeviceUuid: card.uuid,
    vmInstanceUuid: one.uuid,
    leaderUuid: card.uuid,
    phase: 'attached',
    previousDriver: undefined,
  };
  await iommu.savePci({ devices: [card], assignments: [meant] });
  await store.kvm.deleteVm(one.uuid);
  expect(await iommu.getPciDevice(card.uuid)).toEqual({ ...card, vmInstanceUuid: undefined });
  expect(await iommu.listAssignmentsOf(machine.uuid)).toEqual([meant]);
  await iommu.savePci({ assignments: [{ ...meant, phase: 'detaching' }] });
  expect(await iommu.listAssignmentsOf(machine.uuid)).toEqual([{ ...meant, phase: 'detaching' }]);
  await iommu.savePci({ assignments: [{ pciDeviceUuid: card.uuid, phase: undefined }] });
  expect(await iommu.listAssignmentsOf(machine.uuid)).toEqual([]);
  await iommu.savePci({ assignments: [meant] });
  await iommu.deletePciDevice(card.uuid);
  await iommu.deletePciDevice(card.uuid);
  expect(await iommu.listAssignmentsOf(machine.uuid)).toEqual([]);
});

it('writes one attachment whole or not at all', async () => {
  const { iommu, machine } = await furnished();
  const card = pciDevice(machine.uuid);
  await iommu.savePci({ devices: [card] });
  const stray = { vmInstanceUuid: uuid(), leaderUuid: card.uuid, previousDriver: undefined };
  await expect(
    iommu.savePci({
      devices: [{ ...card, status: 'Attached' }],
      assignments: [
        { ...stray, pciDeviceUuid: card.uuid, phase: 'attaching' },
        { ...stray, pciDeviceUuid: uuid(), phase: 'attaching' },
      ],
    }),
  ).rejects.toMatchObject({ code: 'conflict' });
  expect(await iommu.getPciDevice(card.uuid)).toEqual(card);
  expect(await iommu.listAssignmentsOf(machine.uuid)).toEqual([]);
});

it('shows what the last look said of a device', async () => {
  const { store, iommu, machine } = await furnished();
  const card = pciDevice(machine.uuid, {
    facts: pciFacts({ driver: 'vfio-pci', iommuGroup: 3, numaNode: undefined }),
    metaData: '{"metaData":"a","metaDataEntries":[]}',
  });
  await iommu.savePci({ devices: [card] });
  const { rows } = await store.query.query(queryFor('pciDevice', [['iommuGroup', '=', '3']]));
  expect(rows).toMatchObject([
    {
      name: card.name,
      kind: 'gpu-video',
      driver: 'vfio-pci',
      iommuGroup: 3,
      numaNode: undefined,
      totalVfs: 8,
      metaData: { metaData: 'a', metaDataEntries: [] },
    },
  ]);
});

/** The rule, evaluated in memory. */
const fits = (device: PciDevice, offering: PciDeviceOffering): boolean =>
  device.vendorId === offering.vendorId &&
  device.deviceId === offering.deviceId &&
  (offering.subvendorId === undefined || offering.subvendorId === device.subvendorId) &&
  (offering.subdeviceId === undefined || offering.subdeviceId === device.subdeviceId);

const id = fc.constantFrom('10de', '8086');
const ids = fc.record({
  vendorId: fc.constantFrom('10de', '10de', '10de', '8086'),
  deviceId: fc.constantFrom('0e0f', '0e0f', '0e0f', '118b'),
  subvendorId: fc.option(id, { nil: undefined, freq: 2 }),
  subdeviceId: fc.option(id, { nil: undefined, freq: 2 }),
});
const slots = ['a', 'b', 'c'] as const;
const step = fc.record({
  kind: fc.constantFrom('device', 'device', 'offering', 'offering', 'gone-device', 'gone-offering'),
  slot: fc.constantFrom(...slots),
  ids,
});

async function matchesIn(store: Store): Promise<readonly string[]> {
  const { rows } = await store.query.query(queryFor('pciDeviceMatch'));
  return rows
    .map((row) => `${String(row['pciDeviceUuid'])} ${String(row['pciDeviceOfferingUuid'])}`)
    .toSorted();
}

it('keeps the matches of devices and offerings whatever is written in whatever order', async () => {
  const { store, iommu, machine } = await furnished();
  const named = () => Object.fromEntries(slots.map((slot) => [slot, uuid()]));
  const [deviceUuids, offeringUuids] = [named(), named()];
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const devices = new Map<string, PciDevice>();
      const offerings = new Map<string, PciDeviceOffering>();
      for (const { kind, slot, ids: given } of steps) {
        if (kind === 'device') {
          const device = pciDevice(machine.uuid, { ...given, uuid: deviceUuids[slot]! });
          devices.set(slot, device);
          void iommu.savePci({ devices: [device] });
        } else if (kind === 'offering') {
          const offering = pciOffering({ ...given, uuid: offeringUuids[slot]! });
          offerings.set(slot, offering);
          void iommu.savePciDeviceOffering(offering);
        } else if (kind === 'gone-device') {
          devices.delete(slot);
          void iommu.deletePciDevice(deviceUuids[slot]!);
        } else {
          offerings.delete(slot);
          void iommu.deletePciDeviceOffering(offeringUuids[slot]!);
        }
      }
      // Writes run in the order of the calls, so this one ends after them.
      await iommu.deletePciDevice(uuid());
      const wished = [...devices.values()].flatMap((device) =>
        [...offerings.values()]
          .filter((offering) => fits(device, offering))
          .map((offering) => `${device.uuid} ${offering.uuid}`),
      );
      hits += wished.length;
      expect(await matchesIn(store)).toEqual(wished.toSorted());
      for (const slot of slots) {
        void iommu.deletePciDevice(deviceUuids[slot]!);
        void iommu.deletePciDeviceOffering(offeringUuids[slot]!);
      }
      await iommu.deletePciDevice(uuid());
    }),
    { numRuns: cases(4000) / 5 },
  );
  expect(hits).toBeGreaterThan(50);
}, 60_000);

it('ties PCI offerings to instance offerings by the tag', async () => {
  const { store, iommu } = await furnished();
  const [offering, gpu] = [instanceOffering(), pciOffering()];
  await store.kvm.saveInstanceOffering(offering);
  await iommu.savePciDeviceOffering(gpu);
  expect(await iommu.getPciDeviceOffering(gpu.uuid)).toEqual(gpu);
  const tag = {
    uuid: uuid(),
    type: 'System',
    resourceType: 'InstanceOfferingVO',
    resourceUuid: offering.uuid,
    tag: `pciDeviceOffering::${gpu.uuid}`,
    inherent: false,
    createDate: 0,
    lastOpDate: 0,
  } as const;
  const { tags } = store.platform;
  const attached = async () =>
    (await store.query.query(queryFor('pciDeviceOffering'))).rows[0]?.['attachedInstanceOfferings'];
  await tags.insertTag(tag);
  expect(await attached()).toMatchObject([
    { instanceOfferingUuid: offering.uuid, pciDeviceOfferingUuid: gpu.uuid, pciDeviceCount: 1 },
  ]);
  await tags.replaceTag({ ...tag, tag: `${tag.tag}::2` });
  expect(await attached()).toMatchObject([{ pciDeviceCount: 2 }]);
  await tags.deleteTag(tag.uuid);
  expect(await attached()).toEqual([]);
  await tags.insertTag(tag);
  await tags.insertTag({ ...tag, uuid: uuid(), tag: `pciDeviceOffering::${uuid()}` });
  expect(await attached()).toHaveLength(1);
  await iommu.deletePciDeviceOffering(gpu.uuid);
  expect((await tags.listTags(offering.uuid)).map((one) => one.tag)).not.toContain(tag.tag);
});
