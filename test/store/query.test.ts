import { expect, it } from 'vitest';
import { QueryError, type QueryCondition, type QueryRequest } from '../../src/api/ports.ts';
import { createStatements } from '../../src/store/query/statements.ts';
import { insertRow, memoryQueries, queryFor as request } from '../support/query-world.ts';
import { chassis, hardware, hostCfg, macOf, pxeServer, run, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

it('answers the members of each inventory, secrets as stars', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const server = pxeServer({ dhcpReservations: ['52:54:00:00:00:09=192.0.2.9'] });
  const machine = chassis({
    statusCause: 'late',
    ipmiKg: 'canary-kg',
    ipmiOptions: { protocol: '1.5' },
  });
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

  // Lists that are empty are left out; who armed a server and who holds it back is for the domain.
  const { dhcpArmed: _armed, dhcpHeldBy: _by, dhcpSubnets: _s, dhcpExclusions: _e, ...shownServer } = server;
  expect((await query.query(request('pxeServer', []))).rows).toEqual([
    { ...shownServer, description: undefined, dhcpReservations: ['52:54:00:00:00:09=192.0.2.9'] },
  ]);
  const { systemUuids, macs, ipmiOptions: _options, ...plain } = machine;
  const hidden = { ipmiPassword: '******', ipmiKg: '******' };
  const shown = { ...plain, ...hidden, ipmiPort: '623', clusterUuid: undefined };
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
  ['chassis', 'hostCfg.password', '~=', 'a%', 'no-such-field'],
  ['chassis', 'hostCfg.chassis.ipmiPassword', '=', 'x', 'no-such-field'],
  ['chassis', 'hostCfg.chassis.hostCfg.chassis.hostCfg.chassis.name', '=', 'x', 'no-such-field'],
  ['chassis', 'toString.name', '=', '1', 'no-such-field'],
  ['chassis', '.name', '=', '1', 'no-such-field'],
  ['chassis', 'cluster.', '=', '1', 'no-such-field'],
  ['chassis', '__systemtag__', '=', '1', 'no-such-field'],
  ['hardwareInfo', '__userTag__', '=', '1', 'no-such-field'],
  ['chassis', 'cluster) OR (1=1.name', '=', '1', 'no-such-field'],
  ['chassis', '__userTag__', '=', 'a\0b', 'bad-value'],
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
  const shown = /^[\w.]*$/.test(field) ? field : `${/^[\w.]*/.exec(field)?.[0]}...`;
  await expect(asking).rejects.toMatchObject({ code, data: { field: shown } });
  const text = await asking.then(
    () => '',
    (error: Error) => error.message,
  );
  expect(text.replaceAll(field, '')).not.toMatch(/SELECT|FROM|_sealed|WHERE|host_cfg|OR \(?1=1/);
  if (code === 'no-such-field') expect(text).toContain(`condition name[${shown}]`);
});

it('refuses a sort by what is no field, odd pages, and more than the database takes', async () => {
  const { query } = await storeIn(temporaryDirectory());
  const refused = (change: Partial<QueryRequest>, code: string): Promise<void> =>
    expect(query.query(request('chassis', [], change))).rejects.toMatchObject({ name: 'QueryError', code });
  await refused({ sort: { field: 'ipmiPassword', direction: 'asc' } }, 'no-such-field');
  await refused({ sort: { field: 'name, (SELECT 1)', direction: 'asc' } }, 'no-such-field');
  await refused({ sort: { field: 'cluster.name', direction: 'asc' } }, 'no-such-field');
  await refused({ groupBy: 'ipmiPassword' }, 'no-such-field');
  await refused({ groupBy: 'name)--' }, 'no-such-field');
  await refused({ fields: ['name', 'hostCfg'] }, 'no-such-field');
  await refused({ fields: ['name, ipmi_password_sealed'] }, 'no-such-field');
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
    for (const field of ['__userTag__', 'cluster.name', 'hostCfg.nicCfgs.mac']) {
      expect((await query.query(request('chassis', [[field, '=', name]]))).rows).toEqual([]);
    }
    const unlike = await query.query(request('chassis', [['name', '!=', name]]));
    expect(unlike.rows).toHaveLength(texts.length - 1);
  }
});

it('reads only the fields that are asked for, without lists', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const machine = chassis();
  await provision.saveChassis(machine);
  await provision.saveHostCfg(hostCfg(machine.uuid));
  const fields = ['ipmiPort', 'name', 'ipmiPassword', 'description', 'name'];
  const [row] = (await query.query(request('chassis', [], { fields }))).rows;
  expect(row).toStrictEqual({
    ipmiPort: '623',
    name: machine.name,
    ipmiPassword: '******',
    description: machine.description,
  });
  const [cfg] = (await query.query(request('hostCfg', [], { fields: ['vnc'] }))).rows;
  expect(cfg).toStrictEqual({ vnc: true });
});

it('opens secrets for those who may see them', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const machine = chassis();
  const cfg = hostCfg(machine.uuid);
  await provision.saveChassis(machine);
  await provision.saveHostCfg(cfg);
  const reveal = true;
  const shown = async (resource: 'chassis' | 'hostCfg', change: Partial<QueryRequest>): Promise<unknown> =>
    (await query.query(request(resource, [], { reveal, ...change }))).rows[0];
  expect(await shown('chassis', {})).toMatchObject({
    ipmiPassword: 'bmc-canary-password',
    name: machine.name,
  });
  expect(await shown('hostCfg', {})).toMatchObject({
    password: 'root-canary-password',
    nicCfgs: [{}, {}, {}],
  });
  expect(await shown('chassis', { fields: ['ipmiPassword'], groupBy: 'status' })).toStrictEqual({
    ipmiPassword: 'bmc-canary-password',
  });
  expect(await shown('chassis', { fields: ['name'] })).toStrictEqual({ name: machine.name });
  await provision.saveHostCfg({ ...cfg, password: undefined });
  expect(await shown('hostCfg', { fields: ['password'] })).toStrictEqual({ password: undefined });
});

