import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ApiError } from '../../src/api/errors.ts';
import { queryOperators } from '../../src/api/ports.ts';
import { parseCondition, parseQuery } from '../../src/api/zstack/query.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { newAccount } from '../support/api-identities.ts';
import { callApi, openApi } from '../support/api-world.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { queryFor } from '../support/query-world.ts';
import { chassis, hostCfg, uuid } from '../support/records.ts';

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return (error as ApiError).code;
  }
  return undefined;
};

describe('conditions', () => {
  it.each([
    ['uuid=bfa6', 'uuid', '=', 'bfa6'],
    ['name!=x', 'name', '!=', 'x'],
    ['a>=1', 'a', '>=', '1'],
    ['a<=1', 'a', '<=', '1'],
    ['a>1', 'a', '>', '1'],
    ['a<1', 'a', '<', '1'],
    ['name?=a, b', 'name', '?=', 'a, b'],
    ['name!?=a,b', 'name', '!?=', 'a,b'],
    ['name~=In%', 'name', '~=', 'In%'],
    ['name!~=In%', 'name', '!~=', 'In%'],
    ['name is null', 'name', 'is null', ''],
    ['name not null', 'name', 'not null', ''],
    [' name = x ', 'name', '=', ' x '],
    ['nicCfgs.ip=10.0.0.1', 'nicCfgs.ip', '=', '10.0.0.1'],
    ['__systemTag__=a::b', '__systemTag__', '=', 'a::b'],
    // The product looks for its operators in a fixed order, anywhere in the text.
    ['name=a!=b', 'name=a', '!=', 'b'],
    ['name=x is null', 'name', '=', 'x is null'],
    ['name=a>b', 'name', '=', 'a>b'],
    ['name~=a?=b', 'name', '~=', 'a?=b'],
    ['name=', 'name', '=', ''],
  ])('%s', (text, field, operator, value) => {
    expect(parseCondition(text)).toEqual({ field, operator, value });
  });

  it.each(['', 'name', '=x', 'isnull', ' not null'])('refuses %j', (text) => {
    expect(codeOf(() => parseCondition(text))).toBe('bad-query');
  });
});

describe('parameters', () => {
  it('has the defaults of the product', () => {
    expect(parseQuery({})).toEqual({
      conditions: [],
      limit: 1000,
      start: 0,
      sort: undefined,
      groupBy: undefined,
      fields: undefined,
      countOnly: false,
      withTotal: false,
    });
  });

  it.each([
    [{ sort: '+name' }, { field: 'name', direction: 'asc' }],
    [{ sort: ' name' }, { field: 'name', direction: 'asc' }],
    [{ sort: 'name' }, { field: 'name', direction: 'asc' }],
    [{ sort: '-name' }, { field: 'name', direction: 'desc' }],
    [{ sort: ' null' }, undefined],
    [
      { sort: '+null', sortBy: 'name' },
      { field: 'name', direction: 'asc' },
    ],
    [{ sortBy: 'name' }, { field: 'name', direction: 'asc' }],
    [
      { sortBy: 'name', sortDirection: 'DESC' },
      { field: 'name', direction: 'desc' },
    ],
    [{ sortDirection: 'desc' }, undefined],
  ])('sort %j', (query, sort) => {
    expect(parseQuery(query).sort).toEqual(sort);
  });

  it('takes both spellings of fields, and the first groupBy', () => {
    expect(parseQuery({ fields: 'uuid,name' }).fields).toEqual(['uuid', 'name']);
    expect(parseQuery({ fields: ['uuid', 'name', 'uuid'] }).fields).toEqual(['uuid', 'name']);
    expect(parseQuery({ fields: [' uuid , name', ',status'] }).fields).toEqual(['uuid', 'name', 'status']);
    expect(parseQuery({ groupBy: [' status ', 'name'] }).groupBy).toBe('status');
    expect(parseQuery({ groupBy: ' ', fields: '' })).toMatchObject({ groupBy: undefined, fields: undefined });
  });

  it.each([
    [{ limit: 'x' }, 'bad-query'],
    [{ limit: '-1' }, 'bad-query'],
    [{ limit: '1.5' }, 'bad-query'],
    [{ limit: '2147483648' }, 'bad-query'],
    [{ start: 'x' }, 'bad-query'],
    [{ count: 'maybe' }, 'bad-query'],
    [{ replyWithCount: '1' }, 'bad-query'],
    [{ q: Array.from({ length: 101 }, () => 'a=b') }, 'bad-query'],
    [{ sortBy: 'name', sortDirection: 'up' }, 'bad-argument'],
  ])('refuses %j', (query, code) => {
    expect(codeOf(() => parseQuery(query))).toBe(code);
  });
});

