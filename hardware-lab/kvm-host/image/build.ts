import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { hashInputs } from '../../../inspector/builder/outputs.ts';
import { type BuildLog, requireTools, run } from '../../../inspector/builder/tools.ts';
import { makeBootDisk } from './boot-disk.ts';
import { installDebian } from './root-fs.ts';

/** What a machine boots from, and how to log in to it. */
export interface HostImage {
  /** Raw; it is never written: machines run on an overlay. */
  readonly disk: string;
  /** File with the private key of `root`, OpenSSH form. */
  readonly privateKey: string;
  /** Of the user `rack`, who is no root but may sudo without a password. */
  readonly password: string;
  /** `ssh-ed25519 AAAA...`: the key that the host shows. */
  readonly hostKey: string;
}

/** Programs of the build and the Debian package of each. */
const tools: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  'ssh-keygen': 'openssh-client',
  chroot: 'coreutils',
};

function imageIn(folder: string): HostImage {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();
  return {
    disk: join(folder, 'disk.raw'),
    privateKey: join(folder, 'id_ed25519'),
    password: read('password'),
    hostKey: read('host-key.pub').split(' ').slice(0, 2).join(' '),
  };
}

/** Removes images of older recipes and what a killed build left, unless somebody touched them within the hour. */
function removeOld(cache: string, keep: string): void {
  for (const name of readdirSync(cache).filter((other) => other !== keep)) {
    const path = join(cache, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > 3_600_000) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

async function buildInto(work: string, log: BuildLog, signal: AbortSignal | undefined): Promise<void> {
  const root = join(work, 'root');
  const key = join(work, 'id_ed25519');
  const password = randomBytes(15).toString('base64url');
  run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'rackwright lab', '-f', key]);
  writeFileSync(join(work, 'password'), `${password}\n`, { mode: 0o600 });
  const publicKey = readFileSync(`${key}.pub`, 'utf8');
  await installDebian({ root, work, password, publicKey, log, signal });
  log('making the disk');
  const hostKey = readFileSync(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'));
  writeFileSync(join(work, 'host-key.pub'), hostKey);
  await makeBootDisk({ root, work, disk: join(work, 'disk.raw'), uuid: randomUUID() });
  rmSync(root, { recursive: true });
}

/**
 * Builds the disk of a KVM host (Debian 12 with libvirt and GRUB) under `cache`, or answers at once when one of this recipe is there:
 * about 100 s, 200 MB from the machine's Debian mirror, 800 MB on disk. Needs root. Throws BuildError that names a missing program
 * with its package, or what failed.
 */
export async function buildHostImage(options: {
  readonly cache: string;
  readonly log: BuildLog;
  /** Ends the build in order. */
  readonly signal?: AbortSignal;
}): Promise<HostImage> {
  const { log } = options;
  const cache = join(options.cache, 'kvm-host');
  const name = hashInputs(['kvm-host 1'], [import.meta.dirname]).slice(0, 16);
  const folder = join(cache, name);
  if (existsSync(folder)) {
    log(`the KVM host's disk is up to date in ${folder}`);
    // removeOld of another recipe spares what is in use.
    utimesSync(folder, new Date(), new Date());
    return imageIn(folder);
  }
  requireTools(tools);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  removeOld(cache, name);
  const work = mkdtempSync(join(cache, 'build-'));
  try {
    log('building the disk of a KVM host');
    // mkdtemp's 0700 would be the root folder's parent, which apt's sandbox user must pass.
    chmodSync(work, 0o755);
    await buildInto(work, log, options.signal);
    chmodSync(work, 0o700);
    // Another build may have been faster; then its result is as good.
    if (!existsSync(folder)) renameSync(work, folder);
    log(`wrote ${folder}`);
    return imageIn(folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
