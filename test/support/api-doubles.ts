import { randomBytes } from 'node:crypto';
import type {
  AccountStore,
  InventoryRow,
  Job,
  JobStore,
  QueryPort,
  ResourceName,
} from '../../src/api/ports.ts';
import { QueryError } from '../../src/api/ports.ts';
import type { Account, Session } from '../../src/api/ports.ts';
import type { Logger } from '../../src/base/log.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { newUuid } from '../../src/base/uuid.ts';
import type { TimelineEntry } from '../../src/provision/model.ts';
import type { ProvisionService } from '../../src/provision/index.ts';
import { ProvisionError } from '../../src/provision/index.ts';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** Accounts and sessions in memory, under the contract of the port. */
export function memoryAccounts(): AccountStore & { readonly sessions: Map<string, Session> } {
  const accounts = new Map<string, Account>();
  const sessions = new Map<string, Session>();
  return {
    sessions,
    getAccountByName: async (name) => [...accounts.values()].find((account) => account.name === name),
    getAccount: async (uuid) => accounts.get(uuid),
    saveAccount: async (account) => void accounts.set(account.uuid, account),
    saveSession: async (session) => void sessions.set(session.uuid, session),
    getSession: async (uuid) => sessions.get(uuid),
    deleteSession: async (uuid) => void sessions.delete(uuid),
    async keepNewestSessions(accountUuid, keep) {
      const own = [...sessions.values()].filter((session) => session.accountUuid === accountUuid);
      const old = own.toSorted((a, b) => b.createDate - a.createDate).slice(keep);
      for (const { uuid } of old) sessions.delete(uuid);
    },
    async deleteSessionsExpiredBefore(time) {
      const dead = [...sessions.values()].filter((session) => session.expiredDate < time);
      for (const { uuid } of dead) sessions.delete(uuid);
      return dead.length;
    },
  };
}

/** Jobs in memory. */
export function memoryJobs(): JobStore & { readonly jobs: Map<string, Job> } {
  const jobs = new Map<string, Job>();
  return {
    jobs,
    async insertJob(job) {
      if (jobs.has(job.uuid)) return false;
      jobs.set(job.uuid, job);
      return true;
    },
    async finishJob(uuid, { result, error, at }) {
      const job = jobs.get(uuid);
      if (job === undefined) return;
      const state = error === undefined ? 'succeeded' : 'failed';
      jobs.set(uuid, { ...job, state, result, error, finishDate: at });
    },
    getJob: async (uuid) => jobs.get(uuid),
    listRunningJobs: async () => [...jobs.values()].filter((job) => job.state === 'running'),
    async deleteJobsFinishedBefore(time) {
      const old = [...jobs.values()].filter((job) => (job.finishDate ?? time) < time);
      for (const { uuid } of old) jobs.delete(uuid);
      return old.length;
    },
  };
}

export type Rows = Record<ResourceName, Map<string, Record<string, unknown>>>;

/** A query port over maps: `=`, `!=`, `?=`, `is null`, `not null`; enough to see what the API hands over. */
export function memoryQuery(rows: Rows): QueryPort {
  const fields = new Set(
    'uuid name description dhcpInterface dhcpRangeBegin dhcpRangeEnd dhcpRangeNetmask status ipmiAddress ipmiPort ipmiUsername chassisUuid vnc unattended type content createDate lastOpDate'.split(
      ' ',
    ),
  );
  return {
    async query({ resource, conditions, limit, start, sort, countOnly, withTotal }) {
      for (const field of [...conditions.map((c) => c.field), ...(sort ? [sort.field] : [])]) {
        if (!fields.has(field)) throw new QueryError('no-such-field', 'there is no such field');
      }
      const matching = [...rows[resource].values()].filter((row) =>
        conditions.every(({ field, operator, value }) => {
          const own = row[field];
          if (operator === '!=') return own !== value;
          if (operator === '?=') return value.split(',').includes(String(own));
          if (operator === 'is null') return own === undefined || own === null;
          if (operator === 'not null') return own !== undefined && own !== null;
          return String(own) === value;
        }),
      );
      const sorted = sort
        ? matching.toSorted((a, b) => {
            const order = String(a[sort.field]).localeCompare(String(b[sort.field]));
            return sort.direction === 'asc' ? order : -order;
          })
        : matching;
      const page: InventoryRow[] = countOnly ? [] : sorted.slice(start, start + limit);
      return { rows: page, total: countOnly || withTotal ? matching.length : undefined };
    },
  };
}

/** A provisioning domain that only keeps rows; `fail` and `hold` steer the next calls. */
export interface FakeDomain {
  readonly service: ProvisionService;
  readonly rows: Rows;
  /** Name of each call with its arguments. */
  readonly calls: Array<readonly [string, ...unknown[]]>;
  /** Every later call rejects with this; undefined heals. */
  fail: unknown;
  /** Later calls wait for this. */
  hold: Promise<void> | undefined;
  power: 'ON' | 'OFF' | 'UNKNOWN';
  timelineEntries: TimelineEntry[];
}

