import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MachineSighting, PxeEvent } from '../../src/pxe/ports.ts';
import type { Setup } from './dhcp-server-process.ts';

type Line =
  | PxeEvent
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'asked'; readonly tftp?: string; readonly http?: string }
  | { readonly kind: 'saw'; readonly sighting: MachineSighting }
  | { readonly kind: 'closed' };

const root = join(import.meta.dirname, '..', '..');

/** A DHCP server in a namespace, and what it said. */
export interface ServerProcess {
  readonly lines: readonly Line[];
  /** The first line that fits, already said or within the time. */
  until(fits: (line: Line) => boolean, ms?: number): Promise<Line>;
  close(): Promise<void>;
}

/** Network namespaces, files and processes of one test file; `remove` ends and deletes all of them. */
export class DhcpLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'dhcp-lab-'));
  readonly #prefix = `rwd${process.pid}`;
  readonly #namespaces: string[] = [];
  readonly #children: ChildProcess[] = [];

  namespace(name: string): string {
    const full = `${this.#prefix}${name}`;
    ip('netns', 'add', full);
    this.#namespaces.push(full);
    ip('-n', full, 'link', 'set', 'lo', 'up');
    return full;
  }

  /** A cable: one end in each namespace, both up; the first end may get an address. */
  cable(a: string, aName: string, b: string, bName: string, address?: string): void {
    ip('link', 'add', aName, 'netns', a, 'type', 'veth', 'peer', 'name', bName, 'netns', b);
    if (address !== undefined) ip('-n', a, 'addr', 'add', address, 'dev', aName);
    ip('-n', a, 'link', 'set', aName, 'up');
    ip('-n', b, 'link', 'set', bName, 'up');
  }

  tap(namespace: string, name: string, address: string): void {
    ip('-n', namespace, 'tuntap', 'add', name, 'mode', 'tap');
    ip('-n', namespace, 'addr', 'add', address, 'dev', name);
    ip('-n', namespace, 'link', 'set', name, 'up');
  }

  macOf(namespace: string, device: string): string {
    return execFileSync('ip', ['netns', 'exec', namespace, 'cat', `/sys/class/net/${device}/address`])
      .toString()
      .trim();
  }

  /** Makes another machine of a client. */
  setMac(namespace: string, device: string, mac: string): void {
    ip('-n', namespace, 'link', 'set', device, 'down');
    ip('-n', namespace, 'addr', 'flush', 'dev', device);
    ip('-n', namespace, 'link', 'set', device, 'address', mac, 'up');
  }

  spawn(namespace: string, command: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', namespace, ...command], { cwd: root });
    this.#children.push(child);
    return child;
  }

  async server(namespace: string, setup: Setup): Promise<ServerProcess> {
    const file = join(root, 'test/support/dhcp-server-process.ts');
    const child = this.spawn(namespace, [process.execPath, '--import', 'tsx', file, JSON.stringify(setup)]);
    const lines: Line[] = [];
    const waiting = new Set<() => void>();
    let errors = '';
    child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (text) => {
      lines.push(JSON.parse(text) as Line);
      for (const look of waiting) look();
    });
    const until = (fits: (line: Line) => boolean, ms = 15_000): Promise<Line> =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`nothing that fits; said: ${JSON.stringify(lines)} ${errors}`));
        }, ms);
        const look = (): void => {
          const found = lines.find(fits);
          if (found === undefined) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    await until((line) => line.kind === 'ready');
    return {
      lines,
      until,
      async close() {
        child.stdin?.write('close\n');
        await until((line) => line.kind === 'closed');
      },
    };
  }

  /**
   * Runs busybox udhcpc until it has a lease or gives up, with what its script was told: the environment of the last `bound`.
   * `address` is set on the interface, so that renewals are unicast.
   */
  async udhcpc(namespace: string, device: string, args: readonly string[] = ['-q']): Promise<Udhcpc> {
    const told = join(this.folder, `told-${namespace}-${device}-${Date.now()}`);
    const script = join(this.folder, 'udhcpc-script');
    writeFileSync(
      script,
      `#!/bin/sh\necho "@@ $1" >> "$TOLD"\nenv >> "$TOLD"\n` +
        `[ "$1" = bound ] && ip addr replace "$ip/$mask" dev "$interface"\necho "@end $1" >> "$TOLD"\nexit 0\n`,
    );
    chmodSync(script, 0o755);
    writeFileSync(told, '');
    const child = this.spawn(namespace, [
      'env',
      `TOLD=${told}`,
      'busybox',
      'udhcpc',
      '-f',
      '-n',
      '-t',
      '3',
      '-T',
      '1',
      '-i',
      device,
      '-s',
      script,
      ...args,
    ]);
    let output = '';
    child.stderr?.on('data', (data: Buffer) => (output += data.toString()));
    child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('exit', (status) => resolve(status)));
    return {
      child,
      ended,
      output: () => output,
      told: (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(lastOf(readFileSync(told, 'utf8')))?.[1],
      async reach(event) {
        for (let tries = 0; tries < 100; tries++) {
          if (readFileSync(told, 'utf8').includes(`@end ${event}\n`)) return;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`udhcpc does not reach ${event}: ${output}`);
      },
    };
  }

  /** Ends every process that was started; those that ended themselves are left alone. */
  async stop(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    for (const name of this.#namespaces) ip('netns', 'del', name);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Udhcpc {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
  /** Resolves when the script was called with `event`. */
  reach(event: string): Promise<void>;
  /** A variable of the last event that the script got. */
  told(name: string): string | undefined;
}

function lastOf(text: string): string {
  return text.slice(text.lastIndexOf('@@ '));
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
