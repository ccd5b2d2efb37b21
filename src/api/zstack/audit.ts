import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Platform, TaggableType } from '../../platform/index.ts';
import { effectOf } from '../auth/authorize.ts';
import type { Caller } from '../auth/sessions.ts';
import { ApiError } from '../errors.ts';
import type { Account, Job } from '../ports.ts';
import { blankAuditEntry, type NewAuditEntry } from './audit-entry.ts';
import type { JsonObject } from './body.ts';
import { isJsonObject } from './body.ts';
import type { ApiDefinition } from './definition.ts';
import type { ErrorBody } from './errors.ts';
import { toZstackError } from './errors.ts';
import { maskedRequest } from './masked-request.ts';

/** One call that has ended. */
export interface EndedCall {
  readonly api: ApiDefinition;
  readonly caller: Caller | undefined;
  /** Parameters as they were given, and the tags. */
  readonly raw: JsonObject;
  readonly secrets: readonly string[];
  readonly remoteAddress: string;
  readonly jobUuid: string | undefined;
  readonly beganAt: number;
  readonly end: { readonly answer: object } | { readonly error: unknown };
}

/** Writes the audit log. Resolves when the entry is durable or could not be stored; never rejects. */
export interface Auditor {
  record(call: EndedCall): Promise<void>;
  /** A job that a restart ended; what is known of it is its job's row. */
  interrupted(
    api: ApiDefinition | undefined,
    job: Job,
    owner: Account | undefined,
    text: string,
  ): Promise<void>;
}

/** Failed calls of people without a session, a minute; beyond that they are counted, or a flood of logins would fill the disk. */
const maxStrangers = 600;
const strangerMs = 60_000;

const isLogin = ({ name }: Pick<ApiDefinition, 'name'>): boolean => name.startsWith('LogIn');

/** Changes, logins, and whatever was denied; not calls of sessions that are over, whose caller nobody knows. */
export function isAudited(api: ApiDefinition, caller: Caller | undefined, error: unknown): boolean {
  if (isLogin(api)) return true;
  if (caller === undefined) return false;
  if (error instanceof ApiError && error.code === 'session-expired') return false;
  return effectOf(api) === 'change' || (error instanceof ApiError && error.code === 'denied');
}

const textOf = (value: unknown, length = 255): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, length) : undefined;

/** Who called: a login has only said so, and is believed when it succeeded. */
function actorOf({ api, caller, raw }: EndedCall, inventory: JsonObject): Partial<NewAuditEntry> {
  if (caller !== undefined) {
    const { account, user } = caller;
    return {
      accountUuid: account.uuid,
      accountName: account.name,
      userUuid: user?.uuid,
      userName: user?.name,
    };
  }
  if (!isLogin(api)) return {};
  const { accountUuid, userUuid } = inventory;
  return {
    accountUuid: textOf(accountUuid) ?? textOf(raw['accountUuid']),
    accountName: textOf(raw['accountName']),
    userUuid: userUuid === accountUuid ? undefined : textOf(userUuid),
    userName: textOf(raw['userName']),
  };
}

/** What paths call the uuid of a resource where they do not say `uuid`. */
const namedUuids: Readonly<Partial<Record<TaggableType, string>>> = {
  BaremetalChassisVO: 'chassisUuid',
  VmInstanceVO: 'vmInstanceUuid',
  PciDeviceVO: 'pciDeviceUuid',
  UsbDeviceVO: 'usbDeviceUuid',
};

/** What the call acted on. The answer of a login is a session, whose uuid is a secret. */
function resourceOf({ api, raw }: EndedCall, inventory: JsonObject): Partial<NewAuditEntry> {
  if (isLogin(api)) return {};
  const { resourceType } = api;
  if (resourceType === undefined && raw['resourceType'] !== undefined) {
    return { resourceType: textOf(raw['resourceType']), resourceUuid: textOf(raw['resourceUuid'], 64) };
  }
  const named = resourceType === undefined ? undefined : raw[namedUuids[resourceType] ?? 'uuid'];
  const uuid = raw['uuid'] ?? named ?? inventory['uuid'] ?? raw['resourceUuid'];
  return { resourceType, resourceUuid: textOf(uuid, 64) };
}

/** The entry of a call that has ended at `now`. */
export function auditEntryOf(call: EndedCall, now: number): NewAuditEntry {
  const { api, raw, secrets, end } = call;
  const failed: ErrorBody | undefined = 'error' in end ? toZstackError(end.error, secrets).body : undefined;
  const answered = 'answer' in end && 'inventory' in end.answer ? end.answer.inventory : undefined;
  const inventory = isJsonObject(answered) ? answered : {};
  return {
    ...blankAuditEntry,
    ...actorOf(call, inventory),
    ...resourceOf(call, inventory),
    remoteAddress: call.remoteAddress,
    api: api.name,
    jobUuid: call.jobUuid,
    outcome: failed === undefined ? 'Succeeded' : 'Failed',
    errorCode: failed?.error.code,
    errorText: failed?.error.details,
    request: maskedRequest(api.params, raw, secrets),
    durationMs: Math.max(0, Math.round(now - call.beganAt)),
  };
}

/** An auditor over the platform's log. A full disk must not undo a call that is done: then the entry goes to the program's log. */
export function createAuditor(deps: {
  readonly audit: Platform['audit'];
  readonly clock: Clock;
  readonly log: Logger;
}): Auditor {
  const { audit, clock, log } = deps;
  let strangers = 0;

  const append = async (entry: NewAuditEntry): Promise<void> => {
    try {
      await audit.append(entry);
    } catch (error) {
      log.error({ audit: true, entry, err: messageOf(error) }, 'an audit entry could not be stored');
    }
  };

  /** Whether one more stranger is listed; what was not is summed up when the minute is over. */
  const mayList = (api: string): boolean => {
    strangers += 1;
    if (strangers === 1) {
      clock.after(strangerMs, () => {
        const more = strangers - maxStrangers;
        strangers = 0;
        const errorText = `${more} more failed calls within one minute are not listed one by one`;
        if (more > 0) void append({ ...blankAuditEntry, api, outcome: 'Failed', errorText });
      });
    }
    return strangers <= maxStrangers;
  };

  return {
    async record(call) {
      const { api, caller, end } = call;
      const error = 'error' in end ? end.error : undefined;
      if (!isAudited(api, caller, error)) return;
      if (caller === undefined && error !== undefined && !mayList(api.name)) return;
      await append(auditEntryOf(call, clock.now()));
    },
    async interrupted(api, job, owner, errorText) {
      if (api !== undefined && effectOf(api) === 'read') return;
      await append({
        ...blankAuditEntry,
        accountUuid: job.accountUuid,
        accountName: owner?.name,
        api: job.api,
        resourceType: api?.resourceType,
        jobUuid: job.uuid,
        outcome: 'Interrupted',
        errorCode: 'SYS.1000',
        errorText,
        durationMs: Math.max(0, clock.now() - job.createDate),
      });
    },
  };
}
