import { describe, expect, it } from 'vitest';
import { NetError } from '../../../src/net/errors.ts';
import { failed } from './fake-virsh.ts';
import { worldWithVm } from './world.ts';

const refusal = (text: RegExp) =>
  expect.objectContaining({ code: 'refused', message: expect.stringMatching(text) });
const commands = (ran: readonly string[], name: string): number =>
  ran.filter((line) => line.includes(`qemu:///system ${name} `)).length;

describe('starting and stopping', () => {
  it('starts a stopped VM, and says where it runs', async () => {
    const { vms, id, host, vm, machine } = await worldWithVm();
    expect(await vm(id)).toMatchObject({ state: 'Stopped', hostUuid: undefined, lastHostUuid: host.uuid });
    await vms.service.startVm(id);
    expect(await vm(id)).toMatchObject({ state: 'Running', hostUuid: host.uuid });
    await vms.service.startVm(id);
    expect(commands(machine.ran, 'start')).toBe(1);
  });

  it('does not move a VM to another host', async () => {
    const { vms, id } = await worldWithVm();
    await expect(vms.service.startVm(id, { hostUuid: 'f'.repeat(32) })).rejects.toEqual(
      refusal(/virsh migrate/),
    );
  });

  it('asks the guest, more than once, and gives up without pulling the plug', async () => {
    const { vms, id, machine, vm } = await worldWithVm({ power: 'running' });
    machine.heedsAcpi = false;
    await expect(vms.service.stopVm(id, 'grace')).rejects.toEqual(refusal(/type cold/));
    expect(commands(machine.ran, 'shutdown')).toBe(4);
    expect(commands(machine.ran, 'destroy')).toBe(0);
    expect((await vm(id)).state).toBe('Running');
  });

  it('stops a guest that listens', async () => {
    const { vms, id, vm } = await worldWithVm({ power: 'running' });
    await vms.service.stopVm(id, 'grace');
    expect(await vm(id)).toMatchObject({ state: 'Stopped', hostUuid: undefined });
    await vms.service.stopVm(id, 'grace');
  });

  it('pulls the plug when told to, also of a paused VM', async () => {
    const { vms, id, vm } = await worldWithVm({ power: 'paused' });
    await expect(vms.service.stopVm(id, 'grace')).rejects.toEqual(refusal(/resume it first/));
    await vms.service.stopVm(id, 'cold');
    expect((await vm(id)).state).toBe('Stopped');
  });

  it('does not stop a VM that would be lost by it', async () => {
    const { vms, id, domain } = await worldWithVm({ power: 'running', persistent: false });
    await expect(vms.service.stopVm(id, 'cold')).rejects.toEqual(refusal(/transient/));
    expect(domain.power).toBe('running');
  });

  it('shows the state in between and does not let a look overwrite it', async () => {
    const made = await worldWithVm();
    const states: string[] = [];
    made.machine.intercept = (words) =>
      words.includes('start')
        ? made.look().then(async () => {
            states.push((await made.vm(made.id)).state);
            return undefined;
          })
        : undefined;
    await made.vms.service.startVm(made.id);
    expect(states).toEqual(['Starting']);
    expect((await made.vm(made.id)).state).toBe('Running');
  });

  it('does one thing at a time to a VM', async () => {
    const { vms, id, machine, vm } = await worldWithVm();
    await Promise.all([vms.service.startVm(id), vms.service.stopVm(id, 'cold'), vms.service.startVm(id)]);
    const order = machine.ran
      .filter((line) => / (start|destroy) /.test(line))
      .map((line) => line.split(' ')[3]);
    expect(order).toEqual(['start', 'destroy', 'start']);
    expect((await vm(id)).state).toBe('Running');
  });
});

describe('reboot, pause, resume', () => {
  it('reboots what runs and says what to do with the rest', async () => {
    const { vms, id, machine, notices } = await worldWithVm({ power: 'running' });
    await vms.service.rebootVm(id);
    expect(commands(machine.ran, 'reboot')).toBe(1);
    expect(commands(machine.ran, 'reset')).toBe(0);
    await vms.service.stopVm(id, 'cold');
    await expect(vms.service.rebootVm(id)).rejects.toEqual(refusal(/start/));
    expect(notices).toEqual([]);
  });

  it('says so when it had to reset', async () => {
    const { vms, id, machine, notices } = await worldWithVm({ power: 'running' });
    machine.intercept = async (words) =>
      words.includes('reboot') ? failed('error: not supported') : undefined;
    await vms.service.rebootVm(id);
    expect(commands(machine.ran, 'reset')).toBe(1);
    expect(notices.map((notice) => notice.text)).toEqual([expect.stringContaining('hard way')]);
  });

  it('pauses and resumes, twice if asked', async () => {
    const { vms, id, vm } = await worldWithVm({ power: 'running' });
    await vms.service.pauseVm(id);
    await vms.service.pauseVm(id);
    expect((await vm(id)).state).toBe('Paused');
    await expect(vms.service.startVm(id)).rejects.toEqual(refusal(/Resume/));
    await vms.service.resumeVm(id);
    await vms.service.resumeVm(id);
    expect((await vm(id)).state).toBe('Running');
  });
});

describe('a host that is not there', () => {
  it('is said at once when it is not connected', async () => {
    const made = await worldWithVm();
    made.connected = false;
    await expect(made.vms.service.startVm(made.id)).rejects.toMatchObject({ code: 'host-disconnected' });
    expect((await made.vm(made.id)).state).toBe('Stopped');
  });

  it('leaves the outcome unknown when it breaks in the middle, and never repeats the command', async () => {
    const made = await worldWithVm();
    made.machine.intercept = async (words) => {
      if (!words.includes('start')) return undefined;
      made.domain.power = 'running';
      made.connected = false;
      throw new NetError('closed', 'the connection was lost');
    };
    await expect(made.vms.service.startVm(made.id)).rejects.toMatchObject({
      code: 'host-disconnected',
      message: expect.stringContaining('unknown'),
      data: { outcome: 'unknown' },
    });
    expect((await made.vm(made.id)).state).toBe('Unknown');
    expect(commands(made.machine.ran, 'start')).toBe(1);
    made.connected = true;
    await made.look();
    expect((await made.vm(made.id)).state).toBe('Running');
  });

  it('makes its VMs Unknown until the next look', async () => {
    const made = await worldWithVm({ power: 'running' });
    await made.vms.hostGone(made.host.uuid);
    expect((await made.vm(made.id)).state).toBe('Unknown');
    await made.look();
    expect((await made.vm(made.id)).state).toBe('Running');
  });

  it('gives the last words of a command that failed', async () => {
    const { vms, id, machine, vm } = await worldWithVm();
    machine.intercept = async (words) =>
      words.includes('start') ? failed('error: Failed to start\nerror: no such bridge br9\n') : undefined;
    await expect(vms.service.startVm(id)).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('no such bridge br9'),
    });
    expect((await vm(id)).state).toBe('Stopped');
  });

  it('lets nothing begin and breaks waits off when Rackwright stops', async () => {
    const { vms, id, machine } = await worldWithVm({ power: 'running' });
    machine.heedsAcpi = false;
    const stopping = vms.service.stopVm(id, 'grace');
    await Promise.all([expect(stopping).rejects.toEqual(refusal(/stopping/)), vms.close()]);
    await vms.close();
    await expect(vms.service.startVm(id)).rejects.toEqual(refusal(/stopping/));
  });
});
