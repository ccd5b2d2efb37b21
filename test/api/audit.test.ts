import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Type } from 'typebox';
import { createAuditor, isAudited } from '../../src/api/zstack/audit.ts';
import { maskedRequest } from '../../src/api/zstack/masked-request.ts';
import { apiTable } from '../../src/api/routes/index.ts';
import { ApiError } from '../../src/api/errors.ts';
import { StoreError } from '../../src/store/errors.ts';
import type { AuditEntry } from '../../src/platform/index.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, callApi, openApi } from '../support/api-world.ts';
import { cases } from '../support/cases.ts';
import { keepingLog } from '../support/keeping-log.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
  await seedRows(world);
});
afterEach(() => world.close());

/** The entries since the login of the world, oldest first. */
async function entries(query = ''): Promise<ReadonlyArray<Record<string, unknown>>> {
  const answer = await callApi(world, 'GET', `/audits?sort=%2BcreateDate${query}`);
  expect(answer.statusCode).toBe(200);
  return answer.json<{ inventories: Array<Record<string, unknown>> }>().inventories.slice(1);
}

const ipmi = { ipmiAddress: '192.0.2.7', ipmiUsername: 'root', ipmiPassword: 'Canary-bmc-password' };

describe('an entry', () => {
  it('of a creation names who, what, from where, which job and which resource, with secrets masked', async () => {
    const params = { name: 'box 7', ...ipmi, colour: 'unknown member' };
    const created = await callApi(world, 'POST', '/baremetal/chassis', {
      params,
      systemTags: ['skipIpmiCheck::true'],
    });
    const { uuid } = created.json<{ inventory: { uuid: string } }>().inventory;
    const [entry] = await entries();
    expect(entry).toMatchObject({
      uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
      createDate: expect.any(String),
      accountName: 'admin',
      accountUuid: '36c27e8ff05c4780bf6d2fa65700f22e',
      api: 'CreateBaremetalChassis',
      resourceType: 'BaremetalChassisVO',
      resourceUuid: uuid,
      remoteAddress: '127.0.0.1',
      jobUuid: expect.stringMatching(/^[0-9a-f]{32}$/),
      outcome: 'Succeeded',
      durationMs: expect.any(Number),
    });
    expect(JSON.parse(String(entry?.['request']))).toEqual({
      name: 'box 7',
      ipmiAddress: '192.0.2.7',
      ipmiUsername: 'root',
      ipmiPassword: '******',
      systemTags: ['skipIpmiCheck::true'],
    });
    expect(entry).not.toHaveProperty('errorCode');
    expect(world.store.writtenText()).not.toContain('Canary-bmc-password');
  });

  it('of a failure has the code and text that the caller got', async () => {
    await callApi(world, 'POST', '/baremetal/chassis', { params: { name: 'x' } });
    const power = `/baremetal/chassis/${'a'.repeat(32)}/actions`;
    await callApi(world, 'PUT', power, { powerOnBaremetalHost: {} });
    expect(await entries()).toMatchObject([
      { api: 'CreateBaremetalChassis', outcome: 'Failed', errorCode: 'SYS.1007', request: '{"name":"x"}' },
      {
        api: 'PowerOnBaremetalHost',
        outcome: 'Failed',
        errorCode: 'BAREMETAL.1010',
        resourceUuid: 'a'.repeat(32),
      },
    ]);
  });

  it('is not written for reads, nor for a session that is over', async () => {
    await callApi(world, 'GET', '/baremetal/chassis');
    await callApi(world, 'PUT', `/baremetal/chassis/${existing.chassis}/actions`, {
      powerStatusBaremetalHost: {},
    });
    const { authorization } = world;
    world.authorization = `OAuth ${'0'.repeat(32)}`;
    await callApi(world, 'DELETE', `/baremetal/chassis/${existing.chassis}`);
    world.authorization = authorization;
    expect(await entries()).toEqual([]);
  });

  it('is written for every login, good or failed, without the session or the password', async () => {
    const login = (accountName: unknown, password: string) =>
      world.api.inject({
        method: 'PUT',
        url: '/v1/accounts/login',
        payload: { logInByAccount: { accountName, password } },
      });
    const { uuid } = (await login('admin', adminPassword)).json<{ inventory: { uuid: string } }>().inventory;
    await login('admin', 'Canary-wrong-password');
    await login('n'.repeat(300), 'Canary-wrong-password');
    await login({ a: 1 }, 'Canary-wrong-password');
    const all = await entries();
    expect(all).toMatchObject([
      { api: 'LogInByAccount', outcome: 'Succeeded', accountName: 'admin', accountUuid: expect.any(String) },
      { outcome: 'Failed', errorCode: 'ID.1000', accountName: 'admin', remoteAddress: '127.0.0.1' },
      { outcome: 'Failed', accountName: 'n'.repeat(255) },
      { outcome: 'Failed', errorCode: 'SYS.1007' },
    ]);
    expect(all[0]).not.toHaveProperty('resourceUuid');
    for (const secret of [uuid, 'Canary-wrong-password', adminPassword]) {
      expect(JSON.stringify(all)).not.toContain(secret);
    }
  });

  it('of a logout names who had the session; one of nobody is not written', async () => {
    const other = await world.api.inject({
      method: 'PUT',
      url: '/v1/accounts/login',
      payload: { logInByAccount: { accountName: 'admin', password: adminPassword } },
    });
    const { uuid } = other.json<{ inventory: { uuid: string } }>().inventory;
    for (let time = 0; time < 2; time += 1) {
      await world.api.inject({ method: 'DELETE', url: `/v1/accounts/sessions/${uuid}` });
    }
    const all = (await entries()).slice(1);
    expect(all).toMatchObject([{ api: 'LogOut', accountName: 'admin', outcome: 'Succeeded' }]);
    expect(all.length).toBe(1);
    expect(JSON.stringify(all)).not.toContain(uuid);
  });

  it('of a dry run shows that it was one', async () => {
    await callApi(world, 'DELETE', `/baremetal/chassis/${existing.chassis}?systemTags=validationOnly`);
    expect(await entries()).toMatchObject([
      { request: `{"uuid":"${existing.chassis}","systemTags":["validationOnly"]}`, outcome: 'Succeeded' },
    ]);
    expect(world.domain.calls).toEqual([]);
  });
});

