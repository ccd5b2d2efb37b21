import { CodedError } from '../base/errors.ts';
import type { Uuid } from '../base/uuid.ts';

/** Resources that can be queried. */
export const resourceNames = ['pxeServer', 'chassis', 'hostCfg', 'hardwareInfo'] as const;
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
  /** Only the number is wanted. */
  readonly countOnly: boolean;
  readonly withTotal: boolean;
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
}

export interface Account {
  readonly uuid: Uuid;
  readonly name: string;
  readonly type: 'SystemAdmin' | 'Normal';
  /** `scrypt$N$r$p$<salt hex>$<hash hex>` of the lower-case hex SHA-512 of the clear password. */
  readonly passwordHash: string;
}

export interface Session {
  readonly uuid: Uuid;
  readonly accountUuid: Uuid;
  readonly userUuid: Uuid;
  readonly createDate: number;
  readonly expiredDate: number;
}

/** Accounts and sessions; writes are durable when resolved. The session uuid is a secret: the store keeps only its SHA-256. */
export interface AccountStore {
  getAccountByName(name: string): Promise<Account | undefined>;
  getAccount(uuid: Uuid): Promise<Account | undefined>;
  saveAccount(account: Account): Promise<void>;
  saveSession(session: Session): Promise<void>;
  getSession(uuid: string): Promise<Session | undefined>;
  deleteSession(uuid: string): Promise<void>;
  /** Deletes all but the `keep` newest sessions of an account (by createDate); repeating it changes nothing. */
  keepNewestSessions(accountUuid: Uuid, keep: number): Promise<void>;
  deleteSessionsExpiredBefore(time: number): Promise<number>;
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

/** Durable jobs. */
export interface JobStore {
  /** False when the uuid is taken; then nothing is written. */
  insertJob(job: Job): Promise<boolean>;
  finishJob(
    uuid: Uuid,
    end: { readonly result?: string; readonly error?: string; readonly at: number },
  ): Promise<void>;
  getJob(uuid: string): Promise<Job | undefined>;
  /** Jobs that a crash left running. */
  listRunningJobs(): Promise<readonly Job[]>;
  deleteJobsFinishedBefore(time: number): Promise<number>;
}
