import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { CliError } from './errors.ts';
import type { Io } from './io.ts';

/** A login that later commands use; it belongs to one server. */
export interface StoredSession {
  readonly url: string;
  readonly session: string;
}

function pathOf(io: Io): string {
  const folder = io.env['XDG_CONFIG_HOME'] || join(io.env['HOME'] ?? homedir(), '.config');
  return join(folder, 'rackwright', 'session.json');
}

/** The stored login; undefined when there is none or the file is not ours. */
export async function loadSession(io: Io): Promise<StoredSession | undefined> {
  try {
    const { url, session } = JSON.parse(await readFile(pathOf(io), 'utf8')) as Partial<StoredSession>;
    return typeof url === 'string' && typeof session === 'string' ? { url, session } : undefined;
  } catch {
    return undefined;
  }
}

/** Stores a login, readable by its owner only. Rejects with CliError `local-file`. */
export async function saveSession(io: Io, stored: StoredSession): Promise<string> {
  const path = pathOf(io);
  const draft = `${path}.${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(draft, `${JSON.stringify(stored)}\n`, { mode: 0o600 });
    await chmod(draft, 0o600);
    await rename(draft, path);
  } catch (error) {
    throw new CliError('local-file', `the session cannot be stored in ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return path;
}

/** Removes the stored login; none is fine. */
export async function dropSession(io: Io): Promise<void> {
  await rm(pathOf(io), { force: true });
}
