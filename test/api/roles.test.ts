import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize, effectOf } from '../../src/api/auth/authorize.ts';
import { maySeeSecrets, sightOf } from '../../src/api/auth/roles.ts';
import type { Caller } from '../../src/api/auth/sessions.ts';
import { apiTable } from '../../src/api/routes/index.ts';
import type { ApiDefinition } from '../../src/api/zstack/definition.ts';
import { adminOf, newAccount, newUser } from '../support/api-identities.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { openApi, pollJob } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

/** Need no session at all. */
const anybodys = [
  'LogInByAccount',
  'LogInByUser',
  'LogOut',
  'ValidateSession',
  'GetVersion',
  'GetCurrentTime',
  'IsReadyToGo',
];
/** Are for accounts of type Normal too; every other one is for administrators. */
const everyAccounts = [
  'QueryAccount',
  'UpdateAccount',
  'CreateUser',
  'DeleteUser',
  'QueryUser',
  'UpdateUser',
  'QueryZone',
  'QueryCluster',
  'QuerySystemTag',
  'QueryUserTag',
  'GetTaskProgress',
  'GetQueryFields',
  'QueryVmInstance',
  'QueryInstanceOffering',
  'QueryImage',
  'QueryPciDeviceOffering',
  'RequestConsoleAccess',
  'GetVmConsoleScreenshot',
  'GetVmConsoleLog',
];
/** Are for an account's own session, not for its users. */
const ownSessions = ['CreateAccount', 'DeleteAccount', 'UpdateAccount', 'CreateUser', 'DeleteUser'];
/** GETs of what can be secret: not for Auditors. */
const guardedReadings = [
  'GetBaremetalConsoleScreenshot',
  'GetBaremetalConsoleLog',
  'GetBaremetalConsolePicture',
  'GetVmConsoleScreenshot',
  'GetVmConsoleLog',
];
/** Only read, although no GET. */
const readingActions = ['PowerStatusBaremetalHost', 'CheckBaremetalChassisConfigFile'];

const roles = {
  nobody: { session: false, admin: false, user: false, auditor: false },
  'a dead session': { session: false, admin: false, user: false, auditor: false },
  'an administrator': { session: true, admin: true, user: false, auditor: false },
  'a Normal user of an administrator': { session: true, admin: true, user: true, auditor: false },
  'an Auditor of an administrator': { session: true, admin: true, user: true, auditor: true },
  'a Normal account': { session: true, admin: false, user: false, auditor: false },
  'a Normal user of a Normal account': { session: true, admin: false, user: true, auditor: false },
  'an Auditor of a Normal account': { session: true, admin: false, user: true, auditor: true },
} as const;
type Role = keyof typeof roles;

/** What the roles' rules say of an API, without asking the program. */
function expected({ name, method }: ApiDefinition, role: Role): string {
  const { session, admin, user, auditor } = roles[role];
  if (anybodys.includes(name)) return 'allowed';
  if (!session) return 'no session';
  if (!admin && !everyAccounts.includes(name)) return 'denied';
  if (user && ownSessions.includes(name)) return 'denied';
  const reads = method === 'GET' ? !guardedReadings.includes(name) : readingActions.includes(name);
  return auditor && !reads ? 'denied' : 'allowed';
}

/** Parameters that get a call past the check of its arguments, where its service has a say in who may. */
const wellFormed: Readonly<Record<string, () => object>> = {
  CreateAccount: () => ({ name: `account ${uuid()}`, password: 'x' }),
  CreateUser: () => ({ name: `user ${uuid()}`, password: 'x' }),
};

let world: ApiWorld;
const headers = new Map<Role, { readonly authorization?: string; readonly accountUuid: string }>();

beforeAll(async () => {
  world = await openApi();
  const admin = adminOf(world);
  const guest = await newAccount(world, 'guest');
  const guests = { ...guest, accountName: 'guest' };
  const adminUuid = '36c27e8ff05c4780bf6d2fa65700f22e';
  const add = (role: Role, session: string, accountUuid: string): unknown =>
    headers.set(role, { authorization: `OAuth ${session}`, accountUuid });
  headers.set('nobody', { accountUuid: adminUuid });
  add('a dead session', uuid(), adminUuid);
  add('an administrator', world.session, adminUuid);
  add('a Normal account', guest.session, guest.uuid);
  for (const [owner, of, account] of [
    [admin, 'an administrator', adminUuid],
    [guests, 'a Normal account', guest.uuid],
  ] as const) {
    const [normal, auditor] = [
      await newUser(world, owner, 'ann'),
      await newUser(world, owner, 'bob', 'Auditor'),
    ];
    add(`a Normal user of ${of}`, normal.session, account);
    add(`an Auditor of ${of}`, auditor.session, account);
  }
});
afterAll(() => world.close());