export function fakeDomain(now = 1_510_698_057_000): FakeDomain {
  const rows: Rows = {
    pxeServer: new Map(),
    chassis: new Map(),
    hostCfg: new Map(),
    hardwareInfo: new Map(),
  };
  const dates = { createDate: now, lastOpDate: now };
  const domain: FakeDomain = {
    service: undefined as unknown as ProvisionService,
    rows,
    calls: [],
    fail: undefined,
    hold: undefined,
    power: 'ON',
    timelineEntries: [],
  };
  const step = async (...call: readonly [string, ...unknown[]]): Promise<void> => {
    domain.calls.push(call);
    await domain.hold;
    if (domain.fail !== undefined) throw domain.fail;
  };
  const get = (resource: ResourceName, uuid: string, code: 'not-found' | 'chassis-not-found') => {
    const row = rows[resource].get(uuid);
    if (row === undefined) throw new ProvisionError(code, `no ${resource} ${uuid}; look at the list`);
    return row;
  };
  const create = (resource: ResourceName, input: object & { resourceUuid?: string }, extra: object): Uuid => {
    const { resourceUuid, ...rest } = input;
    const uuid = (resourceUuid ?? newUuid(random)) as Uuid;
    rows[resource].set(uuid, { uuid, ...rest, ...extra, ...dates });
    return uuid;
  };
  const service: ProvisionService = {
    async createPxeServer(input) {
      await step('createPxeServer', input);
      return create('pxeServer', input, { status: 'Running' });
    },
    async updatePxeServer(uuid, change) {
      await step('updatePxeServer', uuid, change);
      Object.assign(get('pxeServer', uuid, 'not-found'), change);
    },
    async deletePxeServer(uuid) {
      await step('deletePxeServer', uuid);
      rows.pxeServer.delete(uuid);
    },
    async startPxeServer(uuid) {
      await step('startPxeServer', uuid);
      get('pxeServer', uuid, 'not-found')['status'] = 'Running';
    },
    async stopPxeServer(uuid) {
      await step('stopPxeServer', uuid);
      get('pxeServer', uuid, 'not-found')['status'] = 'Stopped';
    },
    async createChassis(input) {
      await step('createChassis', input);
      const { systemTags: _tags, ...rest } = input;
      const hidden = { ipmiPort: String(input.ipmiPort ?? 623), ipmiPassword: '******' };
      return create('chassis', rest, { ...hidden, status: 'Unprovisioned', statusCause: undefined });
    },
    async updateChassis(uuid, change) {
      await step('updateChassis', uuid, change);
      Object.assign(get('chassis', uuid, 'chassis-not-found'), change, { ipmiPassword: '******' });
    },
    async deleteChassis(uuid) {
      await step('deleteChassis', uuid);
      rows.chassis.delete(uuid);
    },
    async createHostCfg(input) {
      await step('createHostCfg', input);
      get('chassis', input.chassisUuid, 'chassis-not-found');
      const { cfgItems: _items, ...rest } = input;
      const address = { ip: '10.0.0.1', netmask: '255.255.255.0', gateway: '10.0.0.254', dns: '8.8.8.8' };
      const nicCfgs = [{ uuid: newUuid(random), mac: '11:11:11:11:11:11', ...address, pxe: true, ...dates }];
      const slaves = '22:22:22:22:22:22,33:33:33:33:33:33';
      const bondings = [{ uuid: newUuid(random), name: 'bond0', slaves, mode: '4', ...address, ...dates }];
      const defaults = { vnc: true, unattended: true };
      return create('hostCfg', { ...defaults, ...rest }, { password: '******', nicCfgs, bondings });
    },
    async deleteHostCfg(uuid) {
      await step('deleteHostCfg', uuid);
      rows.hostCfg.delete(uuid);
    },
    async provision(uuid) {
      await step('provision', uuid);
      get('chassis', uuid, 'chassis-not-found')['status'] = 'Rebooting';
    },
    async powerStatus(uuid) {
      await step('powerStatus', uuid);
      get('chassis', uuid, 'chassis-not-found');
      return domain.power;
    },
    async power(uuid, action) {
      await step('power', uuid, action);
      get('chassis', uuid, 'chassis-not-found');
    },
    async timeline(uuid) {
      await step('timeline', uuid);
      get('chassis', uuid, 'chassis-not-found');
      if (domain.timelineEntries.length === 0) return undefined;
      const run = {
        uuid: '0'.repeat(32) as Uuid,
        chassisUuid: uuid as Uuid,
        pxeServerUuid: '1'.repeat(32) as Uuid,
        kind: 'inspect' as const,
        stage: 'failed' as const,
        stageSince: now,
        startedAt: now,
        endedAt: now + 60_000,
        kickstartReader: undefined,
        kickstartConsumed: false,
        mac: undefined,
        address: undefined,
        firmware: undefined,
        evidence: { discovers: 3, acks: 0 } as never,
        cause: 'no offer was accepted',
        // A careless domain would hand these out too.
        bootToken: 'token-boot',
        kickstartToken: 'token-kickstart',
        reportToken: 'token-report',
      };
      return { run, entries: domain.timelineEntries };
    },
    async seenMachines() {
      await step('seenMachines');
      return [];
    },
  };
  return Object.assign(domain, { service });
}

/** A logger that keeps every line as JSON text. */
export function keepingLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep =
    (level: string) =>
    (facts: object, text: string): void => {
      lines.push(JSON.stringify({ level, ...facts, text }));
    };
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}
