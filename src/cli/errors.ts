import { CodedError } from '../base/errors.ts';

/** Why a command did not work; each has an exit status (see exitCodes). */
export type CliErrorCode =
  | 'usage'
  | 'refused'
  | 'unreachable'
  | 'not-logged-in'
  | 'timeout'
  | 'bad-answer'
  | 'local-file';

/** A failure in words for the terminal. `data.zstackCode` holds the server's code where there is one. */
export class CliError extends CodedError<CliErrorCode> {}

/** Exit status of the command for each failure; 0 is success. */
export const exitCodes: Readonly<Record<CliErrorCode, number>> = {
  refused: 1,
  'bad-answer': 1,
  'local-file': 1,
  usage: 2,
  unreachable: 3,
  'not-logged-in': 4,
  timeout: 5,
};
