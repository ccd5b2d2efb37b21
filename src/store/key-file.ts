import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { RandomBytes } from '../base/random.ts';
import { StoreError } from './errors.ts';

const keyLength = 32;

/** Flushes a directory, so that a name just made in it survives a power cut. */
function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes a new random key: complete and mode 0600 from the moment its name exists, and never over another file.
 * Throws the system's error.
 */
export function createKeyFile(path: string, random: RandomBytes): Uint8Array {
  const key = random(keyLength);
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const fd = openSync(draft, 'wx', 0o600);
  try {
    chmodSync(draft, 0o600);
    writeSync(fd, key);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  linkSync(draft, path);
  rmSync(draft);
  syncDirectory(dirname(path));
  return key;
}

/**
 * The key in a file, undefined when there is no such file. Throws StoreError `io` (data.reason `unsafe-key`) when others than
 * the owner may read it, and `damaged` when it is no key.
 */
export function readKeyFile(path: string): Uint8Array | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    throw new StoreError(
      'io',
      `${path} opens every stored password and others may read it (mode ${mode}): run chmod 600 on it, and change the passwords if somebody may have`,
      { data: { reason: 'unsafe-key' } },
    );
  }
  const key = readFileSync(path);
  if (key.length !== keyLength) {
    throw new StoreError(
      'damaged',
      `${path} is ${key.length} bytes long and a key has ${keyLength}: restore it from a backup`,
    );
  }
  return key;
}
