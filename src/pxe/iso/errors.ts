import { CodedError } from '../../base/errors.ts';

/**
 * `not-iso`: no ISO 9660 file system in it. `damaged`: it contradicts itself or points outside itself. `limit`: larger or deeper than
 * any honest image. `unsupported`: a kind of file that is not read here. `not-found`, `not-a-file`, `not-a-directory`: of a path.
 */
export type IsoErrorCode =
  | 'not-iso'
  | 'damaged'
  | 'limit'
  | 'unsupported'
  | 'not-found'
  | 'not-a-file'
  | 'not-a-directory';

/** Why an image or a path in it cannot be read. Errors of the file below pass through unchanged. */
export class IsoError extends CodedError<IsoErrorCode> {}
