import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ipv4FromNumber } from '../../src/base/ipv4.ts';
import { macBases, macOf } from '../pxe/orders.ts';
import { openDhcpClients } from './dhcp-client.ts';
import type { CrowdOrder, CrowdReport, Phase } from './orders.ts';
import { fetchTftp } from './tftp-client.ts';

/** Machines that boot: argv[2] is a CrowdOrder; prints a CrowdReport. */
const order = JSON.parse(process.argv[2] ?? '') as CrowdOrder;
const loader = readFileSync(order.loader);
const kernel = readFileSync(order.kernel);
const count = { repeats: 0 };
const httpSilenceMs = 30_000;

/** Gives addresses to the namespace as machines get them: before that nobody may answer for them. */
const addresses = spawn('ip', ['-n', order.namespace, '-force', '-batch', '-'], {
  stdio: ['pipe', 'ignore', 'ignore'],
});

async function configure(ip: string): Promise<void> {
  addresses.stdin.write(`addr replace ${ip}/32 dev cli0\n`);
  for (let tries = 0; tries < 1000; tries += 1) {
    if (await canBind(ip)) return;
    await sleep(5);
  }
  throw new Error('the address was not set');
}

function canBind(ip: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, ip, () => server.close(() => resolve(true)));
  });
}

function get(url: string, localAddress: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { localAddress, agent: false, timeout: httpSilenceMs }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', () => reject(new Error('HTTP connection broke')));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(pieces));
        else reject(new Error(`HTTP ${response.statusCode}`));
      });
    });
    asking.on('timeout', () => asking.destroy(new Error('HTTP silence')));
    asking.on('error', (error: NodeJS.ErrnoException) => reject(new Error(error.code ?? error.message)));
    asking.end();
  });
}

const clients = await openDhcpClients(count);

const phases = { rom: [], loader: [], ipxe: [], script: [], kernel: [] } as Record<Phase, number[]>;

async function timed<T>(phase: Phase, work: Promise<T>): Promise<T> {
  const begun = performance.now();
  const done = await work;
  phases[phase].push(performance.now() - begun);
  return done;
}

async function boot(machine: number): Promise<void> {
  const mac = macOf(macBases.known, machine);
  const rom = await timed('rom', clients.lease(mac, 'rom'));
  const ip = ipv4FromNumber(rom.ip);
  await configure(ip);
  await timed('loader', fetchTftp(ip, rom.file, loader, count));
  const ipxe = await timed('ipxe', clients.lease(mac, 'ipxe'));
  if (ipxe.ip !== rom.ip) throw new Error('iPXE got another address');
  const script = (await timed('script', get(ipxe.file, ip))).toString();
  const url = /http:\/\/\S*kernel/.exec(script)?.[0];
  if (!script.startsWith('#!ipxe') || url === undefined) throw new Error('the script is no script');
  if (!(await timed('kernel', get(url, ip))).equals(kernel)) throw new Error('the kernel came changed');
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const begun = performance.now();
const times: number[] = [];
const failures: Record<string, number> = {};
await Promise.all(
  Array.from({ length: order.machines }, async (_, machine) => {
    await sleep((machine * order.withinMs) / order.machines);
    const on = performance.now();
    try {
      await boot(machine);
      times.push(performance.now() - on);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures[reason] = (failures[reason] ?? 0) + 1;
    }
  }),
);
const ms = performance.now() - begun;
times.sort((a, b) => a - b);
const report: CrowdReport = {
  ms,
  booted: times.length,
  failures,
  p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN,
  p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
  repeats: count.repeats,
  phasesMs: Object.fromEntries(
    Object.entries(phases).map(([phase, values]) => [phase, middle(values)]),
  ) as CrowdReport['phasesMs'],
};
addresses.stdin.end();
clients.close();
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
