import { CodedError, messageOf } from '../../base/errors.ts';
import { ConsoleError, type ConsoleErrorCode } from '../errors.ts';

/**
 * What turns the errors of a machine's side into those of consoles: codes as `meanings` says, all others into `failed`; a fault of our own
 * stays what it is.
 */
export function inWordsOf(
  meanings: Readonly<Record<string, ConsoleErrorCode>>,
): <T>(work: Promise<T>) => Promise<T> {
  return async (work) => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof CodedError) || error instanceof ConsoleError) throw error;
      throw new ConsoleError(meanings[error.code] ?? 'failed', messageOf(error), {
        data: { ...error.data },
        cause: error,
      });
    }
  };
}
