import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { median, printRow, say } from '../support/report.ts';
import { TftpLab } from './lab.ts';
import {
  findPeers,
  ours,
  type PeerName,
  type RunningServer,
  type ServerKind,
  startServer,
} from './servers.ts';
import { fetchWithAtftp, fetchWithMany } from './works.ts';

const mega = 1_000_000;

interface Work {
  readonly part: string;
  readonly name: string;
  readonly peers: readonly PeerName[];
  readonly permille: number;
  readonly runs: number;
  readonly goal: string;
  /** One run; milliseconds. */
  readonly run: (lab: TftpLab) => Promise<number>;
  /** Bytes that a run delivers, where a rate is wanted instead of a time. */
  readonly bytes?: number;
}

const one = (file: string, windowSize: number) => (lab: TftpLab) => fetchWithAtftp(lab, file, windowSize);
const many = (clients: number, windowSize: number) => async (lab: TftpLab) =>
  (await fetchWithMany(lab, { file: 'loader', clients, windowSize })).ms;
const speed = { permille: 0, runs: 3, goal: 'ratio 1', bytes: 40 * mega };
// Not with atftp: it gives up when an OACK is repeated, whoever the server is, and RFC 2347 has it repeated.
const loss = { peers: ['atftpd'] as const, runs: 11, goal: 'ratio 1, all bytes right' };

const works: readonly Work[] = [
  {
    ...speed,
    part: 'speed',
    name: '40 MB, blocks of 1468, lock-step',
    peers: ['dnsmasq', 'tftpd-hpa', 'atftpd'],
    run: one('large', 1),
  },
  { ...speed, part: 'speed', name: '40 MB, window 16', peers: ['atftpd'], run: one('large', 16) },
  { ...speed, part: 'speed', name: '40 MB, window 64', peers: ['atftpd'], run: one('large', 64) },
  { ...loss, part: 'loss', name: '1 MB, window 16, 0.5 % loss, median', permille: 5, run: many(1, 16) },
  { ...loss, part: 'loss', name: '1 MB, window 16, 2 % loss, median', permille: 20, run: many(1, 16) },
  {
    ...speed,
    part: 'crowd',
    name: '200 clients at once, 1 MB each, lock-step',
    peers: ['dnsmasq', 'tftpd-hpa', 'atftpd'],
    run: many(200, 1),
    bytes: 200 * mega,
  },
];

interface Seen {
  readonly ms: number;
  readonly cpu: number;
  readonly memory: number;
}

/** One run against a server of its own, so that neither stands in the other's way and memory is that of this work. */
async function runOnce(kind: ServerKind, work: Work, lab: TftpLab): Promise<Seen> {
  const server: RunningServer = await startServer(kind, lab);
  try {
    lab.lose(work.permille);
    const before = server.cpuSeconds();
    const ms = await work.run(lab);
    return { ms, cpu: server.cpuSeconds() - before, memory: server.memoryMiB() };
  } finally {
    lab.lose(0);
    await server.stop();
  }
}

async function compare(work: Work, peer: ServerKind, lab: TftpLab): Promise<void> {
  say(`tftp ${work.name}: ours and ${peer.name}`);
  const [mine, theirs]: [Seen[], Seen[]] = [[], []];
  for (let run = 0; run < work.runs; run += 1) {
    mine.push(await runOnce(ours, work, lab));
    theirs.push(await runOnce(peer, work, lab));
  }
  const middle = (list: readonly Seen[], what: keyof Seen): number => median(list.map((seen) => seen[what]));
  const row = { peer: peer.name, runs: work.runs };
  const { bytes } = work;
  const rate = (list: readonly Seen[]): number => (bytes ?? 0) / mega / (middle(list, 'ms') / 1000);
  if (bytes === undefined) {
    printRow(
      {
        ...row,
        work: work.name,
        ours: middle(mine, 'ms'),
        theirs: middle(theirs, 'ms'),
        unit: 'ms',
        goal: work.goal,
      },
      'lower',
    );
    return;
  }
  printRow(
    { ...row, work: work.name, ours: rate(mine), theirs: rate(theirs), unit: 'MB/s', goal: work.goal },
    'higher',
  );
  for (const [what, unit] of [
    ['cpu', 'processor s'],
    ['memory', 'MiB resident at most'],
  ] as const) {
    const figures = { ours: middle(mine, what), theirs: middle(theirs, what), unit, goal: 'none' };
    printRow({ ...row, work: `${work.name}: ${what}`, ...figures }, 'lower');
  }
}

/** TFTP against the servers of others, over a cable between two network namespaces. `args`: parts (speed, loss, crowd; none: all), `--tftpd-hpa PATH`. */
export async function benchTftp(args: readonly string[]): Promise<void> {
  const flag = args.indexOf('--tftpd-hpa');
  const tftpdHpa = (flag < 0 ? undefined : args[flag + 1]) ?? 'in.tftpd';
  const wanted = flag < 0 ? args : args.toSpliced(flag, 2);
  if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run it with sudo');
  const root = resolve(import.meta.dirname, '../..');
  execFileSync('npx', ['tsc', '-p', 'bench/tftp/tsconfig.json'], { cwd: root, stdio: 'inherit' });
  const peers = findPeers(tftpdHpa);
  const lab = new TftpLab();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Not once: a terminal and `timeout` may send it twice.
    process.on(signal, () => {
      lab.remove();
      process.exit(1);
    });
  }
  try {
    writeFileSync(join(lab.folder, 'small'), randomBytes(100));
    writeFileSync(join(lab.folder, 'loader'), randomBytes(mega));
    writeFileSync(join(lab.folder, 'large'), randomBytes(40 * mega));
    for (const work of works) {
      if (wanted.length > 0 && !wanted.includes(work.part)) continue;
      for (const name of work.peers) {
        const peer = peers[name];
        if (peer !== undefined) await compare(work, peer, lab);
      }
    }
  } finally {
    lab.remove();
  }
}
