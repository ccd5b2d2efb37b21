import { createConnection } from 'node:net';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { KvmError } from '../../src/kvm/errors.ts';
import type { Host, Image, VmInstance } from '../../src/kvm/model.ts';
import { readHostFacts } from '../../src/kvm/parse/host-facts.ts';
import { probeHost } from '../../src/kvm/probe/probe.ts';
import type { CreateVmInput } from '../../src/kvm/service.ts';
import { createVms, type Vms } from '../../src/kvm/vms/vms.ts';
import { dashes, host as someHost, image, iso, offering, uuid } from '../kvm/vms/world.ts';
import { type LibvirtLab, needLibvirtd, startLibvirtd } from '../support/libvirtd.ts';
import { memoryKvmStore, memoryTags } from '../support/memory-kvm-store.ts';
import { random } from '../support/records.ts';

const uri = 'qemu:///system';
/** The two minutes that a guest gets pass in a second. */
const hasteful = 100;
const clock: Clock = {
  now: () => performance.now() * hasteful,
  after(ms, run) {
    const timer = setTimeout(run, ms / hasteful);
    return () => clearTimeout(timer);
  },
};

describe.skipIf(!needLibvirtd())('VMs on a libvirt of their own', { timeout: 60_000 }, () => {
  const store = memoryKvmStore();
  const [small, large] = [offering({ cpuNum: 1, memorySize: 2 ** 26 }), offering({ memorySize: 2 ** 27 })];
  let lab: LibvirtLab;
  let here: Host;
  let vms: Vms;
  let base: Image;
  let cd: Image;

  const probe = () => probeHost(lab.shell, { libvirtUri: uri, now: Date.now, boundary: uuid() });
  const look = async (): Promise<void> => await vms.observer(here, await probe());
  const virsh = async (...args: readonly string[]): Promise<string> => {
    const result = await lab.shell.run(['virsh', '-c', uri, ...args]);
    if (result.exitCode !== 0) throw new Error(result.stderr);
    return result.stdout;
  };
  const config = (id: Uuid): Promise<string> => virsh('dumpxml', '--inactive', dashes(id));
  const live = (id: Uuid): Promise<string> => virsh('dumpxml', dashes(id));
  const row = async (id: Uuid): Promise<VmInstance> => {
    const vm = await store.getVm(id);
    if (vm === undefined) throw new Error(`no row of ${id}`);
    return vm;
  };
  const create = (change: Partial<CreateVmInput> = {}): Promise<Uuid> =>
    vms.service.createVm(
      {
        name: 'web',
        imageUuid: base.uuid,
        instanceOfferingUuid: small.uuid,
        l3NetworkUuids: ['br0'],
        ...change,
      },
      () => undefined,
    );
  const folderOf = (kind: 'vms' | 'usb', id: Uuid): string => join(lab.folder, 'rackwright', kind, id);

  beforeAll(async () => {
    lab = await startLibvirtd();
    // libvirt asks every emulator once what it can do, which takes a while.
    await virsh('domcapabilities', '--virttype', 'qemu');
    const images = join(lab.folder, 'rackwright', 'images');
    mkdirSync(images);
    writeFileSync(join(images, 'install.iso'), new Uint8Array(2 ** 20));
    const path = '/var/lib/rackwright/images';
    await lab.shell.run(['qemu-img', 'create', '-q', '-f', 'qcow2', `${path}/base.qcow2`, '16M']);
    base = image({ url: `file://${path}/base.qcow2` });
    cd = iso({ url: `file://${path}/install.iso` });
    const facts = readHostFacts(await probe());
    // Emulated: what is tried here is libvirt, and it works where there is no KVM.
    here = someHost({ facts: { ...facts, hasKvm: false } });
    const cluster = { uuid: here.clusterUuid, zoneUuid: uuid() };
    store.clusters.set(cluster.uuid, { ...cluster, state: 'Enabled', hypervisorType: 'KVM' });
    await store.saveHost(here);
    for (const one of [base, cd]) await store.saveImage(one);
    for (const one of [small, large]) await store.saveInstanceOffering(one);
    vms = createVms({
      store,
      random,
      clock,
      libvirtUri: uri,
      tags: memoryTags(),
      log: silentLog,
      notify: () => undefined,
      connections: {
        isConnected: () => true,
        use: (_host, work) => work(lab.shell),
        look,
        stream: () => Promise.reject(new KvmError('refused', 'not here')),
      },
    });
  }, 60_000);

  afterAll(async () => {
    await vms.close();
    await lab.close();
  });

  it('creates, starts, pauses, names and stops', async () => {
    const name = `Tom's "web" <1> & co`;
    const id = await create({ name, description: 'two\nlines' });
    const vm = await row(id);
    expect(vm).toMatchObject({ name, description: 'two\nlines', state: 'Running', memorySize: 2 ** 26 });
    expect(vm).toMatchObject({ hostUuid: here.uuid, imageUuid: base.uuid, instanceOfferingUuid: small.uuid });
    expect(vm.nics).toMatchObject([{ bridge: 'br0', mac: expect.stringMatching(/^52:54:00:/) as string }]);
    expect(vm.domain).toMatchObject({ ours: true, virtualization: 'qemu', persistent: true });
    expect(vm.domain?.graphics).toMatchObject([{ kind: 'vnc', listen: '127.0.0.1' }]);
    expect(vm.domain?.serial?.kind).toBe('pty');
    await vms.service.startVm(id);

    await vms.service.pauseVm(id);
    await vms.service.pauseVm(id);
    expect((await row(id)).state).toBe('Paused');
    await vms.service.resumeVm(id);
    await vms.service.resumeVm(id);
    expect((await row(id)).state).toBe('Running');

    await vms.service.updateVm(id, { name: '--all', description: '' });
    expect(await row(id)).toMatchObject({ name: '--all', description: undefined });
    expect(await live(id)).toContain('<title>--all</title>');
    expect(await config(id)).toContain('<title>--all</title>');
    await expect(vms.service.updateVm(id, { cpuNum: 2 })).rejects.toMatchObject({ code: 'refused' });

    await vms.service.rebootVm(id);
    await expect(vms.service.stopVm(id, 'grace')).rejects.toThrow(/type cold/);
    expect((await row(id)).state).toBe('Running');
    await vms.service.stopVm(id, 'cold');
    await vms.service.stopVm(id, 'cold');
    expect(await row(id)).toMatchObject({ state: 'Stopped', hostUuid: undefined, lastHostUuid: here.uuid });
  });

  it('resizes what is stopped, and the metadata says by which offering', async () => {
    const id = await create({ strategy: 'CreateStopped' });
    await vms.service.changeInstanceOffering(id, large.uuid);
    expect(await row(id)).toMatchObject({ cpuNum: 2, memorySize: 2 ** 27, instanceOfferingUuid: large.uuid });
    await vms.service.updateVm(id, { cpuNum: 1, memorySize: 2 ** 26 });
    expect(await config(id)).toMatch(/<currentMemory unit='KiB'>65536<[^]*<vcpu placement='static'>1</);
    await store.deleteVm(id);
    await look();
    expect(await row(id)).toMatchObject({ instanceOfferingUuid: large.uuid, imageUuid: base.uuid });
    await vms.service.startVm(id);
    await vms.service.stopVm(id, 'cold');
  });

  it('attaches and detaches ISOs, and sees them come and go', async () => {
    const id = await create();
    expect(await vms.service.isoCandidates(id)).toEqual([cd.uuid]);
    expect(await vms.service.vmCandidates(cd.uuid)).toContain(id);
    await vms.service.attachIso(id, cd.uuid);
    expect(await live(id)).toContain('install.iso');
    expect(await config(id)).toContain('install.iso');
    expect((await row(id)).isoUuid).toBe(cd.uuid);
    await vms.service.detachIso(id);
    expect((await live(id)) + (await config(id))).not.toContain('install.iso');
    const path = '/var/lib/rackwright/images/install.iso';
    await virsh('change-media', dashes(id), 'sda', path, '--update', '--live', '--config');
    await look();
    expect((await row(id)).isoUuid).toBe(cd.uuid);
    await vms.service.detachIso(id);
    await vms.service.stopVm(id, 'cold');
    await virsh('detach-disk', dashes(id), 'sda', '--config');
    await look();
    await vms.service.attachIso(id, cd.uuid);
    expect((await row(id)).isoUuid).toBe(cd.uuid);
    await vms.service.startVm(id);
    expect(await live(id)).toContain('install.iso');
    await vms.service.stopVm(id, 'cold');
  });

  it('installs from an ISO onto an empty disk', async () => {
    const id = await create({ imageUuid: cd.uuid, rootDiskSize: 2 ** 24 });
    expect(await row(id)).toMatchObject({ state: 'Running', isoUuid: cd.uuid, imageUuid: cd.uuid });
    expect(await config(id)).toMatch(/<boot dev='cdrom'\/>\s*<boot dev='hd'\/>/);
    await vms.service.stopVm(id, 'cold');
  });

  it('gives a VM USB redirect at its next start, and takes it back', async () => {
    const id = await create();
    const before = await config(id);
    await vms.service.setUsbRedirect(id, true);
    expect(await vms.service.usbRedirect(id)).toEqual({ enable: true, pending: true });
    await vms.service.stopVm(id, 'cold');
    await vms.service.startVm(id);
    expect(await vms.service.usbRedirect(id)).toEqual({ enable: true, pending: false });
    expect((await row(id)).domain?.redirections).toEqual(
      [0, 1, 2, 3].map((n) => ({ kind: 'unix', path: `/var/lib/rackwright/usb/${id}/${n}.sock` })),
    );
    for (const channel of [0, 3]) {
      // Whoever connects is greeted: type 0, hello, of the USB redirection protocol.
      const hello = await firstBytes(join(folderOf('usb', id), `${channel}.sock`));
      expect(hello.length).toBeGreaterThan(12);
      expect([...hello.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    }
    await vms.service.stopVm(id, 'cold');
    await vms.service.startVm(id);
    await vms.service.setUsbRedirect(id, false);
    expect(await vms.service.usbRedirect(id)).toEqual({ enable: false, pending: true });
    await vms.service.stopVm(id, 'cold');
    await vms.service.startVm(id);
    expect(await vms.service.usbRedirect(id)).toEqual({ enable: false, pending: false });
    expect(await config(id)).toBe(before);
    await vms.service.stopVm(id, 'cold');
  });

  it('has it from the beginning when the creation says so', async () => {
    const id = await create({ systemTags: ['usbRedirect::true'] });
    expect(await vms.service.usbRedirect(id)).toEqual({ enable: true, pending: false });
    await vms.service.stopVm(id, 'cold');
  });

  it('sees what others do', async () => {
    const id = await create();
    await virsh('destroy', dashes(id));
    await look();
    expect(await row(id)).toMatchObject({ state: 'Stopped', hostUuid: undefined });
    await virsh('start', dashes(id));
    await virsh('suspend', dashes(id));
    await look();
    expect(await row(id)).toMatchObject({ state: 'Paused', hostUuid: here.uuid });
    await virsh('destroy', dashes(id));
    await virsh('undefine', dashes(id));
    await look();
    expect(await store.getVm(id)).toBeUndefined();
  });

  it('expunges its disk and definition and nothing else', async () => {
    const id = await create();
    await vms.service.destroyVm(id);
    expect(await row(id)).toMatchObject({ state: 'Destroyed', hostUuid: undefined });
    await vms.service.recoverVm(id);
    await vms.service.startVm(id);
    await vms.service.destroyVm(id);
    expect(readdirSync(folderOf('vms', id))).toEqual(['root.qcow2']);
    await vms.service.expungeVm(id);
    expect(existsSync(folderOf('vms', id))).toBe(false);
    expect(await virsh('list', '--all', '--uuid')).not.toContain(dashes(id));
    expect(await store.getVm(id)).toBeUndefined();
    expect(existsSync(join(lab.folder, 'rackwright', 'images', 'base.qcow2'))).toBe(true);
  });

  it("leaves a person's disk alone", async () => {
    const disk = '/var/lib/rackwright/images/mine.qcow2';
    await lab.shell.run(['qemu-img', 'create', '-q', '-f', 'qcow2', disk, '16M']);
    const id = uuid();
    const xml = `<domain type="qemu"><name>mine</name><uuid>${dashes(id)}</uuid><memory unit="MiB">64</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${disk}"/><target dev="vda"/></disk></devices></domain>`;
    await lab.shell.run(['sh', '-c', 'cat | virsh -c "$1" define /dev/stdin', 'sh', uri], { input: xml });
    await look();
    expect(await row(id)).toMatchObject({ name: 'mine', domain: { ours: false } });
    await vms.service.destroyVm(id);
    await vms.service.expungeVm(id);
    expect(await virsh('list', '--all', '--name')).not.toContain('mine');
    expect(existsSync(join(lab.folder, 'rackwright', 'images', 'mine.qcow2'))).toBe(true);
  });

  it('removes what was made when a VM cannot start', async () => {
    const id = uuid();
    await lab.shell.run(['ip', 'link', 'add', 'br1', 'type', 'bridge']);
    const facts = readHostFacts(await probe());
    await store.saveHost({ ...here, facts: { ...facts, hasKvm: false } });
    await lab.shell.run(['ip', 'link', 'del', 'br1']);
    await expect(create({ resourceUuid: id, l3NetworkUuids: ['br1'] })).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('br1') as string,
    });
    expect(existsSync(folderOf('vms', id))).toBe(false);
    expect(await virsh('list', '--all', '--uuid')).not.toContain(dashes(id));
    expect(await store.getVm(id)).toBeUndefined();
  });
});

function firstBytes(path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data);
    });
  });
}
