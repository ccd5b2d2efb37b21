import { CodedError } from '../base/errors.ts';

/**
 * `not-found`: no such chassis or VM. `unavailable`: there is no such console now. `in-use`: somebody outside has the serial console.
 * `refused`: a limit or a right stands against it. `failed`: the machine, its BMC or its host did not do it. `storage`: the record
 * could not be read or written.
 */
export type ConsoleErrorCode = 'not-found' | 'unavailable' | 'in-use' | 'refused' | 'failed' | 'storage';

/** Faults of consoles; the text says what to do next. */
export class ConsoleError extends CodedError<ConsoleErrorCode> {}
