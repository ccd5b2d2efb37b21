import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { watchVms } from '../../../src/kvm/consoles/changes.ts';
import { libvirtDoorOf } from '../../../src/kvm/consoles/libvirt-sockets.ts';
import type { DomainDetails } from '../../../src/kvm/model.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { CommandResult } from '../../../src/net/shell.ts';
import { keepingLog } from '../../support/keeping-log.ts';
import { memoryKvmStore } from '../../support/memory-kvm-store.ts';
import { hostUuid, vmOf } from '../usb/usb-world.ts';
import { consoleWorld } from './console-world.ts';

const canary = 'Canary-vnc-password';
const graphics = (text: string): string => `<domain><devices>${text}</devices></domain>`;
const answer = (change: Partial<CommandResult>): CommandResult => ({
  exitCode: 0,
  signal: undefined,
  stdout: '',
  stderr: '',
  truncated: false,
  ...change,
});

function world(domain: Partial<DomainDetails> = {}, dump: Partial<CommandResult> = {}) {
  const ran: (readonly string[])[] = [];
  const w = consoleWorld(domain, {
    shell: {
      run: async (argv) => {
        ran.push(argv);
        return answer(dump);
      },
    },
    stream: async () => new PassThrough(),
  });
  return { ...w, w, ran };
}

describe('screens of VMs', () => {
  it.each([
    ["<graphics type='vnc' port='5901' listen='0.0.0.0'/>", { host: '127.0.0.1', port: 5901 }, undefined],
    [
      "<graphics type='vnc' port='5901' passwd=''><listen type='address' address='::'/></graphics>",
      { host: '::1', port: 5901 },
      undefined,
    ],
    [
      "<graphics type='spice' port='5900'/><graphics type='vnc' port='5902' passwd='p'/>",
      { host: '127.0.0.1', port: 5902 },
      'p',
    ],
    [
      "<graphics type='vnc' passwd='q'><listen type='socket' socket='/run/v'/></graphics>",
      { socketPath: '/run/v' },
      'q',
    ],
  ])('are where the definition says now: %s', async (xml, target, password) => {
    const { consoles, w, targets, ran } = world({}, { stdout: graphics(xml) });
    expect((await consoles.openScreen(w.vm.uuid)).password).toBe(password);
    expect(targets).toEqual([target]);
    expect(ran[0]?.slice(-2)).toEqual(['bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb', '--security-info']);
  });

  it.each([
    ["<graphics type='spice' port='5900'/>", 'by SPICE only'],
    ["<graphics type='vnc' port='-1'/>", 'no VNC screen'],
    ['', 'no VNC screen'],
  ])('are missed with what to do: %s', async (xml, text) => {
    const { consoles, w } = world({}, { stdout: graphics(xml) });
    await expect(consoles.openScreen(w.vm.uuid)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(text) as string,
    });
  });

  it.each<Partial<CommandResult>>([
    { exitCode: 1, stdout: graphics(`<graphics passwd='${canary}'/>`) },
    { truncated: true, stdout: graphics(`<graphics passwd='${canary}'/>`) },
    { stdout: `<domain><graphics passwd='${canary}'>` },
  ])('never put a password into an error', async (dump) => {
    const { consoles, w } = world({}, dump);
    const error = await consoles.openScreen(w.vm.uuid).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'command-failed' });
    expect(JSON.stringify(error) + String(error)).not.toContain(canary);
  });

  it('are told of without asking the host', async () => {
    const vnc = {
      kind: 'vnc',
      listen: undefined,
      port: 5900,
      tlsPort: undefined,
      socket: undefined,
    } as const;
    const { consoles, w, ran } = world({ graphics: [vnc] });
    expect(await consoles.hasScreen(w.vm.uuid)).toBe(true);
    expect(await consoles.hasScreen('c'.repeat(32))).toBe(false);
    w.vm = vmOf('b', 'Stopped', { graphics: [vnc] });
    expect(await consoles.hasScreen(w.vm.uuid)).toBe(false);
    w.vm = vmOf('b', 'Running', { graphics: [{ ...vnc, port: undefined }] });
    expect(await consoles.hasScreen(w.vm.uuid)).toBe(false);
    expect(ran).toEqual([]);
  });
});

