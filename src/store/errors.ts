import { CodedError } from '../base/errors.ts';

/** `conflict`: a unique value is taken (data.field). `storage-full`: the disk is full. `damaged`: the file or a migration hash is wrong. */
export type StoreErrorCode = 'conflict' | 'storage-full' | 'damaged' | 'io';

/** A write or open that failed; nothing of it was kept. */
export class StoreError extends CodedError<StoreErrorCode> {}