describe('a denied call', () => {
  it('is written, reads too, and its caller cannot read the log', async () => {
    await callApi(world, 'POST', '/accounts', {
      params: { name: 'guest', password: 'guest-password-1', type: 'Normal' },
    });
    const login = await callApi(world, 'PUT', '/accounts/login', {
      logInByAccount: { accountName: 'guest', password: 'guest-password-1' },
    });
    const { authorization } = world;
    world.authorization = `OAuth ${login.json<{ inventory: { uuid: string } }>().inventory.uuid}`;
    await callApi(world, 'DELETE', `/baremetal/chassis/${existing.chassis}`);
    const audits = await callApi(world, 'GET', '/audits');
    expect(audits.json()).toMatchObject({ error: { code: 'ID.1002' } });
    world.authorization = authorization;
    const denied = { outcome: 'Failed', errorCode: 'ID.1002', accountName: 'guest' };
    expect((await entries()).slice(2)).toMatchObject([
      { ...denied, api: 'DeleteBaremetalChassis', resourceUuid: existing.chassis },
      { ...denied, api: 'QueryAudit' },
    ]);
  });
});

describe('the log', () => {
  it('is read by uuid and queried like every resource', async () => {
    await callApi(world, 'DELETE', `/baremetal/chassis/${'b'.repeat(32)}`);
    const [entry] = await entries('&q=api~=Delete%25&q=outcome=Succeeded').then(() => entries());
    const one = await callApi(world, 'GET', `/audits/${String(entry?.['uuid'])}`);
    expect(one.json()).toMatchObject({ inventories: [{ api: 'DeleteBaremetalChassis' }] });
    const count = await callApi(world, 'GET', '/audits?q=api=DeleteBaremetalChassis&count=true');
    expect(count.json()).toEqual({ total: 1 });
  });

  it('that cannot be written does not undo a call, and is told in the program’s log', async () => {
    world.store.platform.audit.append = async () => {
      throw new StoreError('storage-full', 'disk full');
    };
    const answer = await callApi(world, 'DELETE', `/baremetal/chassis/${existing.chassis}`);
    expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    const lines = world.log.lines.filter((line) => line.includes('an audit entry could not be stored'));
    expect(lines).toEqual([expect.stringContaining('"api":"DeleteBaremetalChassis"')]);
  });
});

