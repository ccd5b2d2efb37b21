import { expect, it } from 'vitest';
import { QueryError, type QueryCondition, type QueryRequest, resourceNames } from '../../src/api/ports.ts';
import { chassis, hardware, hostCfg, macOf, pxeServer, run } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

export function request(
  resource: QueryRequest['resource'],
  conditions: readonly (readonly [string, QueryCondition['operator'], string])[],
  change: Partial<QueryRequest> = {},
): QueryRequest {
  return {
    resource,
    conditions: conditions.map(([field, operator, value]) => ({ field, operator, value })),
    limit: 1000,
    start: 0,
    sort: undefined,
    countOnly: false,
    withTotal: false,
    ...change,
  };
}

it('answers the members of each inventory, secrets as stars', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const server = pxeServer();
  const machine = chassis({ statusCause: 'late' });
  const cfg = hostCfg(machine.uuid);
  const bare = hostCfg(chassis().uuid, {
    password: undefined,
    network: { nics: [], bondings: [], vlans: [] },
  });
  await provision.savePxeServer(server);
  await provision.saveChassis(machine);
  await provision.saveHostCfg(cfg);
  await provision.saveChassis(chassis({ uuid: bare.chassisUuid, createDate: 1_800_000_000_000 }));
  await provision.saveHostCfg({ ...bare, createDate: 1_800_000_000_000 });

  expect((await query.query(request('pxeServer', []))).rows).toEqual([{ ...server, description: undefined }]);
  const { systemUuids, macs, ...plain } = machine;
  const shown = { ...plain, ipmiPort: '623', ipmiPassword: '******' };
  const found = await query.query(request('chassis', [['uuid', '=', machine.uuid]]));
  expect(found).toStrictEqual({ rows: [shown], total: undefined });
  expect(systemUuids.length + macs.length).toBe(4);

  const rows = (await query.query(request('hostCfg', []))).rows;
  const { network, ...own } = cfg;
  const dates = { createDate: cfg.createDate, lastOpDate: cfg.lastOpDate };
  const part = { uuid: expect.stringMatching(/^[0-9a-f]{32}$/), hostCfgUuid: cfg.uuid, ...dates };
  expect(rows[0]).toStrictEqual({
    ...own,
    password: '******',
    nicCfgs: network.nics.map((nic) => ({ ...part, ...nic })),
    bondings: network.bondings.map((bond) => ({
      ...part,
      ...bond,
      slaves: bond.slaves.join(','),
      mode: '4',
    })),
    vlans: network.vlans.map((vlan) => ({ ...part, ...vlan })),
  });
  expect(rows[1]).toMatchObject({ password: undefined, nicCfgs: [], bondings: [], vlans: [] });

  const info = hardware(machine.uuid);
  await provision.saveInspection([info], machine, run(machine.uuid));
  expect((await query.query(request('hardwareInfo', []))).rows).toStrictEqual([info]);
});

it('pages, sorts and counts', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const names = ['b', 'a', 'c', 'B', 'é', 'z'];
  for (const [index, name] of names.entries()) {
    await provision.saveChassis(
      chassis({ name, createDate: 1_700_000_000_000 + index, ipmiPort: 100 - index }),
    );
  }
  const named = async (change: Partial<QueryRequest>): Promise<unknown[]> =>
    (await query.query(request('chassis', [], change))).rows.map((row) => row['name']);
  expect(await named({})).toEqual(names);
  expect(await named({ sort: { field: 'name', direction: 'asc' } })).toEqual(['B', 'a', 'b', 'c', 'z', 'é']);
  expect(await named({ sort: { field: 'ipmiPort', direction: 'asc' } })).toEqual(names.toReversed());
  expect(await named({ sort: { field: 'createDate', direction: 'desc' } })).toEqual(names.toReversed());
  expect(await named({ limit: 2, start: 1 })).toEqual(['a', 'c']);
  expect(await named({ limit: 0 })).toEqual([]);
  expect(await named({ start: 99 })).toEqual([]);
  const same = { field: 'status', direction: 'desc' } as const;
  const pages = await Promise.all([0, 2, 4].map((start) => named({ sort: same, limit: 2, start })));
  expect(new Set(pages.flat())).toEqual(new Set(names));
  const all = [['name', '>=', 'a']] as const;
  expect(await query.query(request('chassis', all, { countOnly: true }))).toEqual({ rows: [], total: 5 });
  expect(await query.query(request('chassis', all, { withTotal: true, limit: 1 }))).toMatchObject({
    rows: [{ name: 'b' }],
    total: 5,
  });
});

it('lets conditions on one kind of part meet in one row of it', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const machine = chassis();
  const cfg = hostCfg(machine.uuid);
  await provision.saveChassis(machine);
  await provision.saveHostCfg(cfg);
  const [first, second] = cfg.network.nics;
  const count = async (...conditions: (readonly [string, QueryCondition['operator'], string])[]) =>
    (await query.query(request('hostCfg', conditions, { countOnly: true }))).total;
  expect(await count(['nicCfgs.mac', '=', first!.mac], ['nicCfgs.pxe', '=', 'true'])).toBe(1);
  expect(await count(['nicCfgs.mac', '=', second!.mac], ['nicCfgs.pxe', '=', 'true'])).toBe(0);
  expect(await count(['nicCfgs.ip', 'is null', ''], ['nicCfgs.pxe', '=', 'false'])).toBe(1);
  expect(await count(['bondings.slaves', '~=', `%${second!.mac}%`], ['bondings.mode', '=', '4'])).toBe(1);
  expect(await count(['vlans.vlanId', '>', '99'], ['nicCfgs.mac', '=', macOf(0xabcdef)])).toBe(0);
  expect(await count(['vlans.vlanId', '>', '99'], ['bondings.name', '=', 'bond0'])).toBe(1);
});

