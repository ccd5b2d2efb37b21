import { expect, it } from 'vitest';
import { createDevices } from '../../src/iommu/devices.ts';
import { setVfs } from '../../src/iommu/attach/vfs.ts';
import { attachPciDevice } from '../../src/iommu/attach/attach.ts';
import { audio, createIommuWorld, domainOf, gpu, nic, usualPci, vmA, vmB } from '../support/iommu-world.ts';

async function looked() {
  const world = createIommuWorld(usualPci(), [domainOf(vmA), domainOf(vmB)]);
  await world.settle();
  return { world, devices: createDevices(world.deps), ...world };
}

it('keeps what people wrote through looks', async () => {
  const { world, devices } = await looked();
  const { uuid } = world.device(gpu);
  await devices.updatePciDevice(uuid, {
    state: 'Disabled',
    description: 'left slot',
    metaData: 'use=cad; site != lab,odd',
  });
  await world.settle();
  expect(world.device(gpu)).toMatchObject({ state: 'Disabled', description: 'left slot' });
  expect(JSON.parse(world.device(gpu).metaData ?? '')).toEqual({
    metaData: 'use=cad; site != lab,odd',
    metaDataEntries: [
      { key: 'use', op: 'Equal', value: 'cad' },
      { key: 'site', op: 'Unequal', value: 'lab' },
    ],
  });
  await devices.updatePciDevice(uuid, { metaData: '' });
  expect(world.device(gpu)).toMatchObject({ metaData: undefined, state: 'Disabled' });
  await expect(devices.updatePciDevice(uuid, { description: 'x'.repeat(2049) })).rejects.toMatchObject({
    code: 'invalid-argument',
    data: { parameter: 'description' },
  });
  await expect(devices.updatePciDevice('f'.repeat(32), {})).rejects.toMatchObject({ code: 'not-found' });
});

it('deletes only what the host does not report any more and no definition names', async () => {
  const { world, devices } = await looked();
  const { uuid } = world.device(nic);
  await expect(devices.deletePciDevice(uuid)).rejects.toMatchObject({ code: 'refused' });
  await attachPciDevice(world.deps, uuid, vmA, () => undefined);
  world.model.pci.delete(nic);
  await world.settle();
  expect(world.device(nic)).toMatchObject({ status: 'Inactive', vmInstanceUuid: vmA });
  await expect(devices.deletePciDevice(uuid)).rejects.toThrow(/detach it from there first/);
  const domain = world.model.domains.get(vmA);
  if (domain !== undefined) Object.assign(domain, { config: [], live: [] });
  await world.settle();
  await devices.deletePciDevice(uuid);
  await devices.deletePciDevice(uuid);
  expect(world.store.devices.has(uuid)).toBe(false);
});

it('names as candidates what could be given with all that moves along', async () => {
  const { world, devices } = await looked();
  const all = [gpu, audio, nic].map((address) => world.device(address).uuid);
  expect(await devices.candidates(vmA)).toEqual(all);
  expect(await devices.candidates(vmA, ['Moxa_Device'])).toEqual([]);
  await devices.updatePciDevice(world.device(audio).uuid, { state: 'Disabled' });
  expect(await devices.candidates(vmA)).toEqual([world.device(nic).uuid]);
  const plan = await devices.planAttachment(world.device(gpu).uuid, vmA);
  expect(plan.moves.map(({ pciDeviceAddress }) => pciDeviceAddress)).toEqual([gpu, audio]);
  expect(plan.refusals.map(({ code }) => code)).toEqual(['disabled']);
});

it('makes and removes virtual functions, and says when the driver did not', async () => {
  const { world } = await looked();
  const { uuid } = world.device(nic);
  await setVfs(world.deps, uuid, 3);
  await setVfs(world.deps, uuid, 3);
  expect(world.device(nic).facts?.sriov).toEqual({ totalVfs: 4, numVfs: 3 });
  await expect(setVfs(world.deps, uuid, 2)).rejects.toMatchObject({ code: 'refused' });
  await expect(setVfs(world.deps, uuid, 5)).rejects.toThrow(/0 to 4/);
  await setVfs(world.deps, uuid, 0);
  expect(world.model.pci.get(nic)?.vfs?.num).toBe(0);
  world.shell.failNext(({ input }) => input.includes('sriov_numvfs'), { stderr: 'sh: echo: I/O error' });
  await expect(setVfs(world.deps, uuid, 1)).rejects.toThrow(
    /0 virtual functions instead of 1: sh: echo: I\/O error/,
  );
});
