import { CodedError } from '../base/errors.ts';

/** What the network boot services refuse or fail with. */
export type PxeErrorCode =
  | 'loader-missing'
  | 'bad-boot-argument'
  | 'bad-dhcp-settings'
  | 'port-in-use'
  | 'no-permission'
  | 'no-address'
  | 'io';

/** A failure of the network boot services; the message says what to do. NetError of the sockets passes through unchanged. */
export class PxeError extends CodedError<PxeErrorCode> {}
