import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Type } from 'typebox';
import { apiTable } from '../../src/api/routes/index.ts';
import { createArgumentChecker } from '../../src/api/zstack/arguments.ts';
import { rawArguments } from '../../src/api/zstack/arrange.ts';
import type { QueryString } from '../../src/api/zstack/query.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { callApi, openApi } from '../support/api-world.ts';

const { chassis } = existing;

let world: ApiWorld;
beforeAll(async () => {
  world = await openApi();
});
afterAll(() => world.close());
beforeEach(() => seedRows(world));

const good: Readonly<Record<string, unknown>> = {
  name: 'n',
  dhcpInterface: 'eth0',
  ipmiAddress: '1.1.1.1',
  ipmiUsername: 'root',
  ipmiPassword: 'secret-value',
  chassisUuid: chassis,
  cfgItems: { nicCfgs: [] },
};

describe('required parameters', () => {
  /** Every API with parameters in its body, with each that it cannot do without and that the path does not give. */
  const required = apiTable
    .filter(({ keys }) => keys.length > 0)
    .flatMap((api) =>
      (api.params.required ?? [])
        .filter((name) => !api.path.split('/').includes(`:${name}`))
        .map((name) => [`${api.name} without ${name}`, api, name] as const),
    );

  it('of the bare-metal creations are those of the manual and of the product', () => {
    const byApi: Record<string, string[]> = {};
    for (const [, api, name] of required) (byApi[api.name] ??= []).push(name);
    // The manual also prints ipmiPort, whose default is 623 in the product, and leaves out both names.
    expect(byApi).toMatchObject({
      CreateBaremetalPxeServer: ['name', 'dhcpInterface'],
      CreateBaremetalChassis: ['name', 'ipmiAddress', 'ipmiUsername', 'ipmiPassword'],
      CreateBaremetalHostCfg: ['chassisUuid', 'cfgItems'],
    });
  });

  it.each(required)('%s: the call fails with SYS.1007 that names it', async (_title, api, left) => {
    const path = api.path.replaceAll(/:\w+/g, chassis);
    const others = Object.fromEntries(Object.keys(api.params.properties).map((name) => [name, 'x']));
    for (const given of [undefined, null]) {
      const action = { ...others, [left]: given };
      world.domain.calls.length = 0;
      const answer = await callApi(world, api.method, path, { [api.keys[0] ?? 'params']: action });
      const { code, details } = answer.json<{ error: { code: string; details: string } }>().error;
      expect([answer.statusCode, code, details]).toEqual([
        503,
        'SYS.1007',
        expect.stringContaining(`parameter ${left} is mandatory`),
      ]);
      expect(world.domain.calls).toEqual([]);
    }
  });

  it('are missed by the job, not by the POST, when the whole of params is absent', async () => {
    for (const payload of [undefined, {}, { params: null }, { params: 5 }]) {
      expect((await callApi(world, 'POST', '/baremetal/chassis', payload)).json()).toMatchObject({
        error: { code: 'SYS.1007' },
      });
    }
  });
});

