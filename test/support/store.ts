import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStore, type Store } from '../../src/store/index.ts';
import { pathsIn, random } from './records.ts';

/** A directory that goes when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rackwright-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens (again) the store in `directory`; closed when the test ends. */
export async function storeIn(directory: string): Promise<Store> {
  const store = await openStore({ ...pathsIn(directory), random });
  onTestFinished(() => store.close());
  return store;
}
