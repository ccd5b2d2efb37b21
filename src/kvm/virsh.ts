import { messageOf } from '../base/errors.ts';
import { NetError } from '../net/errors.ts';
import type { CommandResult, HostShell } from '../net/shell.ts';
import { KvmError } from './errors.ts';

/** virsh on one host. A value that may begin with `-` goes behind `--`. */
export interface Virsh {
  /** Runs virsh and gives its standard output; `command-failed` with its last words, or `host-disconnected` when the connection broke. */
  run(args: readonly string[], options?: VirshOptions): Promise<string>;
  /** The same for a caller that judges the exit code itself. */
  attempt(args: readonly string[], options?: VirshOptions): Promise<CommandResult>;
}

interface VirshOptions {
  /** A file's content for `args` that end in `/dev/stdin`. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

const usualTimeoutMs = 60_000;

/**
 * A program cannot open /dev/stdin when that is a socket, as it is behind Node's and some SSH servers' channels; a pipe it can.
 * The arguments stay arguments.
 */
const throughPipe = 'cat | LC_ALL=C exec virsh "$@"';

/** virsh of the host behind `shell`, for the libvirt of `uri`. */
export function virshOn(shell: HostShell, uri: string): Virsh {
  async function attempt(args: readonly string[], options: VirshOptions = {}): Promise<CommandResult> {
    const { input, timeoutMs = usualTimeoutMs } = options;
    return input === undefined
      ? await runOn(shell, ['env', 'LC_ALL=C', 'virsh', '-c', uri, ...args], { timeoutMs })
      : await runOn(shell, ['sh', '-c', throughPipe, 'sh', '-c', uri, ...args], { timeoutMs, input });
  }
  return {
    attempt,
    async run(args, options) {
      const result = await attempt(args, options);
      if (result.exitCode !== 0) throw failure(`virsh ${args[0] ?? ''}`, result);
      return result.stdout;
    },
  };
}

/** Runs a command; failures of the connection become KvmError `host-disconnected`, a time-out `command-failed`. */
export async function runOn(
  shell: HostShell,
  argv: readonly string[],
  options: { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<CommandResult> {
  try {
    return await shell.run(argv, options);
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    if (error.code !== 'timeout') {
      throw new KvmError('host-disconnected', `the host cannot be reached: ${error.message}`, {
        cause: error,
      });
    }
    throw new KvmError(
      'command-failed',
      `the host did not finish in time: ${messageOf(error)}; reconnect the host to see what was done`,
      { cause: error, data: { outcome: 'unknown' } },
    );
  }
}

/** The error of a command that ended badly, with the end of what it said. */
export function failure(what: string, result: CommandResult): KvmError {
  const words = (result.stderr.trim() === '' ? result.stdout : result.stderr)
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .replaceAll('error: ', '')
    .trim()
    .slice(-500);
  const said = words === '' ? `ended with ${result.exitCode ?? result.signal ?? 'nothing'}` : words;
  return new KvmError('command-failed', `${what} failed on the host: ${said}`, {
    data: { exitCode: result.exitCode },
  });
}
