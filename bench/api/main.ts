import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../support/child.ts';
import { type LoadResult, loadHttp } from '../support/http-load.ts';
import { median, printRow, say } from '../support/report.ts';
import { bmcAddressOf, chassisUuid, macOf, seedDatabase, sizes } from './seed.ts';

/** Enough to keep the server busy while a client wakes up. */
const connections = 64;
const runs = 3;

interface Work {
  readonly name: string;
  readonly path: (n: number) => string;
  readonly total: number;
}

const pick = (n: number): number => (n * 7919) % sizes.chassis;
const works: readonly Work[] = [
  { name: 'query by uuid', path: (n) => `/v1/baremetal/chassis/${chassisUuid(pick(n))}`, total: 20_000 },
  {
    name: 'query by q on an indexed field',
    path: (n) => `/v1/baremetal/chassis?q=ipmiAddress=${bmcAddressOf(pick(n))}`,
    total: 20_000,
  },
  {
    name: 'nested query',
    path: (n) => `/v1/baremetal/hostcfg?q=nicCfgs.mac=${macOf(pick(n) * sizes.nicsEach)}&q=nicCfgs.pxe=true`,
    total: 20_000,
  },
  {
    name: 'page of 100',
    path: (n) => `/v1/baremetal/chassis?limit=100&start=${pick(n) % (sizes.chassis - 100)}&sort=name`,
    total: 2000,
  },
];

async function logIn(base: string, password: string): Promise<Record<string, string>> {
  const response = await fetch(`${base}/v1/accounts/login`, {
    method: 'PUT',
    body: JSON.stringify({ logInByAccount: { accountName: 'admin', password } }),
  });
  const answer = (await response.json()) as { inventory: { uuid: string } };
  return { authorization: `OAuth ${answer.inventory.uuid}` };
}

/** Resident memory of a process, MiB. */
function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return Number(kib) / 1024;
}

/**
 * The REST API against a bare fastify server that answers the same bytes, in alternating runs: requests a second and p99. Then
 * memory over many requests (`requests`, a million by default).
 */
export async function benchApi(requests = 1_000_000): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-bench-'));
  const password = 'bench-only';
  try {
    execFileSync('npm', ['run', '--silent', 'build'], {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: 'inherit',
    });
    say(`seeding ${sizes.chassis} chassis, ${sizes.chassis * sizes.nicsEach} NICs, ${sizes.jobs} jobs`);
    await seedDatabase(folder);
    const ours = await startChild('api/server.js', [folder, password]);
    const bare = await startChild('api/bare.js', []);
    try {
      const base = String(ours.ready['url']);
      const peer = `http://127.0.0.1:${String(bare.ready['port'])}`;
      const headers = await logIn(base, password);
      // The watch over power states would ask ten thousand BMCs that are not there.
      const noWatch = { updateGlobalConfig: { value: '0' } };
      const setting = `${base}/v1/global-configurations/ipmi/powerPoll.interval/actions`;
      await fetch(setting, { method: 'PUT', headers, body: JSON.stringify(noWatch) });
      await sleep(6000);
      const p99 = new Map<string, number>();
      for (const work of works) {
        const bytes = await (await fetch(`${base}${work.path(1)}`, { headers })).text();
        await fetch(`${peer}/bytes`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain' },
          body: bytes,
        });
        const load = (root: string): Promise<LoadResult> =>
          loadHttp({ url: (n) => root + work.path(n), headers, connections, total: work.total });
        await load(base);
        await load(peer);
        const [mine, theirs]: [LoadResult[], LoadResult[]] = [[], []];
        for (let run = 0; run < runs; run += 1) {
          mine.push(await load(base));
          theirs.push(await load(peer));
        }
        const rate = (list: readonly LoadResult[]): number =>
          median(list.map((one) => one.requestsPerSecond));
        const late = (list: readonly LoadResult[]): number => median(list.map((one) => one.p99Ms));
        p99.set(work.name, late(mine));
        const row = { peer: 'bare fastify, same bytes', runs };
        const goal = work.name === 'query by uuid' ? 'ratio 0.5' : 'none';
        printRow(
          { ...row, work: work.name, ours: rate(mine), theirs: rate(theirs), unit: 'requests/s', goal },
          'higher',
        );
        printRow(
          {
            ...row,
            work: `${work.name}, p99`,
            ours: late(mine),
            theirs: late(theirs),
            unit: 'ms',
            goal: 'none',
          },
          'lower',
        );
      }
      const nested = { ours: p99.get('nested query') ?? 0, theirs: p99.get('query by uuid') ?? 0 };
      printRow(
        {
          work: 'nested query, p99',
          peer: 'our query by uuid',
          ...nested,
          unit: 'ms',
          goal: 'ratio above 0.1',
          runs,
        },
        'lower',
      );
      await benchMemory(base, headers, ours.pid, requests);
    } finally {
      await Promise.all([ours.stop(), bare.stop()]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Memory after a tenth of the requests against memory after all of them. */
async function benchMemory(
  base: string,
  headers: Record<string, string>,
  pid: number,
  total: number,
): Promise<void> {
  const send = (count: number): Promise<LoadResult> => {
    const path = (n: number): string => works[n % 3]?.path(n) ?? '/';
    return loadHttp({ url: (n) => base + path(n), headers, connections, total: count });
  };
  say(`memory over ${total} requests`);
  await send(Math.ceil(total / 10));
  const early = memoryOf(pid);
  await send(Math.floor((total * 9) / 10));
  const late = memoryOf(pid);
  const work = `memory after ${total} requests`;
  printRow(
    {
      work,
      peer: 'ours after a tenth of them',
      ours: late,
      theirs: early,
      unit: 'MiB resident',
      goal: 'flat: ratio about 1',
      runs: 1,
    },
    'lower',
  );
}