/** How a call ends: refused for who calls, or anything else. */
async function outcome(api: ApiDefinition, role: Role): Promise<string> {
  const { accountUuid = '', ...header } = headers.get(role) ?? {};
  const url = `/v1${api.path}`.replace(/:\w+/g, api.name === 'UpdateAccount' ? accountUuid : uuid());
  const payload = { [api.keys[0] ?? 'params']: wellFormed[api.name]?.() ?? {} };
  const withBody = api.method === 'GET' || api.method === 'DELETE' ? {} : { payload };
  let answer = await world.api.inject({ method: api.method, url, headers: header, ...withBody });
  if (answer.statusCode === 202) {
    answer = await pollJob(world.api, answer.json<{ location: string }>().location);
  }
  const { error } = answer.json<{ error?: { code: string; details: string } }>();
  if (error?.code === 'ID.1002') return 'denied';
  if (error?.code === 'ID.1001' || error?.details.includes('Authorization')) return 'no session';
  return error === undefined || answer.statusCode === 503 ? 'allowed' : `broken: ${answer.body}`;
}

const rowOf = ({ name, method, path }: ApiDefinition): string => `${name} (${method} ${path})`;

describe('who may call what', () => {
  it('covers every API that the lists name', () => {
    const known = new Set(apiTable.map(({ name }) => name));
    const listed = [...anybodys, ...everyAccounts, ...ownSessions, ...readingActions];
    expect(listed.filter((name) => !known.has(name))).toEqual([]);
    expect(apiTable.length).toBeGreaterThan(50);
  });

  it.each(Object.keys(roles) as Role[])('as the rules of the roles say: %s', async (role) => {
    const ends: [string, string][] = [];
    for (const api of apiTable) ends.push([rowOf(api), await outcome(api, role)]);
    const rules = apiTable.map((api): [string, string] => [rowOf(api), expected(api, role)]);
    expect(Object.fromEntries(ends)).toEqual(Object.fromEntries(rules));
  });
});

describe('the rules themselves', () => {
  const caller = (type: 'SystemAdmin' | 'Normal', kind?: 'Normal' | 'Auditor'): Caller => {
    const dates = { createDate: 0, lastOpDate: 0 };
    const account = { uuid: uuid(), name: 'a', description: undefined, type, passwordHash: '', ...dates };
    const user = kind && { ...account, accountUuid: account.uuid, kind };
    const session = { uuid: uuid(), accountUuid: account.uuid, userUuid: account.uuid, createDate: 0 };
    return { account, user, session: { ...session, expiredDate: 1 } };
  };
  const change = { name: 'CreateZone', method: 'POST', access: 'admin' } as const;

  it('name the API and the session that it needs', () => {
    expect(() => authorize(change, caller('Normal'))).toThrow(
      'API[CreateZone] is admin only: log in as an account of type SystemAdmin or as one of its users',
    );
    expect(() => authorize(change, caller('SystemAdmin', 'Auditor'))).toThrow(
      'API[CreateZone] changes something and an Auditor may only read',
    );
    expect(() => authorize(change, undefined)).toThrow('Session expired');
    expect(authorize(change, caller('SystemAdmin', 'Normal'))).toBeUndefined();
  });

  it('take the effect from the definition, else from the verb', () => {
    expect(effectOf({ method: 'GET' })).toBe('read');
    expect(effectOf({ method: 'GET', effect: 'change' })).toBe('change');
    expect(effectOf({ method: 'PUT' })).toBe('change');
    expect(effectOf({ method: 'PUT', effect: 'read' })).toBe('read');
  });

  it('show passwords to administrators who may change things, and all resources to all of them', () => {
    const normal = caller('Normal', 'Normal');
    const callers = [
      caller('SystemAdmin'),
      caller('SystemAdmin', 'Normal'),
      caller('SystemAdmin', 'Auditor'),
    ];
    expect(callers.map(maySeeSecrets)).toEqual([true, true, false]);
    expect([maySeeSecrets(normal), maySeeSecrets(undefined)]).toEqual([false, false]);
    expect(callers.map(sightOf)).toEqual([undefined, undefined, undefined]);
    expect(sightOf(normal)).toBe(normal.account.uuid);
  });
});
