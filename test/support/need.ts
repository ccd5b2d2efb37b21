import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A program that a test needs and the Debian package that has it. */
export interface Tool {
  readonly tool: string;
  readonly package: string;
}

/**
 * True when all tools are there. A missing one is a printed reason to skip on a laptop and an error under CI=true.
 * Use as `describe.skipIf(!needTools({ tool: 'ipmitool', package: 'ipmitool' }))(...)`.
 */
export function needTools(...tools: readonly Tool[]): boolean {
  const missing = tools.filter(({ tool }) => {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
    return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { env: { PATH: path } }).status !== 0;
  });
  if (missing.length === 0) return true;
  const text = `missing ${missing.map((m) => `${m.tool} (Debian package ${m.package})`).join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(text);
  process.stderr.write(`skipped: ${text}\n`);
  return false;
}

/** True when tests may make network namespaces (root); otherwise as needTools. */
export function needRoot(): boolean {
  if (process.getuid?.() === 0) return true;
  if (process.env['CI'] === 'true') throw new Error('this test needs root for network namespaces');
  process.stderr.write('skipped: needs root for network namespaces\n');
  return false;
}

/** True when a file of a Debian package is there; otherwise as needTools. */
export function needFile(path: string, debianPackage: string): boolean {
  if (existsSync(path)) return true;
  const text = `missing ${path} (Debian package ${debianPackage})`;
  if (process.env['CI'] === 'true') throw new Error(text);
  process.stderr.write(`skipped: ${text}\n`);
  return false;
}