describe('wrong arguments', () => {
  const put = (action: object, path = `/baremetal/chassis/${chassis}/actions`) =>
    callApi(world, 'PUT', path, action);
  const post = (path: string, params: object) =>
    callApi(world, 'POST', path, { params: { ...good, ...params } });

  it.each([
    ['chassis', { name: '' }, 'name'],
    ['chassis', { name: '   ' }, 'name'],
    ['chassis', { name: 'n'.repeat(256) }, 'name'],
    ['chassis', { name: { a: 1 } }, 'name'],
    ['chassis', { description: 'd'.repeat(2049) }, 'description'],
    ['chassis', { ipmiPort: 'six' }, 'ipmiPort'],
    ['chassis', { ipmiPort: 623.5 }, 'ipmiPort'],
    ['chassis', { resourceUuid: 'no-uuid' }, 'resourceUuid'],
    ['chassis', { resourceUuid: 'D169E2EDE4C144A19CF15DE9633DEAF4'.replace('4', '9') }, 'resourceUuid'],
    ['pxeserver', { dhcpRangeBegin: '10.0.0.256' }, 'dhcpRangeBegin'],
    ['pxeserver', { dhcpRangeNetmask: '/24' }, 'dhcpRangeNetmask'],
    ['pxeserver', { dhcpInterface: '' }, 'dhcpInterface'],
    ['hostcfg', { vnc: 'perhaps' }, 'vnc'],
    ['hostcfg', { unattended: 2 }, 'unattended'],
    ['hostcfg', { password: '' }, 'password'],
  ])('%s %j', async (resource, params, named) => {
    const answer = await post(`/baremetal/${resource}`, params);
    expect(answer.json()).toMatchObject({
      error: { code: 'SYS.1007', details: expect.stringContaining(`parameter ${named} `) },
    });
    expect(answer.statusCode).toBe(503);
  });

  it('a status that only the system sets is refused; case does not matter for the others', async () => {
    for (const status of ['Rebooting', 'PxeBootFailed', 'x', 5]) {
      const answer = await put({ updateBaremetalChassis: { status } });
      expect(answer.json<{ error: { details: string } }>().error.details).toBe(
        'API UpdateBaremetalChassis: parameter status must be one of Unprovisioned, Provisioning, Provisioned',
      );
    }
    const answer = await put({ updateBaremetalChassis: { status: ' unPROVISIONED ' } });
    expect(answer.json()).toMatchObject({ inventory: { status: 'Unprovisioned' } });
    const gone = await callApi(world, 'DELETE', `/baremetal/chassis/${chassis}?deleteMode=forced`);
    expect(gone.json()).toMatchObject({ error: { code: 'SYS.1007' } });
  });

  it('a uuid that does not exist, or is none, is not found; deleting it succeeds', async () => {
    for (const uuid of ['a'.repeat(32), 'nonsense']) {
      const path = `/baremetal/chassis/${uuid}`;
      expect((await callApi(world, 'GET', path)).json()).toEqual({ inventories: [] });
      expect((await callApi(world, 'DELETE', path)).json()).toEqual({});
      const power = await put({ powerOnBaremetalHost: {} }, `${path}/actions`);
      expect(power.json()).toMatchObject({ error: { code: 'BAREMETAL.1010' } });
      const timeline = await callApi(world, 'GET', `${path}/timeline`);
      expect([timeline.statusCode, timeline.json()]).toMatchObject([
        503,
        { error: { code: 'BAREMETAL.1010' } },
      ]);
    }
  });

  it('an unknown, missing or second action key is a 400', async () => {
    const before = world.domain.calls.length;
    for (const body of [
      {},
      { explodeBaremetalHost: {} },
      { powerOnBaremetalHost: {}, powerOffBaremetalHost: {} },
    ]) {
      const answer = await put(body);
      expect(answer.statusCode).toBe(400);
      expect(answer.body).toContain('powerOnBaremetalHost');
    }
    expect(world.domain.calls.length).toBe(before);
  });
});

describe('lenient input', () => {
  it('takes numbers for strings, trims (but not passwords), drops unknown members, path wins', async () => {
    world.domain.calls.length = 0;
    const params = {
      ...good,
      name: '  box 7 ',
      ipmiPort: 623,
      ipmiPassword: ' blank ',
      colour: 'red',
      uuid: 'x',
    };
    await callApi(world, 'POST', '/baremetal/chassis', { params, extra: 1 });
    await callApi(world, 'PUT', `/baremetal/chassis/${chassis}/actions`, {
      updateBaremetalChassis: { uuid: 'other', name: 'new', description: null },
    });
    expect(world.domain.calls).toEqual([
      [
        'createChassis',
        {
          name: 'box 7',
          ipmiAddress: '1.1.1.1',
          ipmiPort: '623',
          ipmiUsername: 'root',
          ipmiPassword: ' blank ',
          systemTags: [],
        },
      ],
      ['updateChassis', chassis, { name: 'new' }],
    ]);
  });

  it('takes tags from the top level, else from inside, and runs nothing for validationOnly', async () => {
    world.domain.calls.length = 0;
    const inside = { ...good, systemTags: ['bootMode::uefi'] };
    await callApi(world, 'POST', '/baremetal/chassis', { params: inside });
    await callApi(world, 'POST', '/baremetal/chassis', {
      params: inside,
      systemTags: ['skipIpmiCheck::true'],
    });
    expect(world.domain.calls.map(([, input]) => (input as { systemTags: unknown }).systemTags)).toEqual([
      ['bootMode::uefi'],
      ['skipIpmiCheck::true'],
    ]);
    const dry = { systemTags: ['validationOnly'] };
    const answer = await callApi(world, 'POST', '/baremetal/chassis', { params: good, ...dry });
    expect([answer.json(), world.domain.calls.length]).toEqual([{}, 2]);
    const wrong = await callApi(world, 'POST', '/baremetal/chassis', { params: {}, ...dry });
    expect(wrong.statusCode).toBe(503);
  });

  it('takes hostcfg booleans as text or boolean, and cfgItems untouched', async () => {
    world.domain.calls.length = 0;
    const cfgItems = { nicCfgs: ["{'mac': 'x'}", { mac: 'y' }] };
    await callApi(world, 'POST', '/baremetal/hostcfg', {
      params: { chassisUuid: chassis, vnc: 'FALSE', unattended: true, cfgItems },
    });
    expect(world.domain.calls).toEqual([
      ['createHostCfg', { chassisUuid: chassis, vnc: false, unattended: true, cfgItems }],
    ]);
  });

  it('takes dashed and upper-case uuids in paths, and deleteMode from query or body', async () => {
    const dashed = 'D169E2ED-E4C1-44A1-9CF1-5DE9633DEAF4';
    expect((await callApi(world, 'GET', `/baremetal/chassis/${dashed}`)).json()).toMatchObject({
      inventory: { uuid: chassis },
    });
    const path = `/baremetal/chassis/${chassis}`;
    const bodies = [{ deleteMode: 'enforcing' }, { params: { deleteMode: 'Permissive' } }];
    for (const body of bodies) expect((await callApi(world, 'DELETE', path, body)).json()).toEqual({});
    expect((await callApi(world, 'DELETE', `${path}?deleteMode=Permissive`)).json()).toEqual({});
  });
});

