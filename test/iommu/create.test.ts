import { expect, it } from 'vitest';
import { createIommu } from '../../src/iommu/index.ts';
import { KvmError, type RawProbe } from '../../src/kvm/index.ts';
import { createIommuWorld, vmA } from '../support/iommu-world.ts';
import { random } from '../support/records.ts';

const folder = 'sys/bus/pci/devices';
const nic = '0000:02:00.0';
const sysfs = [
  `${folder}/${nic}/class:0x020000`,
  `${folder}/${nic}/vendor:0x8086`,
  `${folder}/${nic}/device:0x10d3`,
  `lrwxrwxrwx 1 root root 0 Jan 1 00:00 ${folder}/${nic} -> ../../../devices/pci0000:00/0000:00:1c.0/${nic}`,
  `lrwxrwxrwx 1 root root 0 Jan 1 00:00 ${folder}/${nic}/driver -> ../../../../bus/pci/drivers/e1000e`,
  `lrwxrwxrwx 1 root root 0 Jan 1 00:00 ${folder}/${nic}/iommu_group -> ../../../../kernel/iommu_groups/7`,
].join('\n');

function room() {
  const world = createIommuWorld([], []);
  const { work: _, ...deps } = world.deps;
  const { store, host } = world;
  const iommu = createIommu({ ...deps, store, random });
  const probe: RawProbe = {
    sections: new Map([
      ['pci-sysfs', sysfs],
      ['cpuinfo', 'vendor_id : GenuineIntel'],
      ['cmdline', 'quiet intel_iommu=on'],
      ['iommu-class', 'dmar0'],
      ['iommu-groups', '7'],
    ]),
    domains: [],
    time: deps.clock.now(),
  };
  return { world, store, host, iommu, look: () => iommu.observer(host, probe) };
}

it('makes rows of what a look printed, and keeps their uuids at the next one', async () => {
  const { look, store, host } = room();
  await look();
  const [device] = await store.listPciDevicesOf(host.uuid);
  expect(device).toMatchObject({
    pciDeviceAddress: nic,
    vendorId: '8086',
    deviceId: '10d3',
    status: 'Active',
    facts: { driver: 'e1000e', iommuGroup: 7 },
  });
  await look();
  expect(await store.listPciDevicesOf(host.uuid)).toEqual([device]);
});

it("speaks of VMs and connections in its own errors' codes", async () => {
  const { look, iommu, store, host, world } = room();
  await look();
  const [device] = await store.listPciDevicesOf(host.uuid);
  const attach = (vm: string): Promise<void> =>
    iommu.service.attachPciDevice(device?.uuid ?? '', vm, () => undefined);
  await expect(attach(vmA)).rejects.toMatchObject({ name: 'IommuError', code: 'not-found' });
  Object.assign(world.deps.vms, {
    exclusive: () => Promise.reject(new KvmError('host-disconnected', 'gone')),
  });
  const again = createIommu({ ...world.deps, store, random });
  await expect(again.service.attachPciDevice(device?.uuid ?? '', vmA, () => undefined)).rejects.toMatchObject(
    { name: 'IommuError', code: 'host-disconnected', message: 'gone' },
  );
  await expect(iommu.service.generateVfs(device?.uuid ?? '', 0)).rejects.toMatchObject({
    code: 'invalid-argument',
  });
});

it('begins nothing after it was closed', async () => {
  const { iommu } = room();
  await iommu.close();
  await iommu.close();
  await expect(iommu.service.removeVfs('f'.repeat(32))).rejects.toThrow(/is stopping/);
});