it('compares dates by the seconds that answers show', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  await provision.saveChassis(chassis({ createDate: Date.parse('2017-11-14T22:20:57.640Z') }));
  const matches = async (operator: QueryCondition['operator'], value: string): Promise<boolean> =>
    (await query.query(request('chassis', [['createDate', operator, value]]))).rows.length === 1;
  expect(await matches('=', '2017-11-14 22:20:57')).toBe(true);
  expect(await matches('!=', '2017-11-14 22:20:57')).toBe(false);
  expect(await matches('<=', '2017-11-14 22:20:57')).toBe(true);
  expect(await matches('>', '2017-11-14 22:20:57')).toBe(false);
  expect(await matches('>', '2017-11-14 22:20:56')).toBe(true);
  expect(await matches('?=', '2017-11-14 22:20:50, 2017-11-14 22:20:57')).toBe(true);
  expect(await matches('~=', '2017-11-14%')).toBe(true);
});

it.each([
  ['chassis', 'nosuch', '=', '1', 'no-such-field'],
  ['chassis', 'ipmiPassword', '=', '******', 'no-such-field'],
  ['chassis', 'macs', '=', '1', 'no-such-field'],
  ['chassis', 'nicCfgs.mac', '=', '1', 'no-such-field'],
  ['chassis', '__proto__', '=', '1', 'no-such-field'],
  ['chassis', 'constructor', 'is null', '', 'no-such-field'],
  ['chassis', 'name" OR 1=1 --', '=', '1', 'no-such-field'],
  ['chassis', 'ipmi_password_sealed', 'not null', '', 'no-such-field'],
  ['hostCfg', 'password', '~=', '%', 'no-such-field'],
  ['hostCfg', 'nicCfgs', '=', '1', 'no-such-field'],
  ['hostCfg', 'nicCfgs.nosuch', '=', '1', 'no-such-field'],
  ['hostCfg', '__proto__.x', '=', '1', 'no-such-field'],
  ['hostCfg', 'vnc', '=', 'yes', 'bad-value'],
  ['hostCfg', 'vlans.vlanId', '=', '1x', 'bad-value'],
  ['chassis', 'ipmiPort', '?=', '1,,2', 'bad-value'],
  ['chassis', 'ipmiPort', '=', '99999999999999999999', 'bad-value'],
  ['chassis', 'createDate', '=', '2017-02-30 00:00:00', 'bad-value'],
  ['chassis', 'createDate', '=', 'Nov 14, 2017 10:20:57 PM', 'bad-value'],
  ['chassis', 'name', '=', 'a\0b', 'bad-value'],
  ['chassis', 'name', '~=', '%'.repeat(5000), 'bad-value'],
  ['chassis', 'name', '?=', ','.repeat(1000), 'bad-value'],
] as const)('refuses %s.%s %s %s', async (resource, field, operator, value, code) => {
  const { query } = await storeIn(temporaryDirectory());
  const asking = query.query(request(resource, [[field, operator, value]]));
  await expect(asking).rejects.toBeInstanceOf(QueryError);
  await expect(asking).rejects.toMatchObject({ code, data: { field } });
  await expect(asking).rejects.not.toThrow(/SELECT|FROM|_sealed,|WHERE/);
});

it('refuses a sort by what is no field, odd pages, and more than the database takes', async () => {
  const { query } = await storeIn(temporaryDirectory());
  const refused = (change: Partial<QueryRequest>, code: string): Promise<void> =>
    expect(query.query(request('chassis', [], change))).rejects.toMatchObject({ name: 'QueryError', code });
  await refused({ sort: { field: 'ipmiPassword', direction: 'asc' } }, 'no-such-field');
  await refused({ sort: { field: 'name, (SELECT 1)', direction: 'asc' } }, 'no-such-field');
  await refused({ limit: -1 }, 'bad-value');
  await refused({ start: 1.5 }, 'bad-value');
  const one = { field: 'name', operator: '?=', value: 'x,'.repeat(999) } as const;
  await refused({ conditions: Array.from({ length: 501 }, () => ({ ...one, value: 'x' })) }, 'bad-value');
  await refused({ conditions: Array.from({ length: 500 }, () => one) }, 'bad-value');
  const most = Array.from({ length: 500 }, () => ({ ...one, value: 'x' }));
  expect((await query.query(request('chassis', [], { conditions: most }))).rows).toEqual([]);
});

it('takes injection texts as data', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const texts = [
    `'; DROP TABLE chassis; --`,
    `" OR ""="`,
    `x' OR '1'='1`,
    '\\',
    '%',
    '?',
    '@uuid',
    ':a',
    '$b',
    '/*',
  ];
  for (const name of texts) await provision.saveChassis(chassis({ name }));
  for (const name of texts) {
    const { rows } = await query.query(request('chassis', [['name', '=', name]]));
    expect(rows.map((row) => row['name'])).toEqual([name]);
    const unlike = await query.query(request('chassis', [['name', '!=', name]]));
    expect(unlike.rows).toHaveLength(texts.length - 1);
  }
  for (const resource of resourceNames) await query.query(request(resource, []));
});
