import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { bootUrl } from '../../src/pxe/boot-files.ts';
import { renderBootScript, renderExitScript } from '../../src/pxe/ipxe/script.ts';
import type { BootResource } from '../../src/pxe/ports.ts';
import { liveHttp, recordedText, token } from '../support/boot-http.ts';
import { needTools } from '../support/need.ts';
import { until } from '../support/tftp-peer.ts';

const ipxe = '/usr/lib/ipxe/ipxe.lkrn';
const mac = '52:54:00:ab:cd:ef';
const folder = mkdtempSync(join(tmpdir(), 'rackwright-ipxe-'));
let machine: ChildProcess | undefined;

afterEach(async () => {
  if (machine === undefined) return;
  const gone = new Promise((resolve) => {
    machine?.once('close', resolve);
  });
  machine.kill('SIGKILL');
  await gone;
  machine = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Starts a machine whose iPXE fetches its script from our server. `console` grows with what its screen shows (SeaBIOS sends it
 * to the serial port), without colours and line ends, because lines wrap at 80 columns.
 */
function boot(port: number): { console: string } {
  // QEMU's user network shows this machine's loopback as 10.0.2.2.
  const first = join(folder, 'first.ipxe');
  writeFileSync(
    first,
    `#!ipxe\nifopen net0\ndhcp\nchain ${bootUrl(`http://10.0.2.2:${port}`, token, 'boot.ipxe')}\n`,
  );
  const seen = { console: '' };
  let raw = '';
  const options =
    '-nodefaults -machine pc,graphics=off -accel tcg -m 256 -display none -monitor none -serial stdio -no-reboot ' +
    `-netdev user,id=n -device virtio-net-pci,netdev=n,mac=${mac},romfile= -kernel ${ipxe} -initrd`;
  machine = spawn('qemu-system-x86_64', [...options.split(' '), first]);
  machine.stdout!.on('data', (chunk: Buffer) => {
    raw += chunk.toString('latin1');
    // oxlint-disable-next-line no-control-regex -- terminal escapes are control characters
    seen.console = raw.replaceAll(/\u001b\[[?\d;]*[A-Za-z]|[\r\n]/g, '');
  });
  return seen;
}

describe.skipIf(
  !needTools({ tool: 'qemu-system-x86_64', package: 'qemu-system-x86' }, { tool: ipxe, package: 'ipxe' }),
)('a real iPXE', () => {
  const url = (artefact: 'kernel' | 'initrd', port: number): string =>
    bootUrl(`http://10.0.2.2:${port}`, token, artefact);

  it('runs the boot script: fetches both, starts the kernel with our arguments and the boot NIC', async () => {
    // iPXE itself plays the kernel: as one, it takes its command line for iPXE commands, so that `echo` shows what arrived.
    const script: { resource: BootResource; ends: string[] } = recordedText('');
    let port = 0;
    const { server, events } = await liveHttp({
      'boot.ipxe': () =>
        Promise.resolve({
          ...script.resource,
          body: renderBootScript({
            kernelUrl: url('kernel', port),
            initrdUrl: url('initrd', port),
            kernelArguments: ['echo', 'ARRIVED', 'note=rack 4', 'a#b;c'],
            bootNote: 'test of ${evil} && reboot',
          }),
        } as BootResource),
      kernel: { kind: 'file', path: ipxe, contentType: 'application/octet-stream' },
      initrd: { kind: 'file', path: '/usr/lib/ipxe/undionly.kpxe', contentType: 'application/octet-stream' },
    });
    ({ port } = server);
    const seen = boot(port);
    await until(() => /ARRIVED.*BOOTIF=01(?:-\w\w){6}/.test(seen.console), 45_000);
    expect(seen.console).toContain('Rackwright: test of ??evil? ?? reboot');
    expect(seen.console).toContain('Rackwright: step 3 of 3, starting the kernel');
    expect(seen.console).toContain(`ARRIVED note="rack 4" a#b;c BOOTIF=01-${mac.replaceAll(':', '-')}`);
    expect(script.ends).toEqual(['delivered']);
    expect(events.filter((e) => e.phase === 'done').map((e) => e.artefact)).toEqual([
      'boot.ipxe',
      'kernel',
      'initrd',
    ]);
    await server.close();
  }, 60_000);

  it('tries three times, says what failed, and lets the firmware go on to the disk', async () => {
    let port = 0;
    const text = (body: string): BootResource => ({ kind: 'text', body, contentType: 'text/plain' });
    const { server, asked } = await liveHttp({
      'boot.ipxe': () =>
        Promise.resolve(
          text(
            renderBootScript({
              kernelUrl: url('kernel', port),
              initrdUrl: url('initrd', port),
              kernelArguments: [],
              bootNote: 'x',
            })
              // Only the waiting is cut short.
              .replaceAll(/^sleep \d+/gm, 'sleep 1'),
          ),
        ),
      kernel: { kind: 'refused', status: 410, reason: 'the run has ended' },
    });
    ({ port } = server);
    const seen = boot(port);
    await until(() => seen.console.includes('Booting from Hard Disk'), 45_000);
    expect(asked).toEqual(['boot.ipxe', 'kernel', 'kernel', 'kernel']);
    expect(seen.console).toContain('(try 3 of 3)');
    expect(seen.console).toContain('Rackwright: the kernel could not be fetched');
    expect(seen.console).not.toContain('fetching the initrd');
    await server.close();
  }, 60_000);

  it('runs the exit script, and the firmware goes on to the disk', async () => {
    const { resource, ends } = recordedText(renderExitScript('nothing to do for this machine'));
    const { server } = await liveHttp({ 'boot.ipxe': resource });
    const seen = boot(server.port);
    await until(() => seen.console.includes('Rackwright: nothing to do for this machine'), 45_000);
    await until(() => seen.console.includes('Booting from Hard Disk'), 20_000);
    expect(ends).toEqual(['delivered']);
    await server.close();
  }, 60_000);
});
