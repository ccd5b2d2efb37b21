import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LabFirmware, qemuArguments } from '../../hardware-lab/qemu-command.ts';
import { devices, type Lan } from '../pxe/lan.ts';
import { freshFolder } from '../pxe/kinds.ts';
import { macBases, macOf } from '../pxe/orders.ts';

const tap = 'tap0';

/** Puts a switch between the cable and the machine's NIC, on the machines' side. */
export function addSwitch(lan: Lan): void {
  const ip = (...args: string[]): void =>
    void execFileSync('ip', ['-n', lan.namespace('client'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  // No spanning tree delay: the first DISCOVER after power-on must not be lost.
  ip('link', 'add', 'sw0', 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0');
  ip('tuntap', 'add', tap, 'mode', 'tap');
  for (const device of [tap, devices.client]) ip('link', 'set', device, 'master', 'sw0', 'up');
  ip('link', 'set', 'sw0', 'up');
}

/** Powers a machine of the hardware lab on, emulated; ms until its kernel says the first word on the serial port. */
export async function bootOnce(lan: Lan, firmware: LabFirmware, limitMs: number): Promise<number> {
  const folder = freshFolder(lan, 'machine');
  const serialLog = join(folder, 'serial.log');
  const diskPath = join(folder, 'disk.raw');
  writeFileSync(diskPath, '');
  truncateSync(diskPath, 64 << 20);
  const hardware = {
    firmware,
    uuid: '5f5e100a-0000-4000-8000-000000000001',
    serialNumber: 'RWBENCH-1',
    nics: [{ mac: macOf(macBases.known, 0), tap }],
    diskPath,
    serialLog,
    memoryMiB: 512,
  };
  const start = {
    networkFirst: true,
    accelerator: 'tcg',
    name: 'bench',
    monitor: join(folder, 'qmp'),
  } as const;
  const all = qemuArguments(hardware, start);
  // Nobody talks to its monitor: QEMU has to listen there itself, not to connect.
  const args = all.map((one) => (one.endsWith('/qmp') ? `${one},server=on,wait=off` : one));
  const begun = performance.now();
  const qemu = lan.spawn('client', ['qemu-system-x86_64', ...args]);
  let complaint = '';
  qemu.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise((resolve) => qemu.once('exit', resolve));
  try {
    for (;;) {
      const said = existsSync(serialLog) ? readFileSync(serialLog, 'latin1') : '';
      const ms = performance.now() - begun;
      if (said.includes('Linux version')) return ms;
      if (ms > limitMs || qemu.exitCode !== null)
        throw new Error(`no kernel after ${Math.round(ms)} ms: ${complaint}${said.slice(-500)}`);
      await sleep(20);
    }
  } finally {
    qemu.kill('SIGKILL');
    await ended;
  }
}
