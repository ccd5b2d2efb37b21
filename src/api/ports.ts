import { CodedError } from '../base/errors.ts';
import type { Uuid } from '../base/uuid.ts';

/** Resources that can be queried, or reached from one that can. */
export const resourceNames = [
  'pxeServer',
  'chassis',
  'hostCfg',
  'nicCfg',
  'bonding',
  'vlan',
  'hardwareInfo',
  'bootImage',
  'account',
  'user',
  'managementNode',
  'systemTag',
  'userTag',
  'notification',
  'globalConfig',
  'zone',
  'cluster',
  'audit',
  'host',
  'vmInstance',
  'vmNic',
  'vmVolume',
  'usbDevice',
  'image',
  'stackTemplate',
  'instanceOffering',
  'instanceOfferingPci',
  'pciDevice',
  'pciDeviceOffering',
  'pciDeviceMatch',
] as const;
export type ResourceName = (typeof resourceNames)[number];

/** Operators of a `q` condition, in the order in which the product looks for them. */
export const queryOperators = [
  '!=',
  '>=',
  '<=',
  '!?=',
  '!~=',
  '~=',
  '?=',
  '=',
  '>',
  '<',
  'is null',
  'not null',
] as const;
export type QueryOperator = (typeof queryOperators)[number];

export interface QueryCondition {
  readonly field: string;
  readonly operator: QueryOperator;
  /** Empty for `is null` and `not null`; comma-separated for `?=` and `!?=`. */
  readonly value: string;
}

export interface QueryRequest {
  readonly resource: ResourceName;
  readonly conditions: readonly QueryCondition[];
  readonly limit: number;
  readonly start: number;
  readonly sort: { readonly field: string; readonly direction: 'asc' | 'desc' } | undefined;
  /** One row for each value of this field: the first in the order of the list. */
  readonly groupBy: string | undefined;
  /** Plain fields wanted; undefined means the whole inventory with its lists. */
  readonly fields: readonly string[] | undefined;
  /** Only the number is wanted. */
  readonly countOnly: boolean;
  readonly withTotal: boolean;
  /** Only what this account owns or shares; undefined means everything. */
  readonly visibleTo: Uuid | undefined;
  /** Passwords in clear instead of stars. */
  readonly reveal: boolean;
}

/** What a queryable field holds. */
export type FieldKind = 'text' | 'integer' | 'numeral' | 'boolean' | 'date' | 'json';

/** A resource as the query language knows it. */
export interface ResourceDescription {
  readonly name: ResourceName;
  /** ZStack's name of its inventory, e.g. `BaremetalChassisInventory`. */
  readonly inventory: string;
  /** Plain fields in the order of the inventory; `secret` ones are shown as stars and never searched. */
  readonly fields: ReadonlyArray<{
    readonly name: string;
    readonly kind: FieldKind;
    readonly secret: boolean;
    readonly optional: boolean;
  }>;
  /** Dotted names lead to these; `many` when one row has several. `listed` when the inventory shows them as a list. */
  readonly relations: ReadonlyArray<{
    readonly name: string;
    readonly resource: ResourceName;
    readonly many: boolean;
    readonly listed: boolean;
  }>;
  /** Whether `__systemTag__` and `__userTag__` can be asked of it. */
  readonly tags: boolean;
}

/** One inventory before formatting: dates are ms since the epoch, absent values undefined or null, nested lists as arrays. */
export type InventoryRow = Readonly<Record<string, unknown>>;

/** `no-such-field`: a condition or sort names a field that the resource lacks. `bad-value`: the value does not fit the field. */
export type QueryErrorCode = 'no-such-field' | 'bad-value';

/** A query that makes no sense; its text names the field, for the caller to read, and never SQL. */
export class QueryError extends CodedError<QueryErrorCode> {}

/** Reads inventories. Rejects with QueryError (`no-such-field`, `bad-value`) for conditions that make no sense. */
export interface QueryPort {
  query(
    request: QueryRequest,
  ): Promise<{ readonly rows: readonly InventoryRow[]; readonly total: number | undefined }>;
  describe(resource: ResourceName): ResourceDescription;
}

export interface Account {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly type: 'SystemAdmin' | 'Normal';
  /** `scrypt$N$r$p$<salt hex>$<hash hex>` of the lower-case hex SHA-512 of the clear password. */
  readonly passwordHash: string;
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** Somebody who acts for an account. An `Auditor` reads what the account may read and changes nothing. */
export interface User {
  readonly uuid: Uuid;
  readonly accountUuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly kind: 'Normal' | 'Auditor';
  /** As an account's. */
  readonly passwordHash: string;
  readonly createDate: number;
  readonly lastOpDate: number;
}

export interface Session {
  readonly uuid: Uuid;
  readonly accountUuid: Uuid;
  readonly userUuid: Uuid;
  readonly createDate: number;
  readonly expiredDate: number;
}

/** What of an account or user may change; members that are absent stay. */
export interface IdentityChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly passwordHash?: string | undefined;
}

/**
 * Accounts, users and sessions; writes are durable when resolved. The session uuid is a secret: the store keeps only its SHA-256.
 * `insert*` and `change*` reject with StoreError `conflict` when the uuid or the name is taken.
 */
