import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultIpxeDirectory } from '../../src/pxe/boot-files.ts';
import {
  build,
  builtProgram,
  folderOf,
  freshFolder,
  isThere,
  serveDnsmasqWithNginx,
  serveOurs,
} from '../pxe/kinds.ts';
import { Lan, type Running } from '../pxe/lan.ts';
import { network } from '../pxe/orders.ts';
import { median, printRow, say } from '../support/report.ts';
import type { CrowdOrder, CrowdReport } from './orders.ts';

const loader = join(defaultIpxeDirectory, 'snponly.efi');
const kernelBytes = 1_000_000;

/** With its ping before an offer, which we have in an ARP probe, and without. */
const peers = { 'dnsmasq, nginx': [], 'dnsmasq without ping, nginx': ['--no-ping'] } as const;

interface Seen extends CrowdReport {
  readonly cpu: number;
  readonly residentMiB: number;
}

async function runOnce(
  lan: Lan,
  who: string,
  start: () => Promise<Running>,
  order: CrowdOrder,
): Promise<Seen> {
  const running = await start();
  try {
    const before = running.cpuSeconds();
    const command = [...builtProgram('storm/crowd.js'), JSON.stringify(order)];
    const { stdout, stderr, status } = await lan.run(command, 300_000);
    if (status !== 0) throw new Error(`the crowd ended with ${status}: ${stderr}`);
    const report = JSON.parse(stdout) as CrowdReport;
    say(`storm ${who}: ${stdout.trim()}`);
    return { ...report, cpu: running.cpuSeconds() - before, residentMiB: running.residentMiB() };
  } finally {
    await running.stop();
    lan.forgetClients();
  }
}

/** 1,000 machines that power on within ten seconds, against dnsmasq with nginx. `args`: `--machines N`, `--runs N`. */
export async function benchStorm(args: readonly string[]): Promise<void> {
  const number = (flag: string, usual: number): number =>
    args.includes(flag) ? Number(args[args.indexOf(flag) + 1]) : usual;
  const [machines, runs] = [number('--machines', 1000), number('--runs', 3)];
  const withPeers = isThere('dnsmasq', 'dnsmasq-base') && isThere('nginx', 'nginx-light');
  build();
  const lan = new Lan();
  try {
    const kernel = join(freshFolder(lan, 'kernel'), 'kernel');
    writeFileSync(kernel, randomBytes(kernelBytes));
    const order: CrowdOrder = {
      machines,
      withinMs: 10 * machines,
      namespace: lan.namespace('client'),
      loader,
      kernel,
    };
    const www = folderOf(lan, { kernel });
    writeFileSync(join(www, 'boot.ipxe'), `#!ipxe\nkernel http://${network.server}:8081/kernel\nboot\n`);
    const tftp = folderOf(lan, { 'snponly.efi': loader });
    const ours: Seen[] = [];
    const theirs = new Map<string, Seen[]>();
    for (let run = 0; run < runs; run += 1) {
      const segment = () => serveOurs(lan, { known: 0, policy: 'boot', kernel });
      ours.push(await runOnce(lan, 'ours', segment, order));
      if (!withPeers) continue;
      for (const [peer, more] of Object.entries(peers)) {
        const seen = await runOnce(lan, peer, () => serveDnsmasqWithNginx(lan, { www, tftp }, more), order);
        theirs.set(peer, [...(theirs.get(peer) ?? []), seen]);
      }
    }
    const rows = [
      ['machines that did not boot', (seen: Seen) => machines - seen.booted, 'machines', 'ours 0'],
      ['all booted, from the first power-on', (seen: Seen) => seen.ms, 'ms', '1'],
      ['one machine, median', (seen: Seen) => seen.p50Ms, 'ms', 'none'],
      ['one machine, 99th percentile', (seen: Seen) => seen.p99Ms, 'ms', 'none'],
      ['packets that machines repeated', (seen: Seen) => seen.repeats, 'packets', 'none'],
      ['processor', (seen: Seen) => seen.cpu, 's', 'none'],
      ['resident at the end', (seen: Seen) => seen.residentMiB, 'MiB', 'none'],
    ] as const;
    for (const [peer, seen] of theirs) {
      for (const [what, of, unit, goal] of rows) {
        const figures = { ours: median(ours.map(of)), theirs: median(seen.map(of)) };
        const work = `storm of ${machines} machines: ${what}`;
        printRow({ work, peer, ...figures, unit, goal, runs }, 'lower');
      }
    }
  } finally {
    lan.remove();
  }
}
