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

/** A server of its own takes a tenth of the cases, is looked at, takes the rest, and is looked at again. */
async function benchOne(lan: Lan, protocol: Protocol, cases: number): Promise<void> {
  const kernel = join(freshFolder(lan, 'kernel'), 'kernel');
  writeFileSync(kernel, randomBytes(10_000));
  const running = await serveOurs(lan, { known, policy: { first: known }, kernel, initrd: kernel });
  try {
    const order = { protocol, known, addresses };
    const few = Math.ceil(cases / 10);
    const first = await attack(lan, { ...order, cases: few, seed: 1 });
    const before = running.residentMiB();
    const rest = await attack(lan, { ...order, cases: cases - few, seed: 2 });
    const after = running.residentMiB();
    say(`malformed ${protocol}: ${JSON.stringify(first)} ${JSON.stringify(rest)}`);
    const row = (work: string, ours: number, theirs: number, unit: string, goal: string): void =>
      printRow({ work: `${protocol}: ${work}`, peer: 'none', ours, theirs, unit, goal, runs: 1 }, 'lower');
    row(`${cases} malformed packets without a crash`, 0, 0, 'crashes', '0');
    row(`resident after ${cases}, after ${few}`, after, before, 'MiB', 'flat');
    row('bytes out, bytes in', rest.bytesOut, rest.bytesIn, 'bytes of frames', 'out at most in');
    row(
      'answers larger than what they answer, all answers',
      sum(rest.larger),
      sum(rest.answers),
      'answers',
      protocol === 'http' ? 'none: TCP proved the address' : '0',
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
