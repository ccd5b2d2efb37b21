import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StormNews } from '../pxe/storm/clients-process.ts';
import type { StormSetup } from '../pxe/storm/server-process.ts';
import { DhcpLab } from '../support/dhcp-lab.ts';
import { needFile, needRoot, needTools } from '../support/need.ts';

/**
 * The server dies by SIGKILL in the middle of a storm of clients, again and again. What was promised is read from the wire by tshark,
 * so that neither the server nor its clients bear witness in their own cause.
 */
const kills = Number(process.env['KILLS'] ?? '') || 3;
const newClients = 120;
const serverIp = '10.77.0.1';
const clientsIp = '10.77.0.2';
const range = '10.77.16.0/20';
const settings = { rangeBegin: '10.77.16.1', rangeEnd: '10.77.31.254' } as StormSetup['settings'];

const root = join(import.meta.dirname, '..', '..');
const serverScript = join(root, 'test/pxe/storm/server-process.ts');
const canRun =
  needRoot() &&
  needTools({ tool: 'tshark', package: 'tshark' }, { tool: 'ip', package: 'iproute2' }) &&
  needFile('/usr/lib/ipxe/undionly.kpxe', 'ipxe');

/** An answer on the wire. */
interface Seen {
  readonly at: number;
  readonly type: 'ack' | 'nak' | 'other';
  readonly mac: string;
  readonly ip: string;
  readonly seconds: number;
}

let lab: DhcpLab;
let where: { readonly server: string; readonly clients: string };

beforeAll(() => {
  if (!canRun) return;
  lab = new DhcpLab();
  where = { server: lab.namespace('s'), clients: lab.namespace('c') };
  const { server, clients } = where;
  lab.cable(server, 'rack0', clients, 'nic0', `${serverIp}/16`);
  const inClients = (...command: string[]): void => void run('ip', 'netns', 'exec', clients, ...command);
  run('ip', '-n', clients, 'addr', 'add', `${clientsIp}/16`, 'dev', 'nic0');
  // One socket takes what goes to any client's address, but the probe of an address that nobody has must find nobody.
  inClients('sysctl', '-q', '-w', 'net.ipv4.conf.all.arp_ignore=1');
  run('ip', '-n', clients, 'route', 'add', 'default', 'dev', 'nic0');
  run('ip', '-n', clients, 'route', 'add', 'local', range, 'dev', 'lo');
  run('ip', '-n', server, 'route', 'add', range, 'via', clientsIp);
});
afterEach(() => lab?.stop());
afterAll(() => lab?.remove());

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
}

