import { describe, expect, it } from 'vitest';
import { dashes, worldWithVm } from './world.ts';

describe('destroy, recover, expunge', () => {
  it('pulls the plug and keeps the definition, which comes back', async () => {
    const { vms, id, vm, domain, machine } = await worldWithVm({ power: 'running' });
    await vms.service.destroyVm(id);
    await vms.service.destroyVm(id);
    expect(await vm(id)).toMatchObject({ state: 'Destroyed', hostUuid: undefined });
    expect(domain.power).toBe('shut off');
    expect(machine.domains.size).toBe(1);
    await expect(vms.service.startVm(id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('RecoverVmInstance'),
    });
    await vms.service.recoverVm(id);
    await vms.service.recoverVm(id);
    await vms.service.startVm(id);
    expect((await vm(id)).state).toBe('Running');
    await expect(vms.service.recoverVm(id)).rejects.toMatchObject({ code: 'refused' });
  });

  it('does not forget it when the host is lost right after', async () => {
    const made = await worldWithVm({ power: 'running' });
    made.machine.intercept = async (words) => {
      if (words.includes('destroy')) {
        made.domain.power = 'shut off';
        made.connected = false;
        return { exitCode: 0, signal: undefined, stdout: '', stderr: '', truncated: false };
      }
      return undefined;
    };
    await made.vms.service.destroyVm(made.id);
    expect((await made.vm(made.id)).state).toBe('Destroyed');
    made.connected = true;
    await made.look();
    expect((await made.vm(made.id)).state).toBe('Destroyed');
  });

  it('expunges only what is destroyed, and a second time without complaint', async () => {
    const { vms, id, store, machine } = await worldWithVm();
    await expect(vms.service.expungeVm(id)).rejects.toMatchObject({ code: 'refused' });
    await vms.service.destroyVm(id);
    await vms.service.expungeVm(id);
    expect(machine.domains.size).toBe(0);
    expect(machine.ran).toContain(
      `virsh -c qemu:///system undefine ${dashes(id)} --nvram --managed-save --snapshots-metadata`,
    );
    expect(await store.getVm(id)).toBeUndefined();
    await vms.service.expungeVm(id);
  });

  it('deletes no file of a VM that somebody else made', async () => {
    const { vms, id, machine } = await worldWithVm();
    await vms.service.destroyVm(id);
    await vms.service.expungeVm(id);
    expect(machine.ran.filter((line) => line.startsWith('rm '))).toEqual([]);
  });

  it('deletes the folders of a VM of ours, by its uuid and nothing else', async () => {
    const { vms, id, machine } = await worldWithVm({ ours: true });
    await vms.service.destroyVm(id);
    await vms.service.expungeVm(id);
    expect(machine.ran.filter((line) => line.startsWith('rm '))).toEqual([
      `rm -rf --one-file-system -- /var/lib/rackwright/vms/${id} /var/lib/rackwright/usb/${id}`,
    ]);
  });

  it('is refused while the definition has devices of the host', async () => {
    const { vms, id, machine } = await worldWithVm({ usbDevices: 1 });
    await vms.service.destroyVm(id);
    await expect(vms.service.expungeVm(id)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('detach that first'),
    });
    expect(machine.domains.size).toBe(1);
  });

  it('is refused when somebody started it on the host meanwhile', async () => {
    const { vms, id, domain, vm } = await worldWithVm();
    await vms.service.destroyVm(id);
    domain.power = 'running';
    await expect(vms.service.expungeVm(id)).rejects.toMatchObject({ code: 'refused' });
    expect((await vm(id)).state).toBe('Running');
  });
});
