import type { AuditEntry } from '../../platform/index.ts';

/** An entry of the audit log before it is stored. */
export type NewAuditEntry = Omit<AuditEntry, 'uuid' | 'createDate'>;

/** An entry of which nothing is known but what its writer lays over it. */
export const blankAuditEntry = {
  accountUuid: undefined,
  accountName: undefined,
  userUuid: undefined,
  userName: undefined,
  remoteAddress: undefined,
  resourceType: undefined,
  resourceUuid: undefined,
  jobUuid: undefined,
  errorCode: undefined,
  errorText: undefined,
  request: undefined,
  durationMs: undefined,
} as const;