const listed = async (world: ApiWorld, path: string): Promise<[number, Record<string, unknown>]> => {
  const answer = await callApi(world, 'GET', path);
  return [answer.statusCode, answer.json()];
};

describe('lists over HTTP', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApi();
    const { provision, platform } = world.store;
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const machine = chassis({
        name,
        uuid: name.repeat(32) as Uuid,
        description: name === 'b' ? undefined : `rack ${index} is null`,
        ipmiAddress: `192.0.2.${index + 1}`,
        status: name === 'c' ? 'Provisioned' : 'Unprovisioned',
        createDate: 0,
        lastOpDate: Date.parse('2017-11-14T22:20:57Z') + index * 1000,
      });
      await provision.saveChassis(machine);
      const cfg = hostCfg(machine.uuid);
      const [nic] = cfg.network.nics;
      const nics = [{ ...nic!, ip: `203.0.113.${index + 1}` as Ipv4 }];
      await provision.saveHostCfg({ ...cfg, network: { nics, bondings: [], vlans: [] } });
      await platform.tags.insertTag({
        uuid: uuid(),
        type: 'User',
        resourceType: 'BaremetalChassisVO',
        resourceUuid: machine.uuid,
        tag: `tag-${name}`,
        inherent: false,
        createDate: 0,
        lastOpDate: 0,
      });
    }
  });
  afterAll(() => world.close());

  const get = (search: string) => listed(world, `/baremetal/chassis${search}`);
  /** Names in the order of the answer; `q` texts are encoded here. */
  const names = async (...conditions: readonly string[]): Promise<string> => {
    const q = conditions.map((condition) => `&q=${encodeURIComponent(condition)}`).join('');
    const [status, body] = await get(`?fields=name&sort=name${q}`);
    expect(status).toBe(200);
    return (body['inventories'] as { name: string }[]).map(({ name }) => name).join('');
  };

  it.each([
    ['name=b', 'b'],
    [' name =b', 'b'],
    ['name= b', ''],
    ['name!=b', 'ac'],
    ['name>a', 'bc'],
    ['name>=b', 'bc'],
    ['name<b', 'a'],
    ['name<=b', 'ab'],
    ['name?=a, c,z', 'ac'],
    ['name!?=a,c', 'b'],
    ['name?=', ''],
    ['name~=B', 'b'],
    ['name~=%', 'abc'],
    ['name!~=_', ''],
    ['description is null', 'b'],
    ['description not null', 'ac'],
    ['description=rack 0 is null', 'a'],
    ['ipmiPort=623', 'abc'],
    ['lastOpDate=2017-11-14 22:20:58', 'b'],
    ['lastOpDate>2017-11-14 22:20:58', 'c'],
    ['hostCfg.nicCfgs.ip=203.0.113.2', 'b'],
    ['hostCfg.nicCfgs.pxe=true', 'abc'],
    ['hostCfg.chassis.name=c', 'c'],
    ['__userTag__=tag-a', 'a'],
    ['__userTag__!=tag-a', 'bc'],
    ['__userTag__?=tag-a,tag-b', 'ab'],
    ['__userTag__!?=tag-a,tag-b', 'c'],
    ['__userTag__~=tag%', 'abc'],
    ['__userTag__!~=%c', 'ab'],
    ['__userTag__ is null', ''],
    ['__userTag__ not null', 'abc'],
    ['__systemTag__ is null', 'abc'],
    ['hostCfg.chassis.__userTag__=tag-b', 'b'],
    ['hostCfg.chassis.__userTag__!=tag-b', 'ac'],
  ])('%s finds "%s"', async (condition, found) => {
    expect(await names(condition)).toBe(found);
  });

  it('wants one row of a relation for all its conditions', async () => {
    expect(await names('hostCfg.nicCfgs.ip=203.0.113.2', 'hostCfg.nicCfgs.pxe=true')).toBe('b');
    expect(await names('hostCfg.nicCfgs.ip=203.0.113.2', 'hostCfg.nicCfgs.ip=203.0.113.1')).toBe('');
  });

  it('answers rows, totals, counts, pages, groups and chosen fields', async () => {
    const [, whole] = await get('?q=name=b');
    expect(whole).toMatchObject({
      inventories: [
        { name: 'b', ipmiPassword: '******', ipmiPort: '623', createDate: 'Jan 1, 1970 12:00:00 AM' },
      ],
    });
    expect((await get('?count=true'))[1]).toEqual({ total: 3 });
    expect((await get('?fields=name&sort=-name&limit=1&start=1&replyWithCount=true'))[1]).toEqual({
      inventories: [{ name: 'b' }],
      total: 3,
    });
    expect((await get('?q=name!=a&q=name!=b&fields=name'))[1]).toEqual({ inventories: [{ name: 'c' }] });
    const firstTwo = { inventories: [{ name: 'a' }, { name: 'b' }] };
    expect((await get('?sort=+name&fields=name&limit=2'))[1]).toEqual(firstTwo);
    expect((await get('?sort=%2Bname&fields=name&limit=2'))[1]).toEqual(firstTwo);
    expect((await get('?sort=+null&fields=name&limit=2'))[1]).toEqual(firstTwo);
    expect(
      (await get('?groupBy=status&fields=name&fields=status&sort=-name&replyWithCount=true'))[1],
    ).toEqual({
      inventories: [
        { name: 'c', status: 'Provisioned' },
        { name: 'b', status: 'Unprovisioned' },
      ],
      total: 2,
    });
    expect((await get('?groupBy=status&count=true'))[1]).toEqual({ total: 2 });
  });

  it('shows the lists inside inventories', async () => {
    const [, body] = await listed(world, '/baremetal/hostcfg?q=nicCfgs.ip=203.0.113.3');
    expect(body).toMatchObject({
      inventories: [{ chassisUuid: 'c'.repeat(32), nicCfgs: [{ ip: '203.0.113.3' }], bondings: [] }],
    });
  });

  it.each([
    ['?limit=many', 400, 'limit'],
    ['?q=nonsense', 400, 'operators'],
    ['?q=colour=red', 503, 'condition name[colour] is invalid, no such field'],
    ['?q=hostCfg.colour=red', 503, 'inventory class[BaremetalHostCfgInventory]'],
    ['?q=name=a!=b', 503, 'condition name[name...] is invalid'],
    ['?q=ipmiPassword=bmc-canary-password', 503, 'passwords cannot be searched'],
    ['?q=ipmiPassword=bmc-canary!=x', 503, 'condition name[ipmiPassword...]'],
    ['?q=hostCfg.password~=%25', 503, 'passwords cannot be searched'],
    ['?sort=-ipmiPassword', 503, 'passwords cannot be'],
    ['?groupBy=ipmiPassword', 503, 'passwords cannot be'],
    ['?sort=colour', 503, 'parameter sort[colour] is invalid'],
    ['?groupBy=colour', 503, 'parameter groupBy[colour] is invalid'],
    ['?fields=hostCfg', 503, 'parameter fields[hostCfg] is invalid'],
    ['?q=createDate=yesterday', 503, 'yyyy-MM-dd HH:mm:ss'],
    ["?q=name') OR 1=1 --=x", 503, 'condition name[name...] is invalid'],
  ])('%s is answered %s: %s', async (search, status, text) => {
    const [answered, body] = await get(search);
    const { code, details } = body['error'] as { code: string; details: string };
    expect([answered, code]).toEqual([status, 'SYS.1007']);
    expect(details).toContain(text);
    expect(details).not.toMatch(/SELECT|canary|chassis_|OR 1=1/);
  });

  it('ignores unknown parameters', async () => {
    expect((await get('?condition=name=x&timeout=5&limit=1&sessionId=1'))[0]).toBe(200);
  });
});

