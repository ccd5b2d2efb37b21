import { median, printRow, say } from '../support/report.ts';
import { build, builtProgram, isThere, serveDnsmasq, serveKea, serveOurs } from '../pxe/kinds.ts';
import { Lan, type Running } from '../pxe/lan.ts';
import { type LoadOrder, type LoadReport, macBases } from '../pxe/orders.ts';
import { perfdhcpRate } from './perfdhcp.ts';

const taken = 10_000;
const many = 100_000;
type Server = 'ours' | 'dnsmasq' | 'kea';
/** `written`: known clients that ask for a time (option 51), so that each of their leases is written. */
type Kind = 'known' | 'written' | 'fresh';
const kinds = ['known', 'written', 'fresh'] as const satisfies readonly Kind[];

const start: Readonly<Record<Server, (lan: Lan, known: number) => Promise<Running>>> = {
  ours: (lan, known) => serveOurs(lan, { known, policy: 'address' }),
  dnsmasq: serveDnsmasq,
  kea: serveKea,
};

/** As many at a time as a busy segment has, and as a hall that powers on. */
const outstanding: Readonly<Record<Kind, number>> = { known: 64, written: 64, fresh: 1000 };

const names: Readonly<Record<Kind, string>> = {
  known: 'known clients',
  written: 'known clients that ask for a time',
  fresh: 'new clients',
};

const goals: Readonly<Record<'dnsmasq' | 'kea', Readonly<Record<Kind, string>>>> = {
  dnsmasq: { known: '15', written: 'none', fresh: '100' },
  kea: { known: '2', written: 'none', fresh: '1' },
};

async function load(lan: Lan, order: LoadOrder): Promise<LoadReport> {
  const { stdout, stderr, status } = await lan.run([...builtProgram('dhcp/load.js'), JSON.stringify(order)]);
  if (status !== 0) throw new Error(`the load client ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as LoadReport;
}

interface Seen {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Processor milliseconds a lease. */
  readonly cpuMs: number;
  /** By perfdhcp; NaN where it is missing. */
  readonly perfdhcp: number;
  /** After all of it. */
  readonly residentMiB: number;
}

/** One server of its own with 10,000 leases: known clients, then new ones, by our load client and by perfdhcp. */
async function runOnce(
  lan: Lan,
  server: Server,
  seconds: number,
  withPerfdhcp: boolean,
): Promise<Readonly<Record<Kind, Seen>>> {
  const running = await start[server](lan, taken);
  try {
    const measure = async (kind: Kind): Promise<Seen> => {
      const before = running.cpuSeconds();
      const seen = await load(lan, {
        macBase: macBases[kind === 'fresh' ? 'fresh' : 'known'],
        firstClient: 0,
        // No new client asks twice.
        clients: kind === 'fresh' ? 1_000_000 : taken,
        asksTime: kind === 'written',
        outstanding: outstanding[kind],
        // Its pings are three seconds each: before the first ones have ended there is nothing to count.
        seconds: server === 'dnsmasq' && kind === 'fresh' ? Math.max(seconds, 30) : seconds,
      });
      const cpuMs = ((running.cpuSeconds() - before) * 1000) / seen.exchanges;
      say(`dhcp ${server} ${kind}: ${JSON.stringify(seen)}, ${cpuMs.toPrecision(3)} ms of processor a lease`);
      const hasPerfdhcp = withPerfdhcp && kind !== 'written';
      const perfdhcp = hasPerfdhcp ? await perfdhcpRate(lan, kind, seen.perSecond) : Number.NaN;
      if (hasPerfdhcp) say(`dhcp ${server} ${kind}: perfdhcp ${perfdhcp.toFixed(0)}/s`);
      const { perSecond, p99Ms } = seen;
      return { perSecond, p99Ms, cpuMs, perfdhcp, residentMiB: running.residentMiB() };
    };
    return {
      known: await measure('known'),
      written: await measure('written'),
      fresh: await measure('fresh'),
    };
  } finally {
    await running.stop();
  }
}

/** MiB resident with 100,000 leases, after half of them were renewed. */
async function memory(lan: Lan, server: Server): Promise<number> {
  const running = await start[server](lan, many);
  try {
    await load(lan, {
      macBase: macBases.known,
      firstClient: 0,
      clients: many,
      asksTime: false,
      outstanding: 64,
      seconds: 10,
    });
    return running.residentMiB();
  } finally {
    await running.stop();
  }
}

/** DHCP against Kea and dnsmasq over a cable between two network namespaces. `args`: `--runs N`, `--seconds N`, `--no-perfdhcp`, `--no-memory`. */
export async function benchDhcp(args: readonly string[]): Promise<void> {
  const number = (flag: string, usual: number): number =>
    args.includes(flag) ? Number(args[args.indexOf(flag) + 1]) : usual;
  const [runs, seconds] = [number('--runs', 3), number('--seconds', 5)];
  const peers = (['kea', 'dnsmasq'] as const).filter((peer) =>
    peer === 'kea' ? isThere('kea-dhcp4', 'kea-dhcp4-server') : isThere('dnsmasq', 'dnsmasq-base'),
  );
  const withPerfdhcp = !args.includes('--no-perfdhcp') && isThere('perfdhcp', 'kea-admin');
  build();
  const lan = new Lan();
  try {
    const seen: Record<Server, Readonly<Record<Kind, Seen>>[]> = { ours: [], dnsmasq: [], kea: [] };
    for (let run = 0; run < runs; run += 1) {
      for (const server of ['ours', ...peers] as const) {
        seen[server].push(await runOnce(lan, server, seconds, withPerfdhcp));
      }
    }
    const resident = new Map<Server, number>();
    if (!args.includes('--no-memory'))
      for (const server of ['ours', ...peers] as const) resident.set(server, await memory(lan, server));
    for (const peer of peers) {
      for (const kind of kinds) {
        const middle = (server: Server, what: keyof Seen): number =>
          median(seen[server].map((one) => one[kind][what]));
        const row = (
          work: string,
          what: keyof Seen,
          unit: string,
          goal: string,
          better: 'higher' | 'lower',
        ): void =>
          printRow(
            {
              work: `${names[kind]}, ${taken} leases taken: ${work}`,
              peer,
              ours: middle('ours', what),
              theirs: middle(peer, what),
              unit,
              goal,
              runs,
            },
            better,
          );
        const goal = goals[peer][kind];
        row(`${outstanding[kind]} at a time`, 'perSecond', 'leases/s', goal, 'higher');
        if (withPerfdhcp && kind !== 'written')
          row('perfdhcp, at most 1 % lost', 'perfdhcp', 'leases/s', goal, 'higher');
        row('99th percentile', 'p99Ms', 'ms', 'none', 'lower');
        row('processor a lease', 'cpuMs', 'ms', 'none', 'lower');
        row('resident at the end', 'residentMiB', 'MiB', 'none', 'lower');
      }
      const [ours, theirs] = [resident.get('ours'), resident.get(peer)];
      if (ours !== undefined && theirs !== undefined)
        printRow(
          {
            work: `${many} leases: resident`,
            peer,
            ours,
            theirs,
            unit: 'MiB',
            goal: 'ours under 200',
            runs: 1,
          },
          'lower',
        );
    }
  } finally {
    lan.remove();
  }
}
