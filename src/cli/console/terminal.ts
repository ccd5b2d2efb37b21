import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { plain } from '../output.ts';

const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** The terminal (or pipe) in front of a console. */
export interface Terminal {
  readonly isInteractive: boolean;
  /** Output of the machine, as it is; false when it is to be held back until `drained`. */
  write(bytes: Uint8Array): boolean;
  /** One line for the person, away from the machine's output; texts of others lose their control characters. */
  tell(text: string): void;
  /** As it was before; may be called twice. */
  restore(): void;
}

export interface TerminalHandlers {
  readonly drained: () => void;
  /** Nobody reads the output any more. */
  readonly broken: () => void;
}

/** Takes the terminal over: raw while it lasts, as it was at every way out. With `log`, output is appended to that file too. */
export function openTerminal(io: Io, log: string | undefined, handlers: TerminalHandlers): Terminal {
  const { stdin, stdout, stderr } = io;
  const isInteractive = stdin.isTTY === true;
  const file = log === undefined ? undefined : openLog(log);
  let isRestored = false;

  const setRaw = (raw: boolean): void => {
    if (isInteractive) stdin.setRawMode?.(raw);
  };
  const continued = (): void => setRaw(true);
  const broken = (): void => handlers.broken();
  const drained = (): void => handlers.drained();

  function restore(): void {
    if (isRestored) return;
    isRestored = true;
    setRaw(false);
    stdin.pause();
    stdout.off('drain', drained);
    process.off('exit', restore);
    process.off('SIGCONT', continued);
    for (const signal of signals) process.off(signal, signalled);
    if (file !== undefined) closeSync(file);
  }
  /** The signal does what it does without us. */
  function signalled(signal: NodeJS.Signals): void {
    restore();
    process.kill(process.pid, signal);
  }

  process.on('exit', restore);
  process.on('SIGCONT', continued);
  for (const signal of signals) process.on(signal, signalled);
  stdout.on('drain', drained);
  stdout.on('error', broken);
  setRaw(true);

  return {
    isInteractive,
    write(bytes) {
      if (file !== undefined) writeLog(file, bytes);
      return stdout.write(bytes);
    },
    tell(text) {
      const line = plain(text);
      // The cursor may be anywhere in a line of the machine's.
      stderr.write(stderr.isTTY === true ? `\r\n\u001b[2m-- ${line}\u001b[22m\r\n` : `-- ${line}\n`);
    },
    restore,
  };
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw new CliError('local-file', `the log cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

function writeLog(file: number, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  } catch (error) {
    throw new CliError('local-file', `the log cannot be written any more: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
