import type { Command } from './commands/command.ts';

/** How one command is sent. */
export interface ExecuteOptions {
  /** True for a command that must not reach the BMC twice: it is sent once. Default false: repeated until answered. */
  readonly once?: boolean;
  /** Milliseconds until it has failed; default is the timing's deadline. */
  readonly withinMs?: number;
}

/** Runs one command in a session. Rejects with IpmiError: `no-answer`, `closed`, or what the completion code means. */
export type Execute = <Request, Reply>(
  command: Command<Request, Reply>,
  request: Request,
  options?: ExecuteOptions,
) => Promise<Reply>;
