import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

export const serverAddress = '10.78.0.1';
/** Addresses from here on are all the client side's. */
export const firstClient = '10.78.1.0';

const side = (which: 'server' | 'client'): string => `rwbench-${which}-${process.pid}`;
const ip = (...args: string[]): void =>
  void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const cores = { server: '1', client: '0' } as const;

/** What a program printed, and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Two network namespaces with a cable between them, and a folder. `remove` deletes all. */
export class TftpLab {
  readonly #children = new Set<ChildProcess>();
  readonly folder = mkdtempSync(join(tmpdir(), 'rackwright-bench-tftp-'));

  constructor() {
    const [server, client] = [side('server'), side('client')];
    ip('netns', 'add', server);
    ip('netns', 'add', client);
    ip('link', 'add', 'srv0', 'netns', server, 'type', 'veth', 'peer', 'name', 'cli0', 'netns', client);
    ip('-n', server, 'addr', 'add', `${serverAddress}/16`, 'dev', 'srv0');
    ip('-n', client, 'addr', 'add', '10.78.0.2/16', 'dev', 'cli0');
    for (const [namespace, device] of [
      [server, 'srv0'],
      [client, 'cli0'],
    ] as const) {
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
      ip('-n', namespace, 'link', 'set', device, 'up');
    }
    ip('-n', client, 'route', 'add', 'local', `${firstClient}/24`, 'dev', 'lo');
  }

  /** Starts a program on one side, on that side's core where there are two. */
  spawn(where: 'server' | 'client', command: readonly string[]): ChildProcess {
    const pin = availableParallelism() > 1 ? ['taskset', '-c', cores[where]] : [];
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
    const child = spawn('ip', ['netns', 'exec', side(where), ...pin, ...command], { env, stdio: 'pipe' });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs a client to its end; killed after two minutes. */
  async run(command: readonly string[]): Promise<Ended> {
    const child = this.spawn('client', command);
    const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin?.end();
    await once(child, 'close');
    clearTimeout(timer);
    return { status: child.exitCode, stdout, stderr };
  }

  /** Drops a share of the UDP packets on each side; `permille` 0: none. */
  lose(permille: number): void {
    for (const where of ['server', 'client'] as const) {
      const nft = (rule: string): void =>
        void execFileSync('ip', ['netns', 'exec', side(where), 'nft', rule], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
      nft('flush ruleset');
      if (permille === 0) continue;
      nft('add table inet loss; add chain inet loss in { type filter hook input priority 0; }');
      nft(`add rule inet loss in meta l4proto udp numgen random mod 1000 < ${permille} drop`);
    }
  }

  /** Ends what still runs and deletes all. */
  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const where of ['server', 'client'] as const) ip('netns', 'del', side(where));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
