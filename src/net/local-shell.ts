import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { type Clock, systemClock } from '../base/clock.ts';
import { NetError } from './errors.ts';
import type { CommandOptions, CommandResult, HostShell, OpenLocalShell, StreamTarget } from './shell.ts';
import { findRise, type Rise, risen, withDeadline, withLifeline } from './shell-argv.ts';
import { createBoundedOutput, createLineSplitter } from './shell-output.ts';

const defaults = { timeoutMs: 30_000, maxBytes: 1024 * 1024 };

/** What a shell answers for a program that is not there, or may not be run. POSIX.1-2017 XCU §2.8.2 */
const exitCodes: Readonly<Record<string, number>> = { ENOENT: 127, EACCES: 126 };

/** Commands on this machine, as root or by `sudo -n`. See `OpenLocalShell`; rejects with NetError `not-root`. */
export const openLocalShell: OpenLocalShell = async () => {
  const asUser = createLocalShell('root', systemClock);
  const rise = await findRise((argv) => asUser.run(argv));
  if (rise !== undefined) return createLocalShell(rise, systemClock);
  throw new NetError(
    'not-root',
    'Rackwright does not run as root and sudo asks for a password; run it as root, or give its user "NOPASSWD: ALL" in /etc/sudoers.d',
  );
};

function createLocalShell(rise: Rise, clock: Clock): HostShell {
  const ends = new Set<() => void>();
  let isClosed = false;
  let tellClosed: (why: string) => void = () => undefined;
  const closed = new Promise<string>((resolve) => void (tellClosed = resolve));
  const gone = (): NetError => new NetError('closed', 'the shell of this machine is closed');

  function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
    // A user cannot end what sudo started: then the command needs an end of its own.
    const command = rise === 'root' ? argv : risen(rise, withDeadline(argv, timeoutMs));
    return new Promise((resolve, reject) => {
      const child = start(command);
      const stdout = createBoundedOutput(options.maxBytes ?? defaults.maxBytes);
      const stderr = createBoundedOutput(options.maxBytes ?? defaults.maxBytes);
      const giveUp = (error: NetError): void => {
        settle();
        endGroup(child);
        child.stdout?.destroy();
        child.stderr?.destroy();
        reject(error);
      };
      const cancel = clock.after(timeoutMs, () =>
        giveUp(
          new NetError(
            'timeout',
            `a command took longer than ${Math.round(timeoutMs / 1000)} s and was ended`,
          ),
        ),
      );
      const end = (): void => giveUp(gone());
      const settle = (): void => {
        cancel();
        ends.delete(end);
      };
      ends.add(end);
      child.stdout?.on('data', stdout.push);
      child.stderr?.on('data', stderr.push);
      child.on('error', (error: NodeJS.ErrnoException) => {
        settle();
        const exitCode = exitCodes[error.code ?? ''];
        if (exitCode === undefined)
          return reject(new NetError('io', `cannot run a command: ${error.message}`));
        const text = `${argv[0] ?? ''}: ${exitCode === 127 ? 'not found' : 'permission denied'}\n`;
        resolve({ exitCode, signal: undefined, stdout: '', stderr: text, truncated: false });
      });
      child.on('close', (code, signal) => {
        settle();
        const truncated = stdout.isTruncated() || stderr.isTruncated();
        const exit = { exitCode: code ?? undefined, signal: signal ?? undefined };
        resolve({ ...exit, stdout: stdout.text(), stderr: stderr.text(), truncated });
      });
      // A program that reads nothing closes its input: that is no failure.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(options.input ?? '');
    });
  }

  const follow: HostShell['follow'] = async (argv, receive) => {
    if (isClosed) throw gone();
    const child = start(risen(rise, withLifeline(argv)));
    const lines = createLineSplitter(receive.line);
    const lastWords = createBoundedOutput(1000);
    let isOver = false;
    const over = (why: string): void => {
      ends.delete(close);
      if (isOver) return;
      isOver = true;
      receive.ended(why);
    };
    const close = (): void => {
      over('it was closed');
      child.stdin?.destroy();
    };
    ends.add(close);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!isOver) lines.push(chunk);
    });
    child.stderr?.on('data', lastWords.push);
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => over(error.message));
    child.on('close', (code, signal) => {
      if (!isOver) lines.end();
      over(lastWords.text().trim() || `it ended (${code ?? signal})`);
    });
    return { close };
  };

  return {
    closed,
    run: (argv, options) => (isClosed ? Promise.reject(gone()) : run(argv, options)),
    follow,
    connect: (target) => (isClosed ? Promise.reject(gone()) : connectLocally(target, rise)),
    async close() {
      isClosed = true;
      for (const end of ends) end();
      tellClosed('it was closed');
    },
  };
}

/** In a process group of its own, which a time-out ends as a whole. */
function start(argv: readonly string[]): ChildProcess {
  const [program = '', ...rest] = argv;
  if (program === '' || argv.some((word) => word.includes('\0'))) {
    throw new NetError('invalid-argument', 'a command needs a program, and arguments without NUL characters');
  }
  return spawn(program, rest, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile, or sudo made it root's: then its own deadline ends it.
  }
}

function connectLocally(target: StreamTarget, rise: Rise): ReturnType<HostShell['connect']> {
  return new Promise((resolve, reject) => {
    const isUnix = 'socketPath' in target;
    const socket = createConnection(isUnix ? { path: target.socketPath } : target);
    const failed = (error: NodeJS.ErrnoException): void => {
      const mayNot = error.code === 'EACCES' || error.code === 'EPERM';
      const why =
        mayNot && rise === 'sudo'
          ? 'this user may not use the socket; run Rackwright as root'
          : error.message;
      reject(new NetError('refused', `cannot open a stream: ${why}`, { cause: error }));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}
