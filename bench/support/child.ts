import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(import.meta.dirname, '../..');

/** A program of this folder in a process of its own. */
export interface BenchChild {
  /** The JSON that it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts `bench/<script>` and waits for its first line of JSON. Rejects when it ends before. Its standard input ends with this process,
 * however that ends; the script then has to stop.
 */
export async function startChild(script: string, args: readonly string[]): Promise<BenchChild> {
  const child = spawn(
    process.execPath,
    [...(script.endsWith('.ts') ? ['--import', 'tsx'] : []), resolve(root, 'bench', script), ...args],
    {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    ended.then(() => undefined),
  ]);
  if (first === undefined || child.pid === undefined)
    throw new Error(`bench/${script} ended before it was ready`);
  return {
    ready: JSON.parse(first) as Record<string, unknown>,
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