it('answers one row a group, the first of the list, and counts groups', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const rows = [
    ['n1', 'Provisioned', undefined],
    ['n2', 'Unprovisioned', 'd'],
    ['n3', 'Provisioned', undefined],
    ['n4', 'Unprovisioned', 'e'],
  ] as const;
  for (const [index, [name, status, description]] of rows.entries()) {
    await provision.saveChassis(
      chassis({ name, status, description, createDate: 1_700_000_000_000 + index }),
    );
  }
  const grouped = async (change: Partial<QueryRequest>): Promise<readonly [unknown[], unknown]> => {
    const answer = await query.query(
      request('chassis', [], { groupBy: 'status', withTotal: true, ...change }),
    );
    return [answer.rows.map((row) => row['name']), answer.total];
  };
  expect(await grouped({})).toEqual([['n1', 'n2'], 2]);
  expect(await grouped({ sort: { field: 'name', direction: 'desc' } })).toEqual([['n4', 'n3'], 2]);
  expect(await grouped({ limit: 1, start: 1 })).toEqual([['n2'], 2]);
  expect(await grouped({ groupBy: 'description' })).toEqual([['n1', 'n2', 'n4'], 3]);
  expect(await grouped({ countOnly: true })).toEqual([[], 2]);
  expect(await grouped({ groupBy: 'createDate' })).toEqual([['n1'], 1]);
});

it('finds resources by their tags, and by tags that they do not have', async () => {
  const { provision, platform, query } = await storeIn(temporaryDirectory());
  const tags = { a: ['rack-1', 'prod'], b: ['rack-2'], c: [] } as const;
  for (const [name, texts] of Object.entries(tags)) {
    const machine = chassis({ name });
    await provision.saveChassis(machine);
    for (const tag of texts) {
      const facts = { type: 'User', resourceType: 'BaremetalChassisVO', inherent: false } as const;
      const dates = { createDate: 1, lastOpDate: 1 };
      await platform.tags.insertTag({ uuid: uuid(), resourceUuid: machine.uuid, tag, ...facts, ...dates });
    }
  }
  const found = async (...conditions: (readonly [QueryCondition['operator'], string])[]): Promise<string> =>
    (
      await query.query(
        request(
          'chassis',
          conditions.map(([operator, value]) => ['__userTag__', operator, value]),
          { sort: { field: 'name', direction: 'asc' } },
        ),
      )
    ).rows
      .map((row) => row['name'])
      .join('');
  expect(await found(['=', 'prod'])).toBe('a');
  expect(await found(['!=', 'prod'])).toBe('bc');
  expect(await found(['~=', 'rack%'])).toBe('ab');
  expect(await found(['!~=', 'rack%'])).toBe('c');
  expect(await found(['?=', 'prod, rack-2'])).toBe('ab');
  expect(await found(['!?=', 'prod, rack-2'])).toBe('c');
  expect(await found(['is null', ''])).toBe('c');
  expect(await found(['not null', ''])).toBe('ab');
  expect(await found(['=', 'prod'], ['=', 'rack-1'])).toBe('a');
  expect(await found(['=', 'prod'], ['!=', 'rack-1'])).toBe('');
  expect((await query.query(request('chassis', [['__systemTag__', 'not null', '']]))).rows).toEqual([]);
});

it('reads a list inside inventories once for a page', async () => {
  const asked: string[] = [];
  const { db, query } = memoryQueries((sql) => asked.push(sql));
  for (let index = 0; index < 5; index += 1) {
    const dates = { createDate: index, lastOpDate: 0 };
    insertRow(db, 'vm_instance', {
      uuid: `v${index}`,
      name: 'x',
      type: 't',
      hypervisorType: 'h',
      state: 's',
      ...dates,
    });
    for (const position of [1, 0]) {
      const nic = {
        uuid: `n${index}${position}`,
        vmInstanceUuid: `v${index}`,
        position,
        mac: 'm',
        deviceId: 0,
      };
      insertRow(db, 'vm_nic', { ...nic, ...dates });
    }
  }
  asked.length = 0;
  const { rows } = await query.query(request('vmInstance', [], { start: 1, limit: 3 }));
  expect(asked).toHaveLength(3);
  expect(rows).toMatchObject(
    [1, 2, 3].map((index) => ({
      uuid: `v${index}`,
      vmNics: [{ uuid: `n${index}0` }, { uuid: `n${index}1` }],
    })),
  );
});

it('keeps statements that are asked again, and not without bound', () => {
  const { db } = memoryQueries();
  const prepare = createStatements(db);
  const first = prepare('SELECT 1');
  expect(prepare('SELECT 1')).toBe(first);
  for (let index = 0; index < 150; index += 1) prepare(`SELECT ${index} AS x`);
  expect(prepare('SELECT 1')).toBe(first);
  for (let index = 0; index < 250; index += 1) prepare(`SELECT ${index} AS y`);
  expect(prepare('SELECT 1')).not.toBe(first);
});
