import type { AuditEntry } from '../../platform/model.ts';
import type { AuditStore } from '../../platform/ports.ts';
import type { Session } from '../group-commit.ts';
import { type Nullable, toNulls } from '../nulls.ts';

/** The audit log; triggers of its table refuse every change and deletion. */
export function createAuditStore({ db, write }: Session): AuditStore {
  const insert = db.prepare<[Nullable<AuditEntry>]>(
    `INSERT INTO audit (uuid, create_date, account_uuid, account_name, user_uuid, user_name, remote_address, api,
       resource_type, resource_uuid, job_uuid, outcome, error_code, error_text, request, duration_ms)
     VALUES (@uuid, @createDate, @accountUuid, @accountName, @userUuid, @userName, @remoteAddress, @api,
       @resourceType, @resourceUuid, @jobUuid, @outcome, @errorCode, @errorText, @request, @durationMs)`,
  );
  return {
    append: (entries) =>
      write(() => {
        for (const entry of entries) insert.run(toNulls(entry));
      }),
  };
}
