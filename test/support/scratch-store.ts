import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/store/index.ts';
import { random } from './records.ts';

/** A store with a look at what it wrote. */
export interface ScratchStore extends Store {
  /** Everything that is in its files now, the key aside, as Latin-1 text. */
  writtenText(): string;
}

/** A store of its own that `close` removes; in memory where the machine has /dev/shm, since these tests are not about durability. */
export async function scratchStore(): Promise<ScratchStore> {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(parent, 'rackwright-api-'));
  const store = await openStore({ path: join(folder, 'db.sqlite'), keyPath: join(folder, 'key'), random });
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
