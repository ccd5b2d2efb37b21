import type { Execute } from '../execute.ts';
import { IpmiError } from '../types.ts';

/**
 * The same `execute` for at most `max` commands, more than any real board needs, so that a lying one cannot keep a reader for hours. The
 * command after the last rejects with IpmiError `bad-reply`.
 */
export function limitCommands(execute: Execute, max: number, what: string): Execute {
  let left = max;
  return (command, request, options) =>
    left-- > 0
      ? execute(command, request, options)
      : Promise.reject(
          new IpmiError(
            'bad-reply',
            `${what} did not end after ${max} commands; look at the BMC with ipmitool`,
          ),
        );
}
