import { KvmError, type KvmErrorCode } from '../kvm/index.ts';
import { IommuError, type IommuErrorCode } from './errors.ts';

const ours: Partial<Record<KvmErrorCode, IommuErrorCode>> = {
  'invalid-argument': 'invalid-argument',
  'not-found': 'not-found',
  conflict: 'conflict',
  refused: 'refused',
  'host-disconnected': 'host-disconnected',
  'host-unreachable': 'host-disconnected',
};

/** What VMs and connections reject with, in this room's terms; anything else passes through. */
function asIommuError(error: unknown): unknown {
  if (!(error instanceof KvmError)) return error;
  const code = ours[error.code] ?? 'command-failed';
  return new IommuError(code, error.message, { cause: error, data: error.data });
}

/** Runs work that rejects with this room's errors. */
export async function inOurTerms<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asIommuError(error);
  }
}
