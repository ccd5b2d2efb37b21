import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How FreeIPMI's programs log in as the simulator's administrator: the password is in a file, not in argv. */
export interface FreeipmiConfig {
  readonly options: readonly string[];
  /** A folder of its own, also for caches. */
  readonly folder: string;
  remove(): void;
}

export function freeipmiConfig(): FreeipmiConfig {
  const folder = mkdtempSync(join(tmpdir(), 'freeipmi-'));
  const file = join(folder, 'freeipmi.conf');
  writeFileSync(file, 'username admin\npassword test-secret\n', { mode: 0o600 });
  return {
    options: ['--config-file', file],
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
