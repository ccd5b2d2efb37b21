import { spawnSync } from 'node:child_process';
import { CodedError } from '../../src/base/errors.ts';

/** Says on one line what the builder does. */
export type BuildLog = (line: string) => void;

/** `missing-tool` names the Debian package; `command` carries what the program said; `input` is a fault of a data file. */
export class BuildError extends CodedError<'missing-tool' | 'command' | 'input'> {}

/** The programs that both ramdisks need and the Debian package of each. */
export const ramdiskTools: Readonly<Record<string, string>> = {
  'apt-cache': 'apt',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  depmod: 'kmod',
  cpio: 'cpio',
  zstd: 'zstd',
  busybox: 'busybox-static',
};

const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const env = { ...process.env, PATH: path, LC_ALL: 'C' };

/** Where a program is, or undefined. */
export function findTool(tool: string): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { env, encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/** Throws `missing-tool` with every missing program and the one command that installs them. */
export function requireTools(tools: Readonly<Record<string, string>>): void {
  const missing = Object.entries(tools).filter(([tool]) => findTool(tool) === undefined);
  if (missing.length === 0) return;
  const names = missing.map(([tool]) => tool).join(', ');
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  throw new BuildError(
    'missing-tool',
    `missing ${names}: apt-get install --no-install-recommends ${packages}`,
  );
}

/** Runs a program without a shell and returns its stdout; throws `command` with its stderr when it fails. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string | Uint8Array } = {},
): Buffer {
  const done = spawnSync(program, args, {
    env,
    maxBuffer: 512 * 1024 * 1024,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (done.error !== undefined) {
    throw new BuildError('command', `${program}: ${done.error.message}`, { cause: done.error });
  }
  if (done.status !== 0) {
    throw new BuildError('command', `${program} ${args.join(' ')} failed: ${done.stderr.toString().trim()}`);
  }
  return done.stdout;
}
