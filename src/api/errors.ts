import { CodedError } from '../base/errors.ts';

/** What the API itself refuses; zstack/errors.ts gives each its HTTP status and ZStack code. */
export type ApiErrorCode =
  | 'bad-option'
  | 'listen-failed'
  | 'bad-request'
  | 'bad-query'
  | 'bad-argument'
  | 'login-failed'
  | 'session-expired'
  | 'denied'
  | 'not-found'
  | 'no-route'
  | 'wrong-verb'
  | 'too-large'
  | 'interrupted'
  | 'unimplemented'
  | 'conflict'
  | 'overloaded';

/** A refusal by the API layer; the text says what to do and never quotes a value that the caller sent in a secret place. */
export class ApiError extends CodedError<ApiErrorCode> {}
