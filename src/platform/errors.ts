import { CodedError } from '../base/errors.ts';

/** What the platform refuses; the API maps each to a ZStack error code. */
export type PlatformErrorCode = 'invalid-argument' | 'not-found' | 'conflict' | 'duplicate-tag' | 'refused';

/** A refusal with a text that says what to do; `data.parameter` where one is at fault. */
export class PlatformError extends CodedError<PlatformErrorCode> {}