describe('serial consoles of VMs', () => {
  it.each([
    [
      { kind: 'tcp', source: '0.0.0.0:4555' },
      { host: '127.0.0.1', port: 4555 },
    ],
    [
      { kind: 'tcp', source: '::1:4555' },
      { host: '::1', port: 4555 },
    ],
  ])('of kind tcp are connected to', async (serial, target) => {
    const { consoles, w, targets } = world({ serial });
    expect(await consoles.serialState(w.vm.uuid)).toEqual({ yes: true });
    await consoles.openSerial(w.vm.uuid);
    expect(targets).toEqual([target]);
  });

  it.each([
    [{ kind: 'file', source: '/var/log/x' }, 'of kind file'],
    [{ kind: 'tcp', source: undefined }, 'of kind tcp'],
    [{ kind: 'unix', source: undefined }, 'of kind unix'],
    [undefined, 'no serial port'],
  ])('that nobody can connect to are told as such: %j', async (serial, text) => {
    const { consoles, w } = world({ serial });
    const state = { yes: false, text: expect.stringContaining(text) as string };
    expect(await consoles.serialState(w.vm.uuid)).toEqual(state);
    await expect(consoles.openSerial(w.vm.uuid)).rejects.toMatchObject({ code: 'refused' });
  });

  it("ask libvirt's daemons one after the other, and say when none can be reached", async () => {
    const w = consoleWorld(
      { serial: { kind: 'pty', source: '/dev/pts/1' } },
      { stream: () => Promise.reject(new NetError('refused', 'nobody listens there')) },
    );
    await expect(w.consoles.openSerial(w.vm.uuid)).rejects.toMatchObject({
      code: 'command-failed',
      message: 'libvirt on the host of VM vmb cannot be reached: nobody listens there',
    });
    expect(w.targets).toEqual([
      { socketPath: '/run/libvirt/libvirt-sock' },
      { socketPath: '/run/libvirt/virtqemud-sock' },
    ]);
  });

  it('need the libvirt of the system', async () => {
    expect(libvirtDoorOf('qemu:///system?socket=/run/x')).toEqual({
      uri: 'qemu:///system',
      sockets: ['/run/x'],
    });
    expect(libvirtDoorOf('qemu:///session')).toBeUndefined();
    const w = consoleWorld(
      { serial: { kind: 'pty', source: undefined } },
      { stream: async () => new PassThrough(), libvirtUri: 'qemu:///session' },
    );
    await expect(w.consoles.openSerial(w.vm.uuid)).rejects.toThrow('kvm.libvirtUri');
  });
});

describe('VMs beside their consoles', () => {
  it('show state and power, and are not found when they are not there', async () => {
    const { consoles, w } = world();
    expect(await consoles.view(w.vm.uuid)).toEqual({ name: 'vmb', status: 'Running', power: 'on' });
    for (const [state, power] of [
      ['Stopped', 'off'],
      ['Unknown', 'unknown'],
      ['Rebooting', 'on'],
    ] as const) {
      w.vm = vmOf('b', state);
      expect((await consoles.view(w.vm.uuid)).power).toBe(power);
    }
    expect(await consoles.name('c'.repeat(32))).toBeUndefined();
    await expect(consoles.view('c'.repeat(32))).rejects.toMatchObject({ code: 'not-found' });
    await expect(consoles.openScreen(w.vm.uuid)).rejects.toMatchObject({ code: 'refused' });
  });

  it('are switched as by buttons', async () => {
    const { consoles, w, calls, ran } = world();
    await consoles.power(w.vm.uuid, 'on');
    await consoles.power(w.vm.uuid, 'off');
    await consoles.power(w.vm.uuid, 'reset');
    expect(calls).toEqual(['start', 'stop cold', 'exclusive']);
    expect(ran[0]?.slice(-2)).toEqual(['reset', 'bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb']);
  });

  it('are watched: every row that is written or goes is told, until nobody listens', async () => {
    const changes = watchVms(memoryKvmStore());
    const { store } = changes;
    const seen: string[] = [];
    const stop = changes.watch((uuid) => seen.push(uuid.slice(0, 1)));
    const [b, c] = [vmOf('b', 'Running'), vmOf('c', 'Running')];
    await store.saveVm(b);
    await store.saveDomains({ saved: [c], gone: [b.uuid] });
    await store.saveVm(b);
    await store.deleteVm(b.uuid);
    await store.deleteHost(hostUuid);
    stop();
    await store.saveVm(b);
    expect(seen.join('')).toBe('bcbbbc');
  });

  it('and are written whatever a watcher does, which is logged', async () => {
    const log = keepingLog();
    const changes = watchVms(memoryKvmStore(), log);
    const seen: string[] = [];
    changes.watch(() => {
      throw new Error('broken');
    });
    changes.watch((uuid) => seen.push(uuid));
    const b = vmOf('b', 'Running');
    await changes.store.saveVm(b);
    expect(seen).toEqual([b.uuid]);
    expect(log.lines).toEqual([expect.stringMatching(/"level":"error".*"reason":"broken"/)]);
  });
});
