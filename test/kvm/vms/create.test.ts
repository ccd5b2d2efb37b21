import { describe, expect, it } from 'vitest';
import type { Uuid } from '../../../src/base/uuid.ts';
import type { CreateVmInput } from '../../../src/kvm/service.ts';
import { networkUuidOf } from '../../../src/kvm/vms/names.ts';
import { failed } from './fake-virsh.ts';
import { dashes, host, image, iso, offering, uuid, world } from './world.ts';

async function stocked() {
  const made = await world();
  const [base, cd, small] = [image(), iso(), offering()];
  await made.store.saveImage(base);
  await made.store.saveImage(cd);
  await made.store.saveInstanceOffering(small);
  made.machine.files.add('/srv/debian.qcow2').add('/srv/install.iso');
  const reports: string[] = [];
  const input: CreateVmInput = {
    name: 'web & "co"',
    instanceOfferingUuid: small.uuid,
    imageUuid: base.uuid,
    l3NetworkUuids: ['br0', networkUuidOf('br1')],
  };
  const create = (change: Partial<CreateVmInput> = {}): Promise<Uuid> =>
    made.vms.service.createVm({ ...input, ...change }, (text) => reports.push(text));
  /** What is left of VMs on the host and in the store. */
  const rest = async () => ({
    domains: made.machine.domains.size,
    files: [...made.machine.files].filter((file) => file.includes('a'.repeat(32))),
    rows: (await made.store.listVms()).length,
    tags: await made.tags.valueOf('a'.repeat(32) as Uuid, 'usbRedirect'),
  });
  return { ...made, base, cd, small, reports, create, rest, machine: made.machine };
}

const nothing = { domains: 0, files: [], rows: 0, tags: undefined };

