import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, builtProgram, freshFolder, serveOurs } from '../pxe/kinds.ts';
import { Lan } from '../pxe/lan.ts';
import { printRow, say } from '../support/report.ts';
import { type AttackOrder, type AttackReport, type Protocol, protocols } from './orders.ts';

const known = 50;
/** Addresses of the attacker, which no client gets. */
const addresses = '10.79.255';

async function attack(lan: Lan, order: AttackOrder): Promise<AttackReport> {
  const command = [...builtProgram('malformed/attack.js'), JSON.stringify(order)];
  const { stdout, stderr, status } = await lan.run(command, 3_600_000);
  if (status !== 0) throw new Error(`the attack ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as AttackReport;
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0);

/** Shares of the cases after which the server is looked at. */
const looks = [0.1, 0.5, 1] as const;

/** A server of its own takes the cases in three parts and is looked at after each. */
async function benchOne(lan: Lan, protocol: Protocol, cases: number): Promise<void> {
  const kernel = join(freshFolder(lan, 'kernel'), 'kernel');
  writeFileSync(kernel, randomBytes(10_000));
  const running = await serveOurs(lan, { known, policy: { first: known }, kernel, initrd: kernel });
  try {
    const reports: AttackReport[] = [];
    const [resident, inUse]: [number[], number[]] = [[], []];
    const begun = performance.now();
    let done = 0;
    for (const [part, share] of looks.entries()) {
      const until = Math.ceil(cases * share);
      const order = { protocol, known, addresses, cases: until - done, seed: part + 1 };
      reports.push(await attack(lan, order));
      done = until;
      resident.push(running.residentMiB());
      inUse.push(await running.inUseMiB());
    }
    const seconds = (performance.now() - begun) / 1000;
    say(`malformed ${protocol}: ${JSON.stringify(reports)}`);
    const row = (work: string, ours: number, theirs: number, unit: string, goal: string): void =>
      printRow({ work: `${protocol}: ${work}`, peer: 'none', ours, theirs, unit, goal, runs: 1 }, 'lower');
    const all = (what: (report: AttackReport) => number): number =>
      reports.reduce((total, report) => total + what(report), 0);
    const proven = protocol === 'http' ? 'none: TCP proved the address' : undefined;
    row(`${cases} malformed packets without a crash`, 0, 0, 'crashes', '0');
    row('malformed packets a second', cases / seconds, cases / seconds, 'packets/s', 'none');
    const [atTenth = 0, atHalf = 0, atEnd = 0] = inUse;
    row(
      'in use after a collection: at the end, after a tenth',
      atEnd,
      atTenth,
      'MiB',
      'at most a tenth more',
    );
    row('in use after a collection: at the end, at half', atEnd, atHalf, 'MiB', 'at most a tenth more');
    row('resident: at the end, at half', resident[2] ?? 0, resident[1] ?? 0, 'MiB', 'at most a tenth more');
    const bytes = [all((report) => report.bytesOut), all((report) => report.bytesIn)] as const;
    row('bytes out, bytes in', ...bytes, 'bytes of frames', proven ?? 'out at most in');
    const answers = all((report) => sum(report.answers));
    row(
      'longer answers to what is malformed or refused, all answers',
      all((report) => sum(report.amplified)),
      answers,
      'answers',
      proven ?? '0',
    );
    row(
      'longer answers of the protocol to what is valid still, all answers',
      all((report) => sum(report.larger)),
      answers,
      'answers',
      'none',
    );
  } finally {
    await running.stop();
  }
}

/** Malformed packets against DHCP, TFTP and boot HTTP. `args`: which of them; CASES in the environment: how many each (1,000,000). */
export async function benchMalformed(args: readonly string[]): Promise<void> {
  const wished = Number(process.env['CASES']);
  const cases = wished > 0 ? wished : 1_000_000;
  build();
  const lan = new Lan();
  try {
    const route = ['route', 'add', 'local', `${addresses}.0/24`, 'dev', 'lo'];
    execFileSync('ip', ['-n', lan.namespace('client'), ...route]);
    for (const protocol of protocols) {
      if (args.length === 0 || args.includes(protocol)) await benchOne(lan, protocol, cases);
    }
  } finally {
    lan.remove();
  }
}
