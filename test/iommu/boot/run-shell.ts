import { spawn } from 'node:child_process';
import type { CommandResult, HostShell } from '../../../src/net/shell.ts';

/** A shell of this machine for tests: each command runs behind `before` (a wrapper such as unshare) and with `path` as its PATH. */
export function testShell(
  options: { readonly before?: readonly string[]; readonly path?: string } = {},
): HostShell {
  return {
    run: (argv, { input = '' } = {}) => runOne([...(options.before ?? []), ...argv], input, options.path),
    follow: () => Promise.reject(new Error('not for tests')),
    connect: () => Promise.reject(new Error('not for tests')),
    closed: new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
}

function runOne(argv: readonly string[], input: string, path: string | undefined): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: path ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
      timeout: 60_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ exitCode: code ?? undefined, signal: signal ?? undefined, stdout, stderr, truncated: false }),
    );
    // A script may end without reading.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
