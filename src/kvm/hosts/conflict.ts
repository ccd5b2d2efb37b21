import { CodedError } from '../../base/errors.ts';
import { KvmError } from '../errors.ts';
import type { Host } from '../model.ts';

/** The refusal of a second host at one address; with a `cause`, only when that is the store's conflict, else the cause itself. */
export function takenAddress({ managementIp }: Pick<Host, 'managementIp'>, cause?: unknown): unknown {
  if (cause !== undefined && !(cause instanceof CodedError && cause.code === 'conflict')) return cause;
  return new KvmError('conflict', `managementIp ${managementIp} belongs to another host already`, { cause });
}
