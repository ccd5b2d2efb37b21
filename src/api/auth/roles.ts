import type { Uuid } from '../../base/uuid.ts';
import type { Caller } from './sessions.ts';

type Who = Pick<Caller, 'account' | 'user'>;

/** Whether a caller has the rights of an administrators' account; its users have them too. */
export function isAdmin({ account }: Who): boolean {
  return account.type === 'SystemAdmin';
}

/** Whether a caller may only read. */
export function isAuditor({ user }: Who): boolean {
  return user?.kind === 'Auditor';
}

/** Whose resources a caller sees: those that an account owns or shares, or (undefined) all. */
export function sightOf(caller: Who): Uuid | undefined {
  return isAdmin(caller) ? undefined : caller.account.uuid;
}

/** Whether passwords may be shown to a caller, where the configuration lets them be shown at all. */
export function maySeeSecrets(caller: Who | undefined): boolean {
  return caller !== undefined && isAdmin(caller) && !isAuditor(caller);
}
