import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from '../support/report.ts';
import { serverAddress, type TftpLab } from './lab.ts';

export const builtFolder = resolve(import.meta.dirname, '../../.cache/rackwright/bench-tftp/bench/tftp');

/** One TFTP server program. */
export interface ServerKind {
  readonly name: string;
  readonly command: (folder: string) => readonly string[];
}

/** One that runs. */
export interface RunningServer {
  readonly name: string;
  /** Processor seconds so far, of its ended children too. */
  cpuSeconds(): number;
  /** Most memory it had, MiB resident. */
  memoryMiB(): number;
  stop(): Promise<void>;
}

export const ours: ServerKind = {
  name: 'ours',
  command: (folder) => [process.execPath, resolve(builtFolder, 'server.js'), serverAddress, folder],
};

interface Peer extends ServerKind {
  readonly debian: string;
  /** Says which program it is: other packages install one of the same name. */
  readonly version: readonly string[];
  readonly is: RegExp;
}

/** `tftpdHpa`: path of tftpd-hpa's in.tftpd; atftpd's package, which can't be installed beside it, has a link of that name. */
const peers = (tftpdHpa: string): Readonly<Record<'dnsmasq' | 'atftpd' | 'tftpd-hpa', Peer>> => ({
  dnsmasq: {
    name: 'dnsmasq',
    debian: 'dnsmasq-base',
    version: ['dnsmasq', '--version'],
    is: /dnsmasq/i,
    command: (folder) => [
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--port=0',
      '--enable-tftp',
      `--tftp-root=${folder}`,
      '--tftp-max=1000',
      `--listen-address=${serverAddress}`,
      '--bind-interfaces',
      '--user=root',
      '--pid-file',
      '--log-facility=/dev/null',
    ],
  },
  atftpd: {
    name: 'atftpd',
    debian: 'atftpd',
    version: ['atftpd', '--version'],
    is: /atftp/,
    command: (folder) => [
      'atftpd',
      '--daemon',
      '--no-fork',
      '--user',
      'root.root',
      '--bind-address',
      serverAddress,
      '--maxthread',
      '1000',
      '--logfile',
      '/dev/null',
      folder,
    ],
  },
  'tftpd-hpa': {
    name: 'tftpd-hpa',
    debian: 'tftpd-hpa',
    version: [tftpdHpa, '--version'],
    is: /tftp-hpa/,
    command: (folder) => [
      tftpdHpa,
      '--foreground',
      '--address',
      `${serverAddress}:69`,
      '--user',
      'root',
      '-s',
      folder,
    ],
  },
});

export type PeerName = keyof ReturnType<typeof peers>;

/** The peers that are installed; a missing one is named on stderr. */
export function findPeers(tftpdHpa: string): Partial<Record<PeerName, ServerKind>> {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const found: Partial<Record<PeerName, ServerKind>> = {};
  for (const [name, peer] of Object.entries(peers(tftpdHpa)) as [PeerName, Peer][]) {
    const [program = '', ...args] = peer.version;
    const { stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    if (peer.is.test(`${stdout}${stderr}`)) found[name] = peer;
    else say(`skipped: rows against ${name}, which is missing (Debian: ${peer.debian})`);
  }
  return found;
}

/** Starts a server on the server side of the lab; resolves when a file can be fetched from it. */
export async function startServer(kind: ServerKind, lab: TftpLab): Promise<RunningServer> {
  const child = lab.spawn('server', kind.command(lab.folder));
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit');
  const { pid } = child;
  for (let tries = 0; ; tries += 1) {
    const { status } = await lab.run([
      'curl',
      '-s',
      '-m',
      '2',
      '-o',
      '/dev/null',
      `tftp://${serverAddress}/small`,
    ]);
    if (status === 0) break;
    if (tries > 20 || pid === undefined || child.exitCode !== null)
      throw new Error(`${kind.name} does not answer: ${output}`);
    await sleep(200);
  }
  return {
    name: kind.name,
    cpuSeconds() {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      // utime, stime, cutime, cstime in ticks of 10 ms: proc(5)
      return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / 100;
    },
    memoryMiB: () =>
      Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
