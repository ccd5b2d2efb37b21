import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startChild } from '../support/child.ts';
import { median, printRow, say } from '../support/report.ts';
import { hasNginx, startNginx } from './nginx.ts';

const fileBytes = 40_000_000;
const runs = 5;

/** Servers have core 0, the client core 1; where that can't be done they share. */
function pin(pid: number, core: number): void {
  spawnSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
  // Workers that were started already.
  for (const child of childrenOf(pid))
    spawnSync('taskset', ['-acp', String(core), child], { stdio: 'ignore' });
}

function childrenOf(pid: number): readonly string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      return readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid);
    } catch {
      return false;
    }
  });
}

function startClient() {
  const script = resolve(import.meta.dirname, 'client.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<{ rate?: number }> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the client of the benchmark ended');
    return JSON.parse(value) as { rate?: number };
  };
  return {
    async ready() {
      await next();
      pin(child.pid ?? 0, 1);
    },
    async rate(order: { port: number; path: string; clients: number; rounds: number }): Promise<number> {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return (await next()).rate ?? Number.NaN;
    },
    async stop() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** Boot HTTP against nginx: one initrd of 40 MB to one machine and to fifty at a time, in turns, over loopback. */
export async function benchHttp(): Promise<void> {
  if (!hasNginx()) return say('nginx is missing (Debian package nginx-light): no row can be made');
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-bench-http-'));
  const closers: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true })];
  try {
    mkdirSync(join(folder, 'www'));
    const path = join(folder, 'www/initrd');
    writeFileSync(path, Buffer.alloc(fileBytes, 'rackwright'));
    const peers = new Map<string, { readonly port: number; readonly pid: number }>();
    for (const how of ['sendfile', 'buffers'] as const) {
      const nginx = await startNginx(join(folder, how), join(folder, 'www'), how);
      closers.push(() => nginx.stop());
      peers.set(`nginx, ${how}`, nginx);
    }
    const ours = await startChild('http/server.ts', [path]);
    closers.push(() => ours.stop());
    const client = startClient();
    closers.push(() => client.stop());
    await client.ready();
    pin(ours.pid, 0);
    const our = { port: Number(ours.ready['port']), path: `/boot/${'0'.repeat(64)}/initrd` };
    for (const [peer, { port, pid }] of peers) {
      pin(pid, 0);
      for (const clients of [1, 50]) {
        const work = `an initrd of 40 MB to ${clients === 1 ? 'one client, ten times' : `${clients} clients at a time`}`;
        const rounds = clients === 1 ? 10 : 1;
        const measure = (server: { port: number; path: string }) =>
          client.rate({ ...server, clients, rounds });
        const seen = { ours: [] as number[], theirs: [] as number[] };
        for (let run = 0; run <= runs; run += 1) {
          const pair = [await measure(our), await measure({ port, path: '/initrd' })] as const;
          // The first pair warms both up.
          if (run === 0) continue;
          seen.ours.push(pair[0]);
          seen.theirs.push(pair[1]);
        }
        printRow(
          {
            work,
            peer,
            ours: median(seen.ours),
            theirs: median(seen.theirs),
            unit: 'MB/s',
            goal: '0.6',
            runs,
          },
          'higher',
        );
      }
    }
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}
