import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { network } from './orders.ts';

type Side = 'server' | 'client';

/** Network interface of each side. */
export const devices = { server: 'srv0', client: 'cli0' } as const;
const cores = { server: '1', client: '0' } as const;

const ip = (...args: string[]): void =>
  void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** How a program ended and what it said. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server program that runs. */
export interface Running {
  readonly pid: number;
  /** Processor seconds so far, of its ended children too. */
  cpuSeconds(): number;
  residentMiB(): number;
  stop(): Promise<void>;
}

/** Two network namespaces with a cable between them, and a folder. `remove` ends and deletes all. */
export class Lan {
  readonly folder = mkdtempSync(join(tmpdir(), 'rackwright-bench-pxe-'));
  readonly #children = new Set<ChildProcess>();
  readonly #onSignal = (): void => {
    this.remove();
    process.exit(1);
  };

  constructor() {
    if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run it with sudo');
    for (const side of ['server', 'client'] as const) {
      ip('netns', 'add', this.namespace(side));
      ip('-n', this.namespace(side), 'link', 'set', 'lo', 'up');
    }
    const [server, client] = [this.namespace('server'), this.namespace('client')];
    const [from, to] = [devices.server, devices.client];
    ip('link', 'add', from, 'netns', server, 'type', 'veth', 'peer', 'name', to, 'netns', client);
    for (const side of ['server', 'client'] as const) {
      const device = devices[side];
      ip('-n', this.namespace(side), 'addr', 'add', `${network[side]}/${network.prefix}`, 'dev', device);
      ip('-n', this.namespace(side), 'link', 'set', device, 'up');
    }
    // Limited broadcasts of the load clients find their way by it.
    ip('-n', client, 'route', 'add', 'default', 'dev', to);
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  namespace(side: Side): string {
    return `rwpxe-${side}-${process.pid}`;
  }

  /** Starts a program on one side, on that side's core where there are two. */
  spawn(side: Side, command: readonly string[]): ChildProcess {
    const pin = availableParallelism() > 1 ? ['taskset', '-c', cores[side]] : [];
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
    const inside = ['netns', 'exec', this.namespace(side), ...pin, ...command];
    const child = spawn('ip', inside, { env, stdio: 'pipe' });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs a program on the machines' side to its end; killed after `ms`. */
  async run(command: readonly string[], ms = 120_000): Promise<Ended> {
    const child = this.spawn('client', command);
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin?.end();
    await once(child, 'close');
    clearTimeout(timer);
    return { status: child.exitCode, stdout, stderr };
  }

  /** Starts a server and waits until it listens on each of `udp` and `tcp`; rejects with what it said when it does not. */
  async serve(
    command: readonly string[],
    ports: { readonly udp?: readonly number[]; readonly tcp?: readonly number[] },
  ): Promise<Running> {
    const child = this.spawn('server', command);
    let said = '';
    for (const out of [child.stdout, child.stderr])
      out?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    const ended = once(child, 'exit');
    const pid = child.pid ?? 0;
    for (let tries = 0; !listens(pid, 'udp', ports.udp) || !listens(pid, 'tcp', ports.tcp); tries += 1) {
      if (tries > 300 || child.exitCode !== null)
        throw new Error(`${command[0]} does not get ready: ${said}`);
      await sleep(100);
    }
    return {
      pid,
      cpuSeconds: () => processes(pid).reduce((sum, one) => sum + cpuSeconds(one), 0),
      residentMiB: () => processes(pid).reduce((sum, one) => sum + residentMiB(one), 0),
      async stop() {
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await ended;
        clearTimeout(timer);
      },
    };
  }

  /** Takes away the addresses that machines got, so that they are nobody's when the next run begins. */
  forgetClients(): void {
    const at = ['-n', this.namespace('client')];
    ip(...at, 'addr', 'flush', 'dev', devices.client);
    ip(...at, 'addr', 'add', `${network.client}/${network.prefix}`, 'dev', devices.client);
    ip(...at, 'route', 'replace', 'default', 'dev', devices.client);
    ip('-n', this.namespace('server'), 'neigh', 'flush', 'dev', devices.server);
  }

  remove(): void {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
    for (const child of this.#children) child.kill('SIGKILL');
    for (const side of ['server', 'client'] as const) ip('netns', 'del', this.namespace(side));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** True when somebody in the process' network namespace has the ports. proc(5) */
function listens(pid: number, kind: 'udp' | 'tcp', ports: readonly number[] = []): boolean {
  if (ports.length === 0) return true;
  let table: string;
  try {
    // `ip netns exec` is still in the old namespace for a moment.
    table = readFileSync(`/proc/${pid}/net/${kind}`, 'utf8');
  } catch {
    return false;
  }
  return ports.every((port) => table.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `));
}

/** A process and its children, as nginx's worker. */
function processes(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
    );
    return [pid, ...children.map(Number)];
  } catch {
    return [pid];
  }
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // utime, stime, cutime, cstime in ticks of 10 ms: proc(5)
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / 100;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
