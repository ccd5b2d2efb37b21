import { execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { say } from '../support/report.ts';
import { bmcPort, type Fleet } from './targets.ts';

const root = resolve(import.meta.dirname, '../..');
const built = resolve(root, '.cache/rackwright/bench-ipmi');

/** Where a program runs: the simulators have one core, those that are measured another. */
type Core = 'simulator' | 'measured';

/** True when `program` can be started. */
export const isInstalled = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

const canPin = availableParallelism() > 1 && isInstalled('taskset');

/** The words before a command that keep it on its core; none where that can't be done. */
export const pinned = (core: Core): readonly string[] =>
  canPin ? ['taskset', '-c', core === 'simulator' ? '0' : '1'] : [];

/** Compiles simulators and workers as the product is compiled: run through tsx they are slower. */
export function buildWorkers(): void {
  execFileSync('npx', ['tsc', '-p', 'bench/ipmi/tsconfig.json'], { cwd: root, stdio: 'inherit' });
  if (!canPin) say('taskset is missing, or there is one core: simulators and clients share the processor');
}

/** A program of this folder in a process of its own that does one order after the other. */
export interface Worker<Order, Answer> {
  ask(order: Order): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts `bench/ipmi/<name>` with the IPC channel of `serveOrders`. */
export function startWorker<Order extends object, Answer>(
  name: string,
  args: readonly string[],
  core: Core,
): Worker<Order, Answer> {
  const [program, ...words] = [...pinned(core), process.execPath];
  const child = fork(resolve(built, 'bench/ipmi', `${name}.js`), [...args], {
    execPath: program,
    execArgv: words,
  });
  const ended = once(child, 'exit');
  return {
    async ask(order) {
      child.send(order);
      const message: unknown = await Promise.race([
        once(child, 'message').then(([first]: unknown[]) => first),
        ended.then(() => ({ error: 'it ended' })),
      ]);
      const { answer, error } = message as { answer?: Answer; error?: string };
      if (answer === undefined) throw new Error(`bench/ipmi/${name}: ${error}`);
      return answer;
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}

/** Simulated BMCs in a process of their own. */
export interface Simulators {
  setFaults(bmc: string, faults: object): Promise<void>;
  stop(): Promise<void>;
}

/** Starts hardware-lab/bmc-sim for a fleet; resolves when all answer. Rejects when an address can't be had. */
export async function startSimulators({ first, count }: Fleet): Promise<Simulators> {
  const script = resolve(built, 'hardware-lab/bmc-sim/main.js');
  const args = ['--count', String(count), '--first', first, '--port', String(bmcPort)];
  const [program, ...words] = [...pinned('simulator'), process.execPath];
  const child = spawn(program, [...words, script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).done === true) throw new Error('the simulators ended before they were ready');
  return {
    async setFaults(bmc, faults) {
      child.stdin.write(`${JSON.stringify({ bmc, ...faults })}\n`);
      await lines.next();
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