describe('parameters of a query string', () => {
  const api = {
    name: 'X',
    keys: [],
    params: Type.Object({
      uuids: Type.Array(Type.String()),
      name: Type.Optional(Type.String()),
      labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    }),
  };
  const checker = createArgumentChecker(api.name, api.params);
  const given = (query: QueryString) => checker.check(rawArguments(api, { body: {}, path: {}, query }));

  it('are lists by repeated names, the first of several elsewhere, and maps by field.key=value', () => {
    expect(given({ uuids: ['a', 'b'], name: ['first', 'second'], q: 'ignored' })).toEqual({
      uuids: ['a', 'b'],
      name: 'first',
    });
    expect(given({ uuids: 'a', 'labels.rack': '7', 'labels.a.b': ['x', 'y'], 'labelsX.no': '1' })).toEqual({
      uuids: ['a'],
      labels: { rack: '7', 'a.b': 'x' },
    });
  });

  it('beat the body, and are beaten by the path', () => {
    const parts = { body: { name: 'body', uuids: ['b'] }, query: { name: 'query' }, path: { uuids: 'path' } };
    expect(checker.check(rawArguments(api, parts))).toEqual({ name: 'query', uuids: ['path'] });
  });

  it('cannot reach what objects inherit', () => {
    const raw = rawArguments(api, {
      body: {},
      path: {},
      query: { '__proto__.x': '1', 'labels.__proto__': 'y' },
    });
    expect(Object.getPrototypeOf(raw)).toBeNull();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('routes', () => {
  it('a literal path beats one with a variable, under both prefixes', async () => {
    for (const prefix of ['/v1', '/zstack/v1']) {
      const route = (path: string) => world.api.inject({ url: `${prefix}${path}` });
      expect((await route('/management-nodes/ready')).body).toBe('{}');
      expect((await route('/management-nodes/other')).statusCode).toBe(400);
    }
  });
});

describe('errors of the domain', () => {
  it('reach the job with their code, and faults without their text', async () => {
    world.domain.fail = new RangeError('SELECT secret FROM stack');
    const answer = await callApi(world, 'PUT', `/baremetal/chassis/${chassis}/actions`, {
      powerResetBaremetalHost: {},
    });
    world.domain.fail = undefined;
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ error: { code: 'SYS.1000' } });
    expect(answer.body).not.toContain('SELECT');
    expect(world.log.lines.join('\n')).toContain('SELECT secret FROM stack');
  });

  it.each(['ON', 'OFF', 'UNKNOWN'] as const)('power status %s', async (status) => {
    world.domain.power = status;
    const answer = await callApi(world, 'PUT', `/baremetal/chassis/${chassis}/actions`, {
      powerStatusBaremetalHost: {},
    });
    expect(answer.json()).toEqual({ status });
  });
});

describe('timeline', () => {
  it('is {} before the first run, then shows the run without its tokens', async () => {
    const path = `/baremetal/chassis/${chassis}/timeline`;
    world.domain.timelineEntries = [];
    expect((await callApi(world, 'GET', path)).json()).toEqual({});
    world.domain.timelineEntries = [
      {
        runUuid: '0'.repeat(32) as never,
        chassisUuid: chassis as never,
        at: 1_510_698_057_000,
        step: 'power',
        text: 'reset',
        bytes: undefined,
      },
    ];
    const answer = await callApi(world, 'GET', path);
    expect(answer.json()).toMatchObject({
      inventory: {
        kind: 'inspect',
        stage: 'failed',
        cause: 'no offer was accepted',
        startDate: 'Nov 14, 2017 10:20:57 PM',
        entries: [{ at: 1_510_698_057_000, date: 'Nov 14, 2017 10:20:57 PM', step: 'power', text: 'reset' }],
      },
    });
    expect(answer.body).not.toMatch(/token/i);
    expect((await callApi(world, 'GET', '/baremetal/seen-machines')).json()).toEqual({ inventories: [] });
  });
});
