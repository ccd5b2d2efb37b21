import { CodedError } from '../base/errors.ts';

/** What KVM hosts and VMs refuse or fail with; the API maps each to a ZStack error code. */
export type KvmErrorCode =
  | 'invalid-argument'
  | 'not-found'
  | 'conflict'
  /** The state does not allow it now; the text says what to do first. */
  | 'refused'
  /** The host cannot be reached: not connected, or the connection broke in the middle. */
  | 'host-disconnected'
  | 'host-unreachable'
  | 'host-login-failed'
  /** Another key than the pinned one; nothing secret was sent. */
  | 'host-key-mismatch'
  /** A program of the host is missing or too old. */
  | 'host-unfit'
  /** A command on the host failed; the text has its last words. */
  | 'command-failed';

/** A refusal or failure with a text that says what to do; never a secret in it. */
export class KvmError extends CodedError<KvmErrorCode> {}