describe('fields of a resource', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApi();
  });
  afterAll(() => world.close());

  it.each(['chassis', 'BaremetalChassisInventory', 'baremetalchassisvo'])('are told for %s', async (name) => {
    const [status, body] = await listed(world, `/query-fields/${name}`);
    expect(status).toBe(200);
    const { inventory } = body as { inventory: { fields: object[]; relations: object[] } };
    expect(inventory).toMatchObject({
      resource: 'chassis',
      inventory: 'BaremetalChassisInventory',
      tags: true,
      operators: queryOperators,
    });
    expect(inventory.fields).toContainEqual({ name: 'status', kind: 'text', secret: false, optional: false });
    expect(inventory.fields).toContainEqual({
      name: 'ipmiPassword',
      kind: 'text',
      secret: true,
      optional: false,
    });
    expect(inventory.relations).toContainEqual({
      name: 'hostCfg',
      resource: 'hostCfg',
      many: false,
      listed: false,
    });
  });

  it('are told to every account, and unknown names get the known ones', async () => {
    const guest = await newAccount(world, 'curious');
    expect((await guest.call('GET', '/query-fields/ZoneVO')).statusCode).toBe(200);
    const [status, body] = await listed(world, '/query-fields/__proto__');
    expect([status, body]).toMatchObject([
      503,
      { error: { code: 'SYS.1007', details: expect.stringContaining('pciDevice (PciDeviceInventory)') } },
    ]);
  });
});

