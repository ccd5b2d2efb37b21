import { describe, expect, it } from 'vitest';
import { dashes, offering, worldWithVm } from './world.ts';

describe('updateVm', () => {
  it('names a running VM, live and for good', async () => {
    const { vms, id, vm, machine } = await worldWithVm({ power: 'running' });
    await vms.service.updateVm(id, { name: '-rf "x"', description: 'two\nlines', platform: 'Linux' });
    expect(await vm(id)).toMatchObject({ name: '-rf "x"', description: 'two\nlines', platform: 'Linux' });
    expect(machine.ran).toContain(
      `virsh -c qemu:///system desc ${dashes(id)} --title --live --config -- -rf "x"`,
    );
  });

  it('takes a description away', async () => {
    const { vms, id, vm, domain } = await worldWithVm({ description: 'old' });
    await vms.service.updateVm(id, { description: '' });
    expect((await vm(id)).description).toBeUndefined();
    expect(domain.description).toBe(' ');
  });

  it('changes CPUs and memory of a stopped VM only', async () => {
    const { vms, id, vm, domain } = await worldWithVm({ power: 'running' });
    await expect(vms.service.updateVm(id, { cpuNum: 4, name: 'new' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('stop it'),
    });
    expect(domain.title).toBe('web');
    await vms.service.updateVm(id, { cpuNum: 1, name: 'new' });
    await vms.service.stopVm(id, 'cold');
    await vms.service.updateVm(id, { cpuNum: 4, memorySize: 2 ** 31 });
    expect(domain).toMatchObject({ cpuNum: 4, memorySize: 2 ** 31 });
    expect(await vm(id)).toMatchObject({ cpuNum: 4, memorySize: 2 ** 31, name: 'new' });
  });

  it.each([
    { name: '' },
    { name: 'a\nb' },
    { description: 'bell\u0007' },
    { cpuNum: 0 },
    { cpuNum: 1.5 },
    { memorySize: 1 },
    { memorySize: Number.NaN },
  ])('refuses %j', async (change) => {
    const { vms, id, machine } = await worldWithVm();
    const before = machine.ran.length;
    await expect(vms.service.updateVm(id, change)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(machine.ran.length).toBe(before);
  });

  it('does not know other VMs', async () => {
    const { vms } = await worldWithVm();
    await expect(vms.service.updateVm('f'.repeat(32), { name: 'x' })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('changeInstanceOffering', () => {
  it('gives a stopped VM the size of the offering', async () => {
    const { vms, id, vm, store } = await worldWithVm();
    const large = offering({ cpuNum: 8, memorySize: 2 ** 32 });
    await store.saveInstanceOffering(large);
    await vms.service.changeInstanceOffering(id, large.uuid);
    expect(await vm(id)).toMatchObject({ instanceOfferingUuid: large.uuid, cpuNum: 8, memorySize: 2 ** 32 });
  });

  it('refuses a running VM and a disabled offering', async () => {
    const { vms, id, store } = await worldWithVm({ power: 'running' });
    const [enabled, disabled] = [offering(), offering({ state: 'Disabled' })];
    await store.saveInstanceOffering(enabled);
    await store.saveInstanceOffering(disabled);
    await expect(vms.service.changeInstanceOffering(id, enabled.uuid)).rejects.toMatchObject({
      code: 'refused',
    });
    await expect(vms.service.changeInstanceOffering(id, disabled.uuid)).rejects.toMatchObject({
      code: 'refused',
    });
  });
});