describe('createVm', () => {
  it('makes a disk over the image, defines and starts', async () => {
    const { create, vm, machine, host: here, small, base, reports } = await stocked();
    const id = await create({ rootDiskSize: 2 ** 33 });
    expect(await vm(id)).toMatchObject({
      name: 'web & "co"',
      state: 'Running',
      hostUuid: here.uuid,
      instanceOfferingUuid: small.uuid,
      imageUuid: base.uuid,
      platform: 'Linux',
      cpuNum: 2,
      memorySize: 2 ** 30,
    });
    const disk = `/var/lib/rackwright/vms/${id}/root.qcow2`;
    expect(machine.ran).toContain(
      `qemu-img create -q -f qcow2 -b /srv/debian.qcow2 -F qcow2 ${disk} ${String(2 ** 33)}`,
    );
    const nics = (await vm(id)).nics;
    expect(nics.map((nic) => nic.bridge)).toEqual(['br0', 'br1']);
    expect(new Set(nics.map((nic) => nic.mac)).size).toBe(2);
    expect(nics.every((nic) => nic.mac.startsWith('52:54:00:'))).toBe(true);
    expect(reports).toEqual([
      'host kvm-1 was chosen',
      'making the disk on host kvm-1',
      'defined on the host',
      'starting',
    ]);
  });

  it('makes an empty disk for an ISO, which needs a size', async () => {
    const { create, cd, machine, vm } = await stocked();
    await expect(create({ imageUuid: cd.uuid })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('how large'),
    });
    const id = await create({ imageUuid: cd.uuid, rootDiskSize: 2 ** 30, strategy: 'CreateStopped' });
    expect(machine.ran).toContain(
      `qemu-img create -q -f qcow2 /var/lib/rackwright/vms/${id}/root.qcow2 ${String(2 ** 30)}`,
    );
    expect((await vm(id)).state).toBe('Stopped');
  });

  it('leaves it alone when it shall only be made', async () => {
    const { create, vm, vms } = await stocked();
    const id = await create({ strategy: 'JustCreate' });
    expect((await vm(id)).state).toBe('Created');
    await vms.service.startVm(id);
    expect((await vm(id)).state).toBe('Running');
  });

  it('takes the wished uuid, once', async () => {
    const { create } = await stocked();
    const wish = 'a'.repeat(32);
    expect(await create({ resourceUuid: wish })).toBe(wish);
    await expect(create({ resourceUuid: wish })).rejects.toMatchObject({ code: 'conflict' });
    await expect(create({ resourceUuid: 'x' })).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('touches nothing of a domain or folder that is there already', async () => {
    const { create, machine, store } = await stocked();
    const [known, folder] = [uuid(), uuid()];
    machine.define({ id: dashes(known) });
    machine.files.add(`/var/lib/rackwright/vms/${folder}`);
    await expect(create({ resourceUuid: known })).rejects.toMatchObject({ code: 'conflict' });
    await expect(create({ resourceUuid: folder })).rejects.toMatchObject({ code: 'refused' });
    expect(machine.domains.has(dashes(known))).toBe(true);
    expect(machine.files.has(`/var/lib/rackwright/vms/${folder}`)).toBe(true);
    // The domain that was there is a VM now, as the look after it found.
    expect((await store.listVms()).map((vm) => vm.uuid)).toEqual([known]);
  });

  it('names host and path when the image is not there', async () => {
    const { create, machine, rest } = await stocked();
    machine.files.delete('/srv/debian.qcow2');
    await expect(create()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/kvm-1.*\/srv\/debian\.qcow2/),
    });
    expect(await rest()).toEqual(nothing);
  });

  it.each(['qemu-img', 'define', 'start', 'install'])('removes what was made when %s fails', async (step) => {
    const { create, machine, rest, notices } = await stocked();
    machine.intercept = async (words) => (words.includes(step) ? failed('error: disk full') : undefined);
    const wish = { resourceUuid: 'a'.repeat(32), systemTags: ['usbRedirect::true'] };
    await expect(create(wish)).rejects.toMatchObject({ message: expect.stringContaining('disk full') });
    expect(await rest()).toEqual(nothing);
    expect(notices).toEqual([]);
  });

  it('refuses what is disabled, unknown or no root disk', async () => {
    const { create, store, base, small } = await stocked();
    const data = image({ mediaType: 'DataVolumeTemplate' });
    await store.saveImage(data);
    await expect(create({ imageUuid: data.uuid })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(create({ imageUuid: uuid() })).rejects.toMatchObject({ code: 'not-found' });
    await expect(create({ instanceOfferingUuid: uuid() })).rejects.toMatchObject({ code: 'not-found' });
    await store.saveImage({ ...base, state: 'Disabled' });
    await expect(create()).rejects.toMatchObject({ code: 'refused' });
    await store.saveImage(base);
    await store.saveInstanceOffering({ ...small, state: 'Disabled' });
    await expect(create()).rejects.toMatchObject({ code: 'refused' });
  });

  it('does not promise the same memory twice', async () => {
    const { create, store, small } = await stocked();
    const huge = offering({ memorySize: 5 * 2 ** 30 });
    await store.saveInstanceOffering(huge);
    const both = await Promise.allSettled([
      create({ instanceOfferingUuid: huge.uuid }),
      create({ instanceOfferingUuid: huge.uuid }),
    ]);
    expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await create({ instanceOfferingUuid: small.uuid });
  });

  it('says why no host fits', async () => {
    const { create, store, host: here } = await stocked();
    await expect(create({ l3NetworkUuids: ['br9'] })).rejects.toMatchObject({
      message: expect.stringMatching(/no bridge br9.*br0, br1/),
    });
    await expect(create({ zoneUuid: uuid() })).rejects.toThrow(/there is no host/);
    await store.saveHost({ ...here, state: 'Maintenance' });
    await expect(create()).rejects.toThrow(/Maintenance/);
    await store.saveHost(host({ ...here, facts: { ...host().facts, architecture: 'aarch64' } as never }));
    await expect(create()).rejects.toThrow(/x86_64/);
  });
});
