import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SshTarget } from '../../src/net/shell.ts';

type KeyType = 'ed25519' | 'rsa' | 'ecdsa';
const keyTypes = ['ed25519', 'rsa', 'ecdsa'] as const;

/** A real sshd on loopback with host keys and an authorized key of its own. */
export interface OpensshServer {
  readonly folder: string;
  readonly target: SshTarget;
  /** Private keys that it lets in as root, and one that it does not. */
  readonly userKeys: Readonly<Record<KeyType, string>>;
  readonly strangerKey: string;
  /** Of its host keys, as ssh-keygen prints them. */
  readonly fingerprints: Readonly<Record<KeyType, string>>;
  /** Whether the process whose id is in a file runs. */
  isAlive(pidFile: string): boolean;
  /** Kills the processes that serve connections; the server goes on. */
  endSessions(): void;
  close(): Promise<void>;
}

/** Starts sshd with more lines for its configuration. */
export async function startOpenssh(more: readonly string[] = []): Promise<OpensshServer> {
  const folder = mkdtempSync(join(tmpdir(), 'openssh-'));
  // sshd of Debian refuses to start without it.
  mkdirSync('/run/sshd', { recursive: true });
  const make = (name: string, type: KeyType): string => {
    const path = join(folder, name);
    const made = spawnSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', path]);
    if (made.status !== 0) throw new Error(String(made.stderr));
    return path;
  };
  const pathsOf = (what: string): Record<KeyType, string> => ({
    ed25519: make(`${what}_ed25519`, 'ed25519'),
    rsa: make(`${what}_rsa`, 'rsa'),
    ecdsa: make(`${what}_ecdsa`, 'ecdsa'),
  });
  const host = pathsOf('host');
  const user = pathsOf('user');
  const stranger = make('stranger', 'ed25519');
  const known = join(folder, 'authorized_keys');
  writeFileSync(known, keyTypes.map((type) => readFileSync(`${user[type]}.pub`, 'utf8')).join(''));

  const port = await freePort();
  const config = join(folder, 'sshd_config');
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...keyTypes.map((type) => `HostKey ${host[type]}`),
    `AuthorizedKeysFile ${known}`,
    `PidFile ${join(folder, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    // bash reads root's .bashrc for commands of sshd, unless it is a shell in a shell: it may take a second.
    'SetEnv SHLVL=2',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    ...more,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  sshd.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  await answers(port, sshd, () => said);

  const childrenOf = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const endSessions = (): void => {
    for (const child of childrenOf(sshd.pid ?? 0)) process.kill(child, 'SIGKILL');
  };
  const fingerprint = (path: string): string =>
    spawnSync('ssh-keygen', ['-l', '-f', `${path}.pub`], { encoding: 'utf8' }).stdout.split(' ')[1] ?? '';
  const each = (of: (type: KeyType) => string): Record<KeyType, string> => ({
    ed25519: of('ed25519'),
    rsa: of('rsa'),
    ecdsa: of('ecdsa'),
  });
  const userKeys = each((type) => readFileSync(user[type], 'utf8'));

  return {
    folder,
    userKeys,
    strangerKey: readFileSync(stranger, 'utf8'),
    fingerprints: each((type) => fingerprint(host[type])),
    target: {
      host: '127.0.0.1',
      port,
      username: 'root',
      credential: { kind: 'key', privateKey: userKeys.ed25519 },
      hostKey: undefined,
      connectTimeoutMs: 10_000,
      keepAliveMs: 5000,
    },
    isAlive(pidFile) {
      const stat = `/proc/${readFileSync(pidFile, 'utf8').trim()}/stat`;
      return existsSync(stat) && !readFileSync(stat, 'utf8').includes(') Z ');
    },
    endSessions,
    async close() {
      endSessions();
      const ended = once(sshd, 'exit');
      sshd.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

async function answers(port: number, sshd: ChildProcess, said: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (sshd.exitCode !== null) throw new Error(`sshd ended: ${said()}`);
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (isUp) return;
    await new Promise((resolve) => void setTimeout(resolve, 25));
  }
  throw new Error(`sshd does not listen: ${said()}`);
}
