import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Platform } from '../../platform/index.ts';
import { blankAuditEntry, type NewAuditEntry } from '../zstack/audit-entry.ts';
import type { Opened } from './kinds.ts';

/** Refusals that are listed one by one, a minute: anybody can cause them, and they must not fill the disk. */
const maxRefusals = 60;
const windowMs = 60_000;

/** Writes openings of streams to the audit log; never rejects. */
export interface StreamAudit {
  opened(api: string, remoteAddress: string, opened: Opened): Promise<void>;
  refused(
    api: string,
    remoteAddress: string,
    error: { readonly code: string; readonly text: string },
  ): Promise<void>;
}

export function createStreamAudit(deps: {
  readonly audit: Platform['audit'];
  readonly clock: Clock;
  readonly log: Logger;
}): StreamAudit {
  const { audit, clock, log } = deps;
  let refusals = 0;

  const append = async (entry: NewAuditEntry): Promise<void> => {
    try {
      await audit.append(entry);
    } catch (error) {
      log.error({ audit: true, entry, err: messageOf(error) }, 'an audit entry could not be stored');
    }
  };

  return {
    opened: (api, remoteAddress, { accountUuid, accountName, resourceType, resourceUuid }) =>
      append({
        ...blankAuditEntry,
        api,
        remoteAddress,
        accountUuid,
        accountName,
        resourceType,
        resourceUuid,
        outcome: 'Succeeded',
      }),
    async refused(api, remoteAddress, { code, text }) {
      refusals += 1;
      if (refusals === 1) {
        clock.after(windowMs, () => {
          const more = refusals - maxRefusals;
          refusals = 0;
          const errorText = `${more} more refusals within one minute are not listed one by one`;
          if (more > 0) void append({ ...blankAuditEntry, api, outcome: 'Failed', errorText });
        });
      }
      if (refusals > maxRefusals) return;
      await append({
        ...blankAuditEntry,
        api,
        remoteAddress,
        outcome: 'Failed',
        errorCode: code,
        errorText: text,
      });
    },
  };
}
