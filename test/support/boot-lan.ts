import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BootFiles } from '../../inspector/builder/outputs.ts';
import { needRoot, needTools } from './need.ts';

/** One HTTP request that a machine made; `body` is Latin-1 text, one character a byte. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly from: string;
  readonly body: string;
  readonly status: number;
}

export interface Answer {
  /** Of the first, second, ... request; the last one stays. 200 when left out. */
  readonly statuses?: readonly number[];
  readonly body?: string;
}

export interface Machine {
  /** QEMU flags with their values, beyond CPU, memory, serial port, NICs and kernel. */
  readonly args: readonly (readonly [flag: string, value: string])[];
  /** Started directly instead of a boot from disk or network; QEMU ends when it reboots. */
  readonly kernel?: BootFiles & { readonly append: string };
  readonly nics: readonly { readonly model: string; readonly mac: string }[];
  /** Ends the machine when its serial port said this; otherwise it runs until it powers off. */
  readonly until?: RegExp;
  readonly limitMs: number;
}

/** A LAN in a network namespace of its own: bridge, udhcpd, HTTP recorder, QEMU machines on taps. */
export interface BootLan {
  /** Folder that goes away with the LAN. */
  readonly folder: string;
  readonly server: string;
  readonly requests: readonly RecordedRequest[];
  /** Boots a machine under TCG and returns what its serial port said without the kernel's own lines; throws after the limit. */
  readonly boot: (machine: Machine) => Promise<string>;
  readonly close: () => Promise<void>;
}

const server = '192.0.2.1';
const port = 8000;

/** True when tests may boot machines; see needTools. */
export function needBootLan(): boolean {
  return (
    needTools(
      { tool: 'qemu-system-x86_64', package: 'qemu-system-x86' },
      { tool: 'busybox', package: 'busybox-static' },
      { tool: 'ip', package: 'iproute2' },
      { tool: 'cpio', package: 'cpio' },
      { tool: 'depmod', package: 'kmod' },
      { tool: 'zstd', package: 'zstd' },
    ) && needRoot()
  );
}

function ip(...args: readonly string[]): void {
  const done = spawnSync('ip', args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Makes the LAN 192.0.2.0/24 with `answers` at http://192.0.2.1:8000. */
export async function makeBootLan(answers: Readonly<Record<string, Answer>>): Promise<BootLan> {
  const ns = `rwboot-${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-boot-'));
  const children: ChildProcess[] = [];
  const requests: RecordedRequest[] = [];
  let taps = 0;

  const inside = (program: string, ...args: readonly string[]): ChildProcess => {
    const child = spawn('ip', ['netns', 'exec', ns, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    child.stderr?.resume();
    return child;
  };
  const close = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(ended));
    spawnSync('ip', ['netns', 'del', ns]);
    rmSync(folder, { recursive: true, force: true });
  };

  ip('netns', 'add', ns);
  try {
    ip('-n', ns, 'link', 'set', 'lo', 'up');
    ip('-n', ns, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', ns, 'addr', 'add', `${server}/24`, 'dev', 'br0');
    ip('-n', ns, 'link', 'set', 'br0', 'up');
    const conf = join(folder, 'udhcpd.conf');
    writeFileSync(
      conf,
      `start 192.0.2.100\nend 192.0.2.150\ninterface br0\nlease_file ${folder}/leases\npidfile ${folder}/udhcpd.pid\noption subnet 255.255.255.0\noption router ${server}\n`,
    );
    writeFileSync(join(folder, 'leases'), '');
    inside('busybox', 'udhcpd', '-f', conf).stdout?.resume();
    const recorder = inside(
      process.execPath,
      join(import.meta.dirname, 'boot-recorder.mjs'),
      JSON.stringify({ address: server, port, answers }),
    );
    await new Promise<void>((resolve, reject) => {
      recorder.once('exit', () => reject(new Error('the HTTP recorder ended')));
      createInterface({ input: recorder.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line === '"listening"') resolve();
        else requests.push(JSON.parse(line) as RecordedRequest);
      });
    });
  } catch (error) {
    await close();
    throw error;
  }

  const boot = async (machine: Machine): Promise<string> => {
    const serial = join(folder, `serial-${randomBytes(3).toString('hex')}`);
    const nics = machine.nics.flatMap(({ model, mac }) => {
      const tap = `tap${taps}`;
      taps += 1;
      ip('-n', ns, 'tuntap', 'add', tap, 'mode', 'tap');
      ip('-n', ns, 'link', 'set', tap, 'master', 'br0', 'up');
      return [
        '-netdev',
        `tap,id=${tap},ifname=${tap},script=no,downscript=no`,
        '-device',
        `${model},netdev=${tap},mac=${mac}`,
      ];
    });
    const { kernel } = machine;
    const direct =
      kernel === undefined
        ? []
        : ['-no-reboot', '-kernel', kernel.kernel, '-initrd', kernel.initrd, '-append', kernel.append];
    const common = `-accel tcg -smp 2 -m 768 -display none -serial file:${serial}`.split(' ');
    const args = [...common, ...nics, ...direct, ...machine.args.flat()];
    const qemu = inside('qemu-system-x86_64', ...args);
    let complaint = '';
    qemu.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const said = (): string =>
      existsSync(serial)
        ? readFileSync(serial, 'latin1')
            .replaceAll('\r', '')
            .replaceAll(/^\[ *\d+\.\d+\] .*\n/gm, '')
        : '';
    const deadline = Date.now() + machine.limitMs;
    while (qemu.exitCode === null && qemu.signalCode === null) {
      const text = said();
      if (machine.until?.test(text) === true) break;
      if (Date.now() > deadline) {
        qemu.kill('SIGKILL');
        throw new Error(
          `not done after ${machine.limitMs} ms; its serial port ends with:\n${text.slice(-3000)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    qemu.kill('SIGKILL');
    await ended(qemu);
    if (said() === '') throw new Error(`QEMU said: ${complaint}`);
    return said();
  };
  return { folder, server, requests, boot, close };
}
