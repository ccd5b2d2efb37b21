import { messageOf } from '../../base/errors.ts';
import { NetError } from '../../net/errors.ts';
import { KvmError, type KvmErrorCode } from '../errors.ts';
import type { Trouble } from './step.ts';

/** Sorts what opening a connection failed with. */
export function troubleOf(error: unknown): Trouble {
  const text = messageOf(error);
  if (error instanceof KvmError) {
    return { kind: error.code === 'host-unfit' ? 'unfit' : 'unreachable', text };
  }
  if (!(error instanceof NetError)) return { kind: 'unreachable', text };
  switch (error.code) {
    case 'login-refused':
    case 'not-root':
      return { kind: error.code, text };
    case 'host-key-mismatch':
      return {
        kind: 'host-key-changed',
        text:
          `${text} If it was reinstalled, trust the new key: UpdateKVMHost with the system tag ` +
          `sshHostKey::${String(error.data['seen'])}`,
      };
    default:
      return { kind: 'unreachable', text };
  }
}

const codes: Readonly<Record<Trouble['kind'], KvmErrorCode>> = {
  unreachable: 'host-unreachable',
  'login-refused': 'host-login-failed',
  'host-key-changed': 'host-key-mismatch',
  'not-root': 'host-login-failed',
  unfit: 'host-unfit',
};

/** A trouble as the error of a call that a person made. */
export function errorOfTrouble({ kind, text }: Trouble): KvmError {
  return new KvmError(codes[kind], text);
}

/** What work on a connected host failed with, in this room's words; everything that is no NetError stays as it is. */
export function errorOfWork(error: unknown): unknown {
  if (!(error instanceof NetError)) return error;
  const code =
    error.code === 'closed'
      ? 'host-disconnected'
      : error.code === 'invalid-argument'
        ? 'invalid-argument'
        : 'command-failed';
  return new KvmError(code, error.message, { data: { ...error.data }, cause: error });
}
