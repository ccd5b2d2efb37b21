import { CodedError } from '../base/errors.ts';

/** Why the network could not be used. */
export type NetErrorCode =
  | 'port-in-use'
  | 'no-such-device'
  | 'no-permission'
  | 'no-address'
  | 'io'
  | 'closed'
  | 'timeout'
  | 'refused'
  | 'invalid-argument'
  | 'unreachable'
  | 'login-refused'
  | 'host-key-mismatch'
  | 'not-root';

/** A socket or interface that can't be had; the message says what to do. */
export class NetError extends CodedError<NetErrorCode> {}