describe('which calls', () => {
  it('every API that changes something is one, and no login is forgotten', () => {
    const caller = { account: {}, user: undefined, session: {} } as never;
    const silent = apiTable.filter((api) => !isAudited(api, caller, undefined)).map(({ name }) => name);
    expect(
      silent.filter((name) =>
        /^(?:Create|Delete|Update|Change|Provision|Power(?:On|Off|Reset)|LogIn|LogOut)/.test(name),
      ),
    ).toEqual([]);
    expect(silent).toContain('QueryAudit');
    expect(
      isAudited(apiTable.find(({ name }) => name === 'LogInByAccount')!, undefined, new Error('x')),
    ).toBe(true);
    const expired = new ApiError('session-expired', 'x');
    for (const api of apiTable.filter(({ access }) => access !== 'anybody')) {
      expect(isAudited(api, caller, expired)).toBe(false);
    }
  });

  it('a flood of failed logins is summed up after 600 in a minute', async () => {
    const kept: Array<Partial<AuditEntry>> = [];
    let minute = (): void => {};
    const auditor = createAuditor({
      audit: { append: async (entry) => void kept.push(entry) },
      clock: {
        now: () => 0,
        after(_ms, run) {
          minute = run;
          return () => {};
        },
      },
      log: keepingLog(),
    });
    const api = apiTable.find(({ name }) => name === 'LogInByAccount')!;
    const call = {
      api,
      caller: undefined,
      raw: {},
      secrets: [],
      remoteAddress: 'x',
      jobUuid: undefined,
      beganAt: 0,
    };
    const end = { error: new ApiError('login-failed', 'wrong account name or password') };
    for (let time = 0; time < 700; time += 1) await auditor.record({ ...call, end });
    expect(kept.length).toBe(600);
    await auditor.record({ ...call, end: { answer: {} } });
    expect(kept.length).toBe(601);
    minute();
    await Promise.resolve();
    expect(kept.at(-1)).toMatchObject({
      outcome: 'Failed',
      errorText: expect.stringMatching(/^100 more failed/),
    });
    await auditor.record({ ...call, end });
    expect(kept.length).toBe(603);
  });
});

describe('the masked request', () => {
  const schema = Type.Object({
    name: Type.String(),
    pin: Type.String({ secret: true }),
    rootPassword: Type.String(),
    cfgItems: Type.Object({}),
    list: Type.Array(Type.Unknown()),
  });
  const masked = (raw: object, secrets: readonly string[] = []): unknown =>
    JSON.parse(maskedRequest(schema, raw as Record<string, unknown>, secrets) ?? 'null');

  it('hides what is secret by schema, by name at any depth, by value, and texts that mention passwords', () => {
    const raw = {
      name: 'the pin is 1234-secret',
      pin: '1234-secret',
      rootPassword: 7,
      other: 'dropped',
      cfgItems: { nicCfgs: [{ ipmiPassword: 'x', mac: 'm', sessionUuid: 's', apiToken: 't' }] },
      list: ['{"password":"p"}', 'plain'],
    };
    expect(masked(raw, ['1234-secret'])).toEqual({
      name: 'the pin is ******',
      pin: '******',
      rootPassword: '******',
      cfgItems: {
        nicCfgs: [{ ipmiPassword: '******', mac: 'm', sessionUuid: '******', apiToken: '******' }],
      },
      list: ['******', 'plain'],
    });
    expect(masked({})).toBeNull();
    expect(masked({ name: null })).toBeNull();
  });

  it('is a JSON text of at most 4096 characters, whatever is sent', () => {
    const big = fc.dictionary(
      fc.constantFrom('name', 'pin', 'cfgItems', 'list', 'x'),
      fc.anything({ maxDepth: 3 }),
    );
    const huge = fc.constantFrom(
      'x'.repeat(9000),
      '"'.repeat(5000),
      Array(5000).fill('ab'),
      Array(300).fill('\u0000'.repeat(200)),
    );
    fc.assert(
      fc.property(big, huge, (raw, value) => {
        const jsonRaw = JSON.parse(
          JSON.stringify(raw, (_key, one: unknown) => (typeof one === 'bigint' ? 0 : one)),
        );
        for (const given of [jsonRaw, { ...jsonRaw, cfgItems: { a: value, b: [value, { c: value }] } }]) {
          const text = maskedRequest(schema, given, []);
          expect(text?.length ?? 0).toBeLessThanOrEqual(4096);
          if (text !== undefined) JSON.parse(text);
        }
      }),
      { numRuns: Math.min(300, cases(3000)) },
    );
  });
});
