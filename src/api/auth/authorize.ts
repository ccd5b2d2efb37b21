import { ApiError } from '../errors.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { isAdmin, isAuditor } from './roles.ts';
import type { Caller } from './sessions.ts';
import { callerOf } from './sessions.ts';

/** Whether a call changes something; what a definition does not say, its verb does. */
export function effectOf({ effect, method }: Pick<ApiDefinition, 'effect' | 'method'>): 'read' | 'change' {
  return effect ?? (method === 'GET' ? 'read' : 'change');
}

/**
 * Refuses (ApiError `denied`) what the rights of a caller's account and the kind of its user rule out. What depends on the very
 * resource, such as whose user is changed, is for the service behind the API.
 */
export function authorize(
  api: Pick<ApiDefinition, 'name' | 'method' | 'access' | 'effect'>,
  given: Caller | undefined,
): void {
  if (api.access === 'anybody') return;
  const caller = callerOf(given);
  if (api.access === 'admin' && !isAdmin(caller)) {
    throw new ApiError(
      'denied',
      `API[${api.name}] is admin only: log in as an account of type SystemAdmin or as one of its users`,
    );
  }
  if (isAuditor(caller) && effectOf(api) === 'change') {
    throw new ApiError(
      'denied',
      `API[${api.name}] changes something and an Auditor may only read: log in as the account or as a user of kind Normal`,
    );
  }
}