/** Waits for a line of a child that fits. */
function lines(child: ChildProcess): { until(fits: (line: string) => boolean): Promise<void> } {
  const seen: string[] = [];
  let errors = '';
  let wake: () => void = () => undefined;
  createInterface({ input: child.stdout as Readable }).on('line', (line) => {
    seen.push(line);
    wake();
  });
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  child.once('exit', () => wake());
  return {
    async until(fits) {
      for (;;) {
        const at = seen.findIndex(fits);
        if (at >= 0) return void seen.splice(0, at + 1);
        if (child.exitCode !== null) throw new Error(`a process ended with ${child.exitCode}: ${errors}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** Plays the storm with so many deaths; answers what was on the wire, and when the server died. */
async function storm(
  times: number,
  careless: boolean,
): Promise<{ seen: readonly Seen[]; deaths: readonly number[] }> {
  const folder = join(lab.folder, careless ? 'careless' : 'careful');
  mkdirSync(folder);
  const capture = join(folder, 'wire.pcapng');
  const tshark = lab.spawn(
    where.clients,
    `tshark -n -Q -i nic0 -B 64 -w ${capture} -f`.split(' ').concat('udp src port 67'),
  );
  const said: Buffer[] = [];
  tshark.stderr?.on('data', (data: Buffer) => said.push(data));
  // The file has its header when the capture has begun; what was before it nobody would bear witness to.
  await vi.waitFor(() => expect(statSync(capture).size).toBeGreaterThan(0), { timeout: 30_000 });
  const tsx = [process.execPath, '--import', 'tsx'];
  const setup: StormSetup = { device: 'rack0', folder, settings, careless };
  const start = async (): Promise<ChildProcess> => {
    const child = lab.spawn(where.server, [...tsx, serverScript, JSON.stringify(setup)]);
    await lines(child).until((line) => line === 'ready');
    return child;
  };
  const kill = async (child: ChildProcess): Promise<void> => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };

  let server = await start();
  const clients = lab.spawn(where.clients, [
    ...tsx,
    join(root, 'test/pxe/storm/clients-process.ts'),
    serverIp,
  ]);
  const news = lines(clients);
  await news.until((line) => line.includes('ready'));
  const deaths: number[] = [];
  const told = (fits: (one: StormNews) => boolean): Promise<void> =>
    news.until((line) => fits(JSON.parse(line) as StormNews));
  for (let round = 0; round < times; round += 1) {
    const after = 1 + Math.floor(Math.random() * (newClients - 1));
    clients.stdin?.write(`${newClients}\n`);
    await told((one) => one.round === round + 1 && one.fresh >= after);
    await kill(server);
    deaths.push(Date.now() / 1000);
    server = await start();
    // Let the storm go on for a while, so that the next one finds clients at every step of their way.
    await sleep(Math.random() * 1500);
  }
  // At last everybody comes back, with more new ones that would take any address that was forgotten.
  clients.stdin?.write(`${newClients}\n`);
  await told((one) => one.round === times + 1 && one.kind === 'all');
  await kill(server);
  clients.stdin?.end();
  // What was captured reaches the file in pieces.
  await sleep(1000);
  const ended = once(tshark, 'exit');
  tshark.kill('SIGINT');
  await ended;
  expect(Buffer.concat(said).toString()).not.toMatch(/[1-9]\d* packets? dropped/);
  return { seen: readCapture(capture), deaths };
}

function readCapture(path: string): readonly Seen[] {
  const fields = [
    'frame.time_epoch',
    'dhcp.option.dhcp',
    'dhcp.hw.mac_addr',
    'dhcp.ip.your',
    'dhcp.option.ip_address_lease_time',
  ];
  const columns = fields.flatMap((field) => ['-e', field]);
  const text = run(
    'tshark',
    '-n',
    '-r',
    path,
    '-T',
    'fields',
    '-E',
    'separator=|',
    '-E',
    'occurrence=f',
    ...columns,
  );
  return text
    .trim()
    .split('\n')
    .map((line): Seen => {
      const [at = '', type = '', mac = '', ip = '', seconds = ''] = line.split('|');
      const kind = type === '5' ? 'ack' : type === '6' ? 'nak' : 'other';
      return { at: Number(at), type: kind, mac, ip, seconds: Number(seconds) };
    });
}

/** What is wrong with the answers: an address of two clients, a client of two addresses, a refusal, a client that lost what it had. */
function faultsOf(seen: readonly Seen[], deaths: readonly number[]): readonly string[] {
  const faults: string[] = [];
  const byIp = new Map<string, Seen>();
  const byMac = new Map<string, Seen>();
  for (const one of seen) {
    const had = byMac.get(one.mac);
    const isHeld = had !== undefined && had.at + had.seconds > one.at;
    if (one.type === 'nak' && isHeld) faults.push(`${one.mac} has ${had.ip} and is refused`);
    if (one.type !== 'ack') continue;
    const holder = byIp.get(one.ip);
    if (holder !== undefined && holder.mac !== one.mac && holder.at + holder.seconds > one.at)
      faults.push(`${one.ip} of ${holder.mac} is given to ${one.mac}`);
    if (isHeld && had.ip !== one.ip) faults.push(`${one.mac} has ${had.ip} and gets ${one.ip}`);
    byIp.set(one.ip, one);
    byMac.set(one.mac, one);
  }
  const last = deaths.at(-1) ?? 0;
  for (const { mac, ip, at } of byMac.values())
    if (at < last) faults.push(`${mac} had ${ip} and is not heard again`);
  return faults;
}

describe.skipIf(!canRun)('leases outlive a server that is killed in a storm of clients', () => {
  it(`${kills} times: none is lost, none is given twice`, { timeout: 60_000 + kills * 30_000 }, async () => {
    const { seen, deaths } = await storm(kills, false);
    const acks = seen.filter(({ type }) => type === 'ack');
    const holders = new Set(acks.map(({ mac }) => mac));
    expect(holders.size).toBe(newClients * (kills + 1));
    // Each death hit a storm: some had their answer before it, more came after it.
    for (const at of deaths) {
      expect(acks.some((one) => one.at < at && one.at > at - 5)).toBe(true);
      expect(acks.some((one) => one.at > at)).toBe(true);
    }
    expect(faultsOf(seen, deaths)).toEqual([]);
    process.stderr.write(
      `kill-storm: ${deaths.length} kills, ${holders.size} clients, ${acks.length} ACKs read by tshark\n`,
    );
  });

  it('would see a server that acknowledges before the lease is on disk', { timeout: 120_000 }, async () => {
    const { seen, deaths } = await storm(2, true);
    expect(faultsOf(seen, deaths).join('\n')).toMatch(/is given to|is refused| gets /);
  });
});