describe('who sees what', () => {
  it('an account sees what is shared with it, by list, by uuid and by count', async () => {
    const world = await openApi();
    onTestFinished(() => world.close());
    const makeZone = async (name: string): Promise<string> =>
      (await callApi(world, 'POST', '/zones', { params: { name } })).json<{ inventory: { uuid: string } }>()
        .inventory.uuid;
    const [own, other] = [await makeZone('own'), await makeZone('other')];
    const guest = await newAccount(world, 'guest');
    await world.store.accounts.share([own], [guest.uuid], 0);
    const seen = async (path: string): Promise<unknown> => (await guest.call('GET', path)).json();
    expect(await seen('/zones?fields=uuid&replyWithCount=true')).toEqual({
      inventories: [{ uuid: own }],
      total: 1,
    });
    expect(await seen(`/zones/${own}`)).toMatchObject({ inventory: { uuid: own } });
    expect(await seen(`/zones/${other}`)).toEqual({ inventories: [] });
    expect((await listed(world, '/zones?count=true'))[1]).toEqual({ total: 2 });
  });

  it('passwords are shown to administrators who read, with an audit entry, and to nobody else', async () => {
    const world = await openApi({ revealSecrets: true });
    onTestFinished(() => world.close());
    const machine = chassis();
    await world.store.provision.saveChassis(machine);
    const entries = async (): Promise<unknown[]> =>
      (await world.store.query.query(queryFor('audit', [['api', '=', 'RevealSecrets']]))).rows.slice();
    const path = `/baremetal/chassis/${machine.uuid}`;
    expect((await listed(world, '/baremetal/chassis?fields=name'))[1]).toEqual({
      inventories: [{ name: machine.name }],
    });
    expect(await entries()).toEqual([]);
    expect((await listed(world, '/baremetal/chassis?fields=ipmiPassword'))[1]).toEqual({
      inventories: [{ ipmiPassword: 'bmc-canary-password' }],
    });
    expect(await entries()).toMatchObject([
      {
        accountName: 'admin',
        resourceType: 'BaremetalChassisVO',
        resourceUuid: machine.uuid,
        request: JSON.stringify({ rows: 1, uuids: [machine.uuid] }),
      },
    ]);
    // A job's answer stays on disk.
    const changed = await callApi(world, 'PUT', `${path}/actions`, {
      updateBaremetalChassis: { name: 'renamed' },
    });
    expect(changed.body).not.toContain('canary');
  });
});
