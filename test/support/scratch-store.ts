import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/store/index.ts';
import { random } from './records.ts';

/** A store with a look at what it wrote. */
export interface ScratchStore extends Store {
  /** Everything that is in its files now, the key aside, as Latin-1 text. */
  writtenText(): string;
}

const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const pathsIn = (folder: string) => ({ path: join(folder, 'db.sqlite'), keyPath: join(folder, 'key') });
let template: Promise<readonly (readonly [name: string, bytes: Uint8Array])[]> | undefined;

/** The files of a store that has nothing in it yet: most of the time of opening a new one goes into its migrations. */
async function emptyStore(): Promise<readonly (readonly [name: string, bytes: Uint8Array])[]> {
  const folder = mkdtempSync(join(parent, 'rackwright-empty-'));
  try {
    const store = await openStore({ ...pathsIn(folder), random });
    await store.close();
    return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A store of its own that `close` removes; in memory where the machine has /dev/shm, since these tests are not about durability. */
export async function scratchStore(): Promise<ScratchStore> {
  template ??= emptyStore();
  const files = await template;
  const folder = mkdtempSync(join(parent, 'rackwright-api-'));
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
  const store = await openStore({ ...pathsIn(folder), random });
  return {
    ...store,
    writtenText: () =>
      readdirSync(folder)
        .filter((name) => name.startsWith('db.sqlite'))
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join(''),
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
