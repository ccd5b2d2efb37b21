import { ApiError } from '../errors.ts';
import type { Caller } from './sessions.ts';

/** Refuses (ApiError `denied`) users of an account: only the account itself manages accounts and users. */
export function needOwnSession(caller: Caller, api: string): void {
  if (caller.user === undefined) return;
  throw new ApiError(
    'denied',
    `API[${api}] is for an account's own session, not for its users: log in with LogInByAccount`,
  );
}

/** The session that lives on when the password of `uuid` changes: the caller's, if the password is its own. */
export function sessionToKeep(caller: Caller, uuid: string): string | undefined {
  return caller.session.userUuid === uuid ? caller.session.uuid : undefined;
}
