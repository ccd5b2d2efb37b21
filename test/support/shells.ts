import { execFile } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tool } from './need.ts';

/** The shells that installers have as /bin/sh. */
export const shells: readonly (readonly [name: string, ...command: string[]])[] = [
  ['dash', 'dash'],
  ['bash', 'bash', '--norc', '--posix'],
  ['busybox ash', 'busybox', 'sh'],
];

export const shellTools: readonly Tool[] = ['dash', 'bash', 'busybox'].map((tool) => ({
  tool,
  package: tool,
}));

export interface ShellResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A new folder below the system's temporary one; whoever makes it removes it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'rackwright-test-'));
}

/** Runs a script from a file, as Anaconda does, in `folder`. `env` is the whole environment beside PATH. */
export function runScript(
  command: readonly string[],
  script: string,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ShellResult> {
  const path = join(folder, 'script.sh');
  writeFileSync(path, script);
  const [program = '', ...options] = command;
  return new Promise((resolve) => {
    execFile(
      program,
      [...options, path],
      { cwd: folder, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env }, timeout: 15_000 },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ status, stdout, stderr });
      },
    );
  });
}

/** A folder for PATH that has only these programs, each name linked to a program. */
export function onlyPrograms(folder: string, programs: Readonly<Record<string, string>>): string {
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, name));
  return folder;
}