export interface AccountStore {
  getAccountByName(name: string): Promise<Account | undefined>;
  getAccount(uuid: string): Promise<Account | undefined>;
  insertAccount(account: Account): Promise<void>;
  /** False when there is no such account. */
  changeAccount(uuid: string, change: IdentityChange, at: number): Promise<boolean>;
  countAdmins(): Promise<number>;
  /** Its users, sessions and shares go with it. */
  deleteAccount(uuid: string): Promise<void>;
  getUser(uuid: string): Promise<User | undefined>;
  getUserByName(accountUuid: string, name: string): Promise<User | undefined>;
  /** False when there is no such account; then nothing is written. */
  insertUser(user: User): Promise<boolean>;
  /** False when there is no such user. */
  changeUser(uuid: string, change: IdentityChange, at: number): Promise<boolean>;
  /** Its sessions go with it. */
  deleteUser(uuid: string): Promise<void>;
  /** Ends every session of a user, or of an account and its users, but `except`. */
  deleteSessionsOf(uuid: string, except: string | undefined): Promise<void>;
  /** ZStack's type of a resource that can be shared; undefined for one that does not exist or is for administrators only. */
  shareableType(resourceUuid: string): Promise<string | undefined>;
  /** Shares each resource with each account; repeating it changes nothing, what is gone meanwhile is passed over. */
  share(resourceUuids: readonly string[], accountUuids: readonly string[], at: number): Promise<void>;
  /** Takes resources back from these accounts, or (undefined) from all; repeating it changes nothing. */
  revoke(resourceUuids: readonly string[], accountUuids: readonly string[] | undefined): Promise<void>;
  saveSession(session: Session): Promise<void>;
  getSession(uuid: string): Promise<Session | undefined>;
  deleteSession(uuid: string): Promise<void>;
  /** Deletes all but the `keep` newest sessions of a user (an account is its own user); repeating it changes nothing. */
  keepNewestSessions(userUuid: Uuid, keep: number): Promise<void>;
  deleteSessionsExpiredBefore(time: number): Promise<number>;
}

/** This server as a management node. */
export interface ManagementNodeStore {
  /** Records the server, or renews what an earlier start recorded; answers the uuid, which is the first start's for ever. */
  join(node: { readonly uuid: Uuid; readonly hostName: string; readonly at: number }): Promise<Uuid>;
  heartBeat(uuid: Uuid, at: number): Promise<void>;
}

/** One asynchronous API call. `result` and `error` are the JSON texts that polling answers. */
export interface Job {
  readonly uuid: Uuid;
  readonly api: string;
  readonly accountUuid: string | undefined;
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly result: string | undefined;
  readonly error: string | undefined;
  readonly createDate: number;
  readonly finishDate: number | undefined;
}

/** One web hook to deliver when its job has ended. */
export interface WebHook {
  readonly jobUuid: Uuid;
  /** As the caller wrote it. */
  readonly headerUuid: string;
  readonly url: string;
  /** Scheme, host and port of the URL: deliveries to one origin are limited. */
  readonly origin: string;
  readonly tries: number;
  /** When the next try is due; undefined while the job runs. */
  readonly nextAt: number | undefined;
  readonly createDate: number;
}

/** An origin that has hooks of ended jobs. */
export interface HookOrigin {
  readonly origin: string;
  readonly due: boolean;
}

/** Web hooks that wait. They come with their job (`insertJob`), become due with its end (`finishJob`) and go with it at the latest. */
export interface WebHookStore {
  /** Origins in alphabetical order after `after`, at most `limit`, and whether a hook of theirs is due at `now`. */
  listOrigins(now: number, after: string, limit: number): Promise<readonly HookOrigin[]>;
  /** Hooks of one origin due at `now`, oldest first, at most `limit`. */
  dueHooksOf(origin: string, now: number, limit: number): Promise<readonly WebHook[]>;
  /** When the first hook after `time` is due; undefined when none is. */
  nextDue(time: number): Promise<number | undefined>;
  postponeHook(jobUuid: Uuid, tries: number, nextAt: number): Promise<void>;
  deleteHook(jobUuid: Uuid): Promise<void>;
  countHooks(): Promise<number>;
}

/** One line of the progress of a long call. */
export interface ProgressLine {
  /** The job that the caller polls. */
  readonly apiUuid: Uuid;
  /** The call itself, or one of its sub-tasks. */
  readonly taskUuid: Uuid;
  readonly parentUuid: Uuid | undefined;
  readonly taskName: string;
  readonly type: 'Task' | 'Progress';
  /** The stage in words. */
  readonly content: string;
  /** 0 to 100, where it is known. */
  readonly percent: number | undefined;
  /** Facts as a JSON text. */
  readonly opaque: string | undefined;
  readonly time: number;
}

/** Progress of calls. */
export interface ProgressStore {
  append(lines: readonly ProgressLine[]): Promise<void>;
  /** Lines of one call, oldest first. */
  linesOf(apiUuid: string): Promise<readonly ProgressLine[]>;
  deleteProgressBefore(time: number, limit: number): Promise<number>;
}

/** Durable jobs. */
export interface JobStore {
  /** False when the uuid is taken; then nothing is written. The hook is written with its job or not at all. */
  insertJob(job: Job, hook?: WebHook): Promise<boolean>;
  /** The first end counts, a later one changes nothing. The job's web hook becomes due with it. */
  finishJob(
    uuid: Uuid,
    end: { readonly result?: string; readonly error?: string; readonly at: number },
  ): Promise<void>;
  getJob(uuid: string): Promise<Job | undefined>;
  /** Jobs that a crash left running. */
  listRunningJobs(): Promise<readonly Job[]>;
  /** Deletes at most `limit` of them, with their web hooks; answers how many. */
  deleteJobsFinishedBefore(time: number, limit: number): Promise<number>;
}
