import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BuildError, type BuildLog, run } from '../../../inspector/builder/tools.ts';
import { labEnvironment } from '../../processes.ts';
import { debianSources, hostPackages, leftOut } from './lists.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Files that are laid over the root file system before packages are configured. */
export const overlayFolder = join(import.meta.dirname, 'files');

/** Would wake up while a test measures or waits. */
const silenced = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  // Waits five minutes for machines that have no operating system to shut down.
  'libvirt-guests.service',
  'getty@tty1.service',
  'serial-getty@ttyS0.service',
  'systemd-networkd-wait-online.service',
  'systemd-pstore.service',
];

/** Runs mmdebstrap; what it says about its progress goes to `log`. Rejects with BuildError and its last words, or when aborted. */
async function bootstrap(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  log: BuildLog,
  signal: AbortSignal | undefined,
): Promise<void> {
  const child = spawn('mmdebstrap', args, { stdio: ['ignore', 'ignore', 'pipe'], env: labEnvironment(env) });
  // It must unmount what it mounted: SIGTERM, and wait.
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    if (last.length > 30) last.shift();
    if (line.startsWith('I: ')) log(line.slice(3).trim());
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal?.throwIfAborted();
    if (code !== 0) throw new BuildError('command', `mmdebstrap failed: ${last.join('\n').trim()}`);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Installs Debian into the new folder `root` (about 90 s and 700 MB on two cores) with a user `rack` who may do everything by sudo.
 * Rejects with BuildError.
 */
export async function installDebian(options: {
  readonly root: string;
  /** For notes of its own. */
  readonly work: string;
  readonly password: string;
  /** A line of root's authorized_keys. */
  readonly publicKey: string;
  readonly log: BuildLog;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const { root, work } = options;
  const sources = join(work, 'sources.list');
  writeFileSync(sources, debianSources(keyring));
  const args = [
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    // The folder becomes a disk image afterwards: a crash meanwhile costs nothing.
    '--dpkgopt=force-unsafe-io',
    ...leftOut().map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    // Before the kernel is configured, which makes the ramdisk.
    '--essential-hook=cp -R --no-preserve=ownership "$RACKWRIGHT_OVERLAY/." "$1/"',
    `--include=${hostPackages().join(',')}`,
    'bookworm',
    root,
    sources,
  ];
  // Not RACKWRIGHT_ from outside: labEnvironment takes those away, and this one is added after that.
  await bootstrap(args, { RACKWRIGHT_OVERLAY: overlayFolder }, options.log, options.signal);
  const inside = (command: string, ...rest: readonly string[]): void =>
    void run('chroot', [root, command, ...rest]);
  inside('chmod', '0440', '/etc/sudoers.d/rack');
  // Else each login starts a service manager for its user, seconds of work on an emulated machine.
  inside('pam-auth-update', '--package', '--remove', 'systemd');
  inside('useradd', '--create-home', '--shell', '/bin/bash', 'rack');
  run('chroot', [root, 'chpasswd'], { input: `rack:${options.password}\n` });
  mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, 'root/.ssh/authorized_keys'), options.publicKey, { mode: 0o600 });
  inside('systemctl', '--quiet', 'enable', 'systemd-networkd.service');
  inside('systemctl', '--quiet', 'mask', ...silenced);
  inside('systemd-machine-id-setup');
}
