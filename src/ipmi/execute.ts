import { WireError } from '../base/bytes.ts';
import type { Command } from './commands/command.ts';
import { IpmiError } from './types.ts';

/** How one command is sent. */
export interface ExecuteOptions {
  /** True for a command that must not reach the BMC twice: it is sent once. Default false: repeated until answered. */
  readonly once?: boolean;
  /** Milliseconds until it has failed; default is the timing's deadline. */
  readonly withinMs?: number;
  /** Unit behind the BMC (LUN, 0 to 3) that the command is for, as sensor records name it. Default 0. */
  readonly lun?: number;
}

/** Runs one command in a session. Rejects with IpmiError: `no-answer`, `closed`, or what the completion code means. */
export type Execute = <Request, Reply>(
  command: Command<Request, Reply>,
  request: Request,
  options?: ExecuteOptions,
) => Promise<Reply>;

/** What `decode` makes of a reply's bytes; IpmiError `bad-reply` when they are malformed. */
export function readReply<T>(command: string, decode: (data: Uint8Array) => T, data: Uint8Array): T {
  try {
    return decode(data);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new IpmiError('bad-reply', `${command}: malformed answer (${error.message})`, { cause: error });
  }
}
