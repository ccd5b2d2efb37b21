import { spawn } from 'node:child_process';

/** What a program printed on both streams, and how it ended. */
export interface ConsoleRun {
  readonly code: number | null;
  readonly text: string;
}

/** Runs an IPMI console program; secrets go through its environment, not its arguments. */
export function runConsole(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ConsoleRun> {
  return new Promise((resolve, reject) => {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
    const child = spawn(program, args, { env: { ...process.env, PATH: path, ...env } });
    let text = '';
    const add = (chunk: Buffer): void => void (text += chunk.toString('latin1'));
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}
