import { describe, expect, it } from 'vitest';
import type { DomainDetails } from '../../../src/kvm/model.ts';
import { attachedIso, chooseDrive } from '../../../src/kvm/vms/iso.ts';
import { dashes, image, iso, worldWithVm } from './world.ts';

const drive = { device: 'cdrom', target: 'sda', source: undefined } as const;
const disk = { device: 'disk', target: 'vda', source: '/x' } as const;

async function withIso(change: Parameters<typeof worldWithVm>[0] = {}) {
  const made = await worldWithVm({ disks: [disk, { ...drive }], ...change });
  const cd = iso();
  await made.store.saveImage(cd);
  made.machine.files.add('/srv/install.iso');
  return { made, cd, ...made };
}

describe('attachIso and detachIso', () => {
  it('puts it into the empty drive, live and for good, and takes it out', async () => {
    const { vms, id, vm, cd, machine } = await withIso({ power: 'running' });
    await vms.service.attachIso(id, cd.uuid);
    await vms.service.attachIso(id, cd.uuid);
    const changes = (): string[] => machine.ran.filter((line) => line.includes('change-media'));
    const start = `virsh -c qemu:///system change-media ${dashes(id)} sda`;
    expect(changes()).toEqual([`${start} /srv/install.iso --update --live --config`]);
    expect((await vm(id)).isoUuid).toBe(cd.uuid);
    await vms.service.detachIso(id);
    await vms.service.detachIso(id);
    expect(changes().slice(1)).toEqual([`${start} --eject --live --config`]);
    expect((await vm(id)).isoUuid).toBeUndefined();
  });

  it('gives a stopped VM without a drive a new one, a running one none', async () => {
    const { vms, id, cd, domain, machine } = await withIso({ disks: [disk], power: 'running' });
    await expect(vms.service.attachIso(id, cd.uuid)).rejects.toMatchObject({ code: 'refused' });
    await vms.service.stopVm(id, 'cold');
    await vms.service.attachIso(id, cd.uuid);
    expect(domain.disks[1]).toEqual({ device: 'cdrom', target: 'sda', source: '/srv/install.iso' });
    expect(
      machine.ran.some((line) => line.endsWith('attach-device ' + dashes(id) + ' --config /dev/stdin')),
    ).toBe(true);
  });

  it('refuses a second ISO, a file that is not there, and what is no ISO', async () => {
    const { vms, id, cd, store, machine } = await withIso();
    const [other, noIso] = [iso({ url: 'file:///srv/other.iso' }), image()];
    await store.saveImage(other);
    await store.saveImage(noIso);
    await expect(vms.service.attachIso(id, noIso.uuid)).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(vms.service.attachIso(id, other.uuid)).rejects.toThrow(
      /kvm-1 has no file \/srv\/other\.iso/,
    );
    machine.files.add('/srv/other.iso');
    await vms.service.attachIso(id, other.uuid);
    await expect(vms.service.attachIso(id, cd.uuid)).rejects.toThrow(/detach that first/);
  });

  it("leaves a person's medium alone", async () => {
    const { vms, id, cd } = await withIso({ disks: [{ ...drive, source: '/home/me.iso' }] });
    await expect(vms.service.attachIso(id, cd.uuid)).rejects.toThrow(/\/home\/me\.iso/);
    await vms.service.detachIso(id);
  });

  it('sees what was put in on the host', async () => {
    const { made, id, cd, domain } = await withIso();
    domain.disks[1] = { ...drive, source: '/srv/install.iso' };
    await made.look();
    expect((await made.vm(id)).isoUuid).toBe(cd.uuid);
  });
});

describe('candidates', () => {
  it('are ISOs that lie on the host of a VM that has none, and such VMs', async () => {
    const { made, vms, id, cd, store, machine } = await withIso();
    await store.saveImage(iso({ url: 'file:///srv/missing.iso' }));
    await store.saveImage(iso({ state: 'Disabled' }));
    await store.saveImage(image());
    expect(await vms.service.isoCandidates(id)).toEqual([cd.uuid]);
    expect(await vms.service.vmCandidates(cd.uuid)).toEqual([id]);
    machine.files.clear();
    expect(await vms.service.vmCandidates(cd.uuid)).toEqual([]);
    machine.files.add('/srv/install.iso');
    await vms.service.attachIso(id, cd.uuid);
    expect(await vms.service.isoCandidates(id)).toEqual([]);
    expect(await vms.service.vmCandidates(cd.uuid)).toEqual([]);
    await vms.service.detachIso(id);
    made.connected = false;
    expect(await vms.service.isoCandidates(id)).toEqual([]);
    expect(await vms.service.vmCandidates(cd.uuid)).toEqual([]);
  });
});

it('chooses a drive letter that is free', () => {
  const used = (...targets: string[]): DomainDetails['disks'] =>
    targets.map((target) => ({ device: 'disk', target, source: '/x', format: undefined }));
  expect(chooseDrive(used('vda', 'sda', 'sdb'), false)).toEqual({ kind: 'new', target: 'sdc' });
  expect(chooseDrive(used(...'abcdefghijklmnopqrstuvwxyz'.split('').map((l) => `sd${l}`)), false).kind).toBe(
    'refused',
  );
});

it('tells images that share a file by what is known', () => {
  const [a, b] = [iso(), iso()];
  const disks = [{ ...drive, source: '/srv/install.iso', format: undefined }];
  expect(attachedIso(disks, [a, b], b.uuid)).toBe(b.uuid);
  expect(attachedIso(disks, [a, b], undefined)).toBe(a.uuid);
});
