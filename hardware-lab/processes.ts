import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A running program of the lab. */
export interface LabProcess {
  readonly pid: number;
  /** Resolves when it has ended, however that happened. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  isRunning(): boolean;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it is gone. Repeating the call is fine. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL now; resolves when it is gone. */
  kill(): Promise<void>;
}

/** What a program of the lab runs with. `logFile` receives its output, appended. */
export interface ProcessOptions {
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Gives it a pipe as standard input that closes when the lab dies; otherwise standard input is /dev/null. */
  readonly lifeline?: boolean;
}

/** Debian keeps system tools where an unprivileged PATH may not look. */
const searchPath = `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Environment for the lab's children: ours with a PATH that has the sbin folders, and without settings of another Rackwright. */
export function labEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('RACKWRIGHT_'));
  return { ...Object.fromEntries(own), PATH: searchPath, ...extra };
}

/**
 * Starts a program in a session of its own, so that a Ctrl-C in the terminal reaches the lab only and the lab ends its children in
 * order. Rejects when the program cannot be started.
 */
export function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<LabProcess> {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(command, args, {
    detached: true,
    stdio: [options.lifeline === true ? 'pipe' : 'ignore', log, log],
    env: labEnvironment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  let running = true;
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      resolve({ code, signal });
    });
    child.once('error', () => {
      running = false;
      resolve({ code: null, signal: null });
    });
  });
  const kill = async (): Promise<void> => {
    if (running) child.kill('SIGKILL');
    await exited;
  };
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      resolve({
        pid: child.pid as number,
        exited,
        isRunning: () => running,
        kill,
        async stop(graceMs = 5000) {
          if (running) child.kill('SIGTERM');
          const timer = setTimeout(() => void kill(), graceMs);
          await exited;
          clearTimeout(timer);
        },
      });
    });
  });
}

/** Runs a short command to its end and answers its output. Rejects with its own words when it fails. */
export function run(command: string, args: readonly string[], timeoutMs = 20_000): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      [...args],
      { env: labEnvironment(), timeout: timeoutMs, maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else
          reject(
            new Error(`${command} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }),
          );
      },
    );
  });
}

/** Resolves after `ms`. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Asks `probe` again until it answers something other than undefined; rejects with `what` after `timeoutMs`. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() >= deadline)
      throw new Error(`${what}: not within ${Math.round(timeoutMs / 100) / 10} seconds`);
    await sleep(everyMs);
  }
}

/** Arguments of a process joined by blanks; undefined when there is no such process or it is a zombie. */
export function commandLineOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * When a process began, in clock ticks since boot (field 22 of /proc/<pid>/stat): together with the pid it names one process for
 * good. Undefined when there is no such process.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
