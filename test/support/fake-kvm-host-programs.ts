import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FakeCommand } from './fake-kvm-host.ts';

/** Shell scripts that play the programs of a host, each a file in one folder. */
export interface FakePrograms {
  readonly folder: string;
  /** Runs every command line with a real `sh` that finds these programs first. For `FakeBehaviour.run`. */
  readonly run: (command: FakeCommand) => void;
  set(program: string, script: string): void;
  remove(): void;
}

/** virsh, lspci and udevadm that print nothing; `sudo` and the rest are the machine's own. */
export function fakePrograms(scripts: Readonly<Record<string, string>> = {}): FakePrograms {
  const folder = mkdtempSync(join(tmpdir(), 'fake-kvm-host-'));
  const set = (program: string, script: string): void => {
    const path = join(folder, program);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  const usual = { virsh: 'exit 0', lspci: 'exit 0', udevadm: 'exec sleep 86400' };
  for (const [program, script] of Object.entries({ ...usual, ...scripts })) set(program, script);
  return {
    folder,
    set,
    run: ({ line, channel }) => {
      const env = { PATH: `${folder}:/usr/bin:/bin:/usr/sbin:/sbin`, HOME: '/root' };
      const child = spawn('sh', ['-c', line], { env });
      child.stdin.on('error', () => undefined);
      channel.pipe(child.stdin);
      child.stdout.on('data', (chunk: Buffer) => channel.write(chunk));
      child.stderr.on('data', (chunk: Buffer) => channel.stderr.write(chunk));
      channel.on('close', () => child.stdin.destroy());
      child.on('close', (code) => {
        channel.exit(code ?? 137);
        channel.end();
      });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
