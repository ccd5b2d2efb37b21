import { randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { generateSshKey, readSshKey, type SshKeyPair } from '../../net/ssh-key.ts';
import { KvmError } from '../errors.ts';

/** Rackwright's own key pair; the same promise for all callers. */
export type ReadOwnKey = () => Promise<SshKeyPair>;

const comment = 'rackwright';

/**
 * The key pair in `ssh-key` of the data directory (mode 0600), made when it is first asked for. Of two processes that make one at the
 * same time, both use the one that came first. Rejects with KvmError `refused` when the file cannot be used.
 */
export function ownKeyIn(dataDirectory: string): ReadOwnKey {
  const path = join(dataDirectory, 'ssh-key');
  let pair: Promise<SshKeyPair> | undefined;
  return () => {
    pair ??= readOrMake(path).catch((error: unknown) => {
      pair = undefined;
      throw new KvmError(
        'refused',
        `Rackwright's own SSH key ${path} cannot be used: ${messageOf(error)}; move it away, and a new one is made`,
        { cause: error },
      );
    });
    return pair;
  };
}

async function readOrMake(path: string): Promise<SshKeyPair> {
  const there = await read(path);
  if (there) return there;
  await make(path, generateSshKey(comment).privateKey);
  const made = await read(path);
  if (made) return made;
  throw new Error('it went away as soon as it was written');
}

async function read(path: string): Promise<SshKeyPair | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    await chmod(path, 0o600);
    return readSshKey(text, comment);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Under its name it is whole or not there; one that is there already stays. */
async function make(path: string, privateKey: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(privateKey);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}
