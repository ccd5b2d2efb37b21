import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseUuid, type Uuid } from '../../../src/base/uuid.ts';
import { type LibvirtLab, needLibvirtd, startLibvirtd } from '../../support/libvirtd.ts';
import { collect, connectTo, type ConsoleWorld, consoleWorld, writeEchoDisk } from './console-world.ts';

const there = needLibvirtd();
const uri = 'qemu:///system';
const dashedUuid = '2f5d3b7c-0a68-4f0e-9d6c-7b1f0c5f9a31';
const canary = 'Cnry7vnc';

describe.skipIf(!there)('consoles of a real libvirt', () => {
  let lab: LibvirtLab;
  let w: ConsoleWorld;
  /** Its own folders as they lie on this machine. */
  const outside = (path: string): string =>
    path.replace(/^\/run\/libvirt/, `${lab.folder}/run`).replace(/^\/var\/lib\/libvirt/, `${lab.folder}/lib`);
  const virsh = (...args: string[]) => lab.shell.run(['virsh', '-c', uri, ...args]);

  beforeAll(async () => {
    lab = await startLibvirtd();
    writeEchoDisk(`${lab.folder}/lib`);
    await lab.shell.run(['mkdir', '-m', '0777', '/var/lib/libvirt/vnc']);
    const xml = `<domain type="qemu"><name>echo</name><uuid>${dashedUuid}</uuid>
      <memory unit="MiB">32</memory><os><type arch="x86_64" machine="q35">hvm</type></os>
      <devices><disk type="file" device="disk"><source file="/var/lib/libvirt/echo.img"/><target dev="sda" bus="sata"/></disk>
      <serial type="pty"/><console type="pty"/>
      <graphics type="vnc" passwd="${canary}"><listen type="socket" socket="/var/lib/libvirt/vnc/vnc.sock"/></graphics></devices></domain>`;
    const created = await lab.shell.run(['sh', '-c', 'cat | virsh -c "$1" create /dev/stdin', 'sh', uri], {
      input: xml,
    });
    if (created.exitCode !== 0) throw new Error(created.stderr);
    w = consoleWorld(
      { serial: { kind: 'pty', source: '/dev/pts/0' } },
      {
        uuid: parseUuid(dashedUuid) as Uuid,
        shell: lab.shell,
        stream: (target) => connectTo('socketPath' in target ? outside(target.socketPath) : ''),
      },
    );
  }, 120_000);
  afterAll(() => lab?.close());

  it('carries a serial console both ways, gives it to one client, and frees it with the stream', async () => {
    const first = await w.consoles.openSerial(w.vm.uuid);
    const got = collect(first);
    await vi.waitFor(
      () => {
        first.write('x');
        expect(got.text).toContain('x');
      },
      { timeout: 60_000, interval: 500 },
    );
    const text = 'every byte from \u0000 to ÿ: '.padEnd(3000, 'rackwright ');
    first.write(Buffer.from(text, 'latin1'));
    await vi.waitFor(() => expect(got.text).toContain(text), 30_000);

    await expect(w.consoles.openSerial(w.vm.uuid)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('take it over') as string,
    });
    const other = await lab.shell.run(['script', '-qec', `virsh -c ${uri} console echo`, '/dev/null']);
    expect(other.stdout + other.stderr).toContain('Active console session exists');

    const ended = new Promise((resolve) => void first.once('close', resolve));
    const second = await w.consoles.openSerial(w.vm.uuid, { takeOver: true });
    await ended;
    second.destroy();
    const third = await vi.waitFor(() => w.consoles.openSerial(w.vm.uuid), 10_000);
    const again = collect(third);
    third.write('back');
    await vi.waitFor(() => expect(again.text).toContain('back'), 10_000);
    third.destroy();
  }, 120_000);

  it('finds the screen with the password that the definition has, which no other place shows', async () => {
    const { stream, password } = await w.consoles.openScreen(w.vm.uuid);
    expect(password).toBe(canary);
    expect(String((await once(stream, 'data'))[0])).toMatch(/^RFB 003\.008\n/);
    stream.destroy();
  });

  it('resets it, and ends the serial stream when the VM stops', async () => {
    const stream = await vi.waitFor(() => w.consoles.openSerial(w.vm.uuid), 10_000);
    collect(stream);
    await w.consoles.power(w.vm.uuid, 'reset');
    expect(stream.destroyed).toBe(false);
    const closed = once(stream, 'close');
    expect((await virsh('destroy', 'echo')).exitCode).toBe(0);
    await closed;
    await expect(w.consoles.openSerial(w.vm.uuid)).rejects.toMatchObject({ code: 'refused' });
    await expect(w.consoles.openScreen(w.vm.uuid)).rejects.toMatchObject({ code: 'command-failed' });
  }, 60_000);
});
