import type { Database } from 'better-sqlite3';
import { expect, it } from 'vitest';
import {
  type QueryCondition,
  queryOperators,
  type ResourceName,
  resourceNames,
} from '../../src/api/ports.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { insertRow, memoryQueries, queryFor } from '../support/query-world.ts';

/** One value that fits each kind of field. */
const values = {
  text: 'x',
  json: '{}',
  integer: '1',
  numeral: '1',
  boolean: 'true',
  date: '2020-01-01 00:00:00',
} as const;

const dates = { createDate: 1000, lastOpDate: 1000 };
const named = { name: 'x', description: 'd', state: 'Enabled', type: 'zstack', ...dates };
const tag = { resourceType: 'ZoneVO', resourceUuid: 'zone', tag: 'x', inherent: 1, ...dates };
const pci = { vendorId: '10de', deviceId: '1b38', type: 'Generic', ...dates };

/** One row of each table, named like it and hanging together. */
const rows: ReadonlyArray<readonly [table: string, row: Readonly<Record<string, unknown>>]> = [
  ['account', { uuid: 'account', name: 'x', type: 'Normal', passwordHash: 'h', ...dates }],
  [
    'account_user',
    { uuid: 'user', accountUuid: 'account', name: 'x', kind: 'Normal', passwordHash: 'h', ...dates },
  ],
  ['zone', { uuid: 'zone', ...named }],
  ['cluster', { uuid: 'cluster', zoneUuid: 'zone', hypervisorType: 'KVM', ...named }],
  [
    'pxe_server',
    {
      uuid: 'pxe',
      name: 'x',
      dhcpInterface: 'eth0',
      dhcpRangeBegin: 'a',
      dhcpRangeEnd: 'b',
      dhcpRangeNetmask: 'c',
      status: 'Running',
      clusterUuid: 'cluster',
      ...dates,
    },
  ],
  [
    'chassis',
    {
      uuid: 'chassis',
      name: 'x',
      ipmiAddress: '192.0.2.1',
      ipmiPort: 623,
      ipmiUsername: 'u',
      ipmiPasswordSealed: new Uint8Array(3),
      status: 'Unprovisioned',
      bootMode: 'uefi',
      systemUuids: '[]',
      clusterUuid: 'cluster',
      ...dates,
    },
  ],
  ['host_cfg', { uuid: 'cfg', chassisUuid: 'chassis', vnc: 1, unattended: 0, ...dates }],
  ['nic_cfg', { uuid: 'nic', hostCfgUuid: 'cfg', position: 0, mac: 'm', pxe: 1, ...dates }],
  [
    'bonding_cfg',
    { uuid: 'bond', hostCfgUuid: 'cfg', position: 0, name: 'x', slaves: 'm', mode: 4, ...dates },
  ],
  ['vlan_cfg', { uuid: 'vlan', hostCfgUuid: 'cfg', position: 0, parent: 'x', vlanId: 7, ...dates }],
  [
    'hardware_info',
    { uuid: 'hw', chassisUuid: 'chassis', position: 0, type: 'nic', content: '{}', ...dates },
  ],
  [
    'boot_image',
    {
      uuid: 'bootImage',
      name: 'disc',
      description: 'd',
      kind: 'iso',
      url: 'file:///disc.iso',
      checksum: 'c',
      size: 5,
      status: 'Ready',
      statusCause: 's',
      kernel: 'k',
      initrd: 'i',
      kernelArguments: '["a"]',
      ...dates,
    },
  ],
  ['tag', { uuid: 'systemTag', type: 'System', ...tag }],
  ['tag', { uuid: 'userTag', type: 'User', ...tag }],
  [
    'notification',
    {
      uuid: 'note',
      name: 'boot-failed',
      content: 'c',
      sender: 's',
      status: 'Unread',
      type: 'Info',
      opaque: '{"a":1}',
      occurrences: 2,
      time: 1234,
      ...dates,
    },
  ],
  [
    'global_config',
    {
      uuid: 'cfg',
      category: 'c',
      name: 'n',
      description: 'd',
      defaultValue: '1',
      value: '2',
      isSet: 1,
      ...dates,
    },
  ],
  ['management_node', { uuid: 'node', hostName: 'h', joinDate: 1000, heartBeat: 2000, createDate: 1000 }],
  ['audit', { uuid: 'audit', createDate: 1000, api: 'DeleteZone', outcome: 'Succeeded', request: '{"cut' }],
  [
    'host',
    {
      uuid: 'host',
      clusterUuid: 'cluster',
      name: 'x',
      managementIp: '192.0.2.2',
      hypervisorType: 'KVM',
      state: 'Enabled',
      status: 'Connected',
      ...dates,
    },
  ],
  [
    'image',
    {
      uuid: 'image',
      url: 'file:///i',
      mediaType: 'RootVolumeTemplate',
      format: 'qcow2',
      system: 0,
      status: 'Ready',
      ...named,
    },
  ],
  ['stack_template', { uuid: 'template', version: '1', content: '{}', md5sum: 'm', ...named, state: 1 }],
  ['instance_offering', { uuid: 'offering', cpuNum: 1, memorySize: 1, ...named }],
  [
    'vm_instance',
    {
      uuid: 'vm',
      hostUuid: 'host',
      clusterUuid: 'cluster',
      zoneUuid: 'zone',
      instanceOfferingUuid: 'offering',
      imageUuid: 'image',
      hypervisorType: 'KVM',
      domain: JSON.stringify({
        disks: [
          { device: 'cdrom', target: 'sda', source: '/iso' },
          { device: 'disk', target: 'vda', source: '/disk', format: 'qcow2' },
        ],
      }),
      ...named,
      type: 'UserVm',
    },
  ],
  ['vm_nic', { uuid: 'vmNic', vmInstanceUuid: 'vm', position: 0, mac: 'm', deviceId: 0, ...dates }],
  [
    'pci_device',
    {
      uuid: 'pci',
      hostUuid: 'host',
      vmInstanceUuid: 'vm',
      status: 'Attached',
      state: 'Enabled',
      pciDeviceAddress: '0000:01:00.0',
      metaData: '{"metaData":"x","metaDataEntries":[]}',
      ...pci,
    },
  ],
  [
    'usb_device',
    {
      uuid: 'usb',
      hostUuid: 'host',
      vmInstanceUuid: 'vm',
      name: 'x',
      portPath: '1-4',
      vendorId: '0951',
      productId: '1666',
      busNum: 1,
      devNum: 2,
      state: 'Enabled',
      status: 'Present',
      ...dates,
    },
  ],
  ['pci_device_offering', { uuid: 'pciOffering', name: 'x', ...pci }],
  ['pci_device_match', { pciDeviceUuid: 'pci', pciDeviceOfferingUuid: 'pciOffering' }],
  [
    'instance_offering_pci',
    { id: 5, instanceOfferingUuid: 'offering', pciDeviceOfferingUuid: 'pciOffering' },
  ],
];

function fill(db: Database): void {
  for (const [table, row] of rows) insertRow(db, table, row);
}

it.each([false, true])('compiles and runs every field and relation (filled: %s)', async (filled) => {
  const { db, query } = memoryQueries();
  if (filled) fill(db);
  let asked = 0;
  for (const name of resourceNames) {
    const { fields, relations, tags } = query.describe(name);
    const all = await query.query(queryFor(name, [], { withTotal: true }));
    expect([all.rows.length, all.total]).toEqual(filled ? [1, 1] : [0, 0]);
    const open = fields.filter(({ secret }) => !secret);
    const leaves = [...open, ...(tags ? [{ name: '__systemTag__', kind: 'text' as const }] : [])];
    for (const { name: field, kind } of leaves) {
      for (const operator of queryOperators) {
        await query.query(queryFor(name, [[field, operator, values[kind]]]));
        asked += 1;
      }
    }
    for (const { name: field } of open) {
      const sort = { field, direction: 'desc' } as const;
      const one = await query.query(
        queryFor(name, [], { sort, groupBy: field, fields: [field], withTotal: true }),
      );
      expect(one.total).toBe(filled ? 1 : 0);
    }
    for (const { name: relation, resource } of relations) {
      const [first] = query.describe(resource).fields;
      const { rows: found } = await query.query(
        queryFor(name, [[`${relation}.${first?.name}`, 'not null', '']]),
      );
      // Every row of the filled database hangs together with one of each other kind.
      expect([name, relation, found.length]).toEqual([name, relation, filled ? 1 : 0]);
    }
  }
  expect(asked).toBeGreaterThan(1000);
});

it('describes what rows then have', async () => {
  const { db, query } = memoryQueries();
  fill(db);
  for (const name of resourceNames) {
    const { fields, relations } = query.describe(name);
    const [row = {}] = (await query.query(queryFor(name))).rows;
    const lists = relations.filter(({ listed }) => listed).map((relation) => relation.name);
    expect(Object.keys(row)).toEqual([...fields.map((field) => field.name), ...lists]);
    for (const field of fields) {
      if (!field.optional) expect([name, field.name, row[field.name]]).not.toContain(undefined);
    }
  }
  expect(new Set(resourceNames.map((name) => query.describe(name).inventory)).size).toBe(
    resourceNames.length,
  );
});

it('shows the lists, JSON, numbers and borrowed members of inventories', async () => {
  const { db, query } = memoryQueries();
  fill(db);
  const one = async (name: ResourceName): Promise<unknown> => (await query.query(queryFor(name))).rows[0];
  expect(await one('hostCfg')).toMatchObject({
    nicCfgs: [{ uuid: 'nic', pxe: true }],
    bondings: [{ mode: '4' }],
    vlans: [{ vlanId: 7 }],
  });
  expect(await one('host')).toMatchObject({ zoneUuid: 'zone' });
  expect(await one('notification')).toMatchObject({ opaque: { a: 1 }, time: 1234, occurrences: 2 });
  expect(await one('audit')).toMatchObject({ request: '{"cut' });
  expect(await one('vmInstance')).toMatchObject({
    vmNics: [{ uuid: 'vmNic', deviceId: 0 }],
    allVolumes: [{ deviceId: 0, type: 'Root', name: 'vda', installPath: '/disk', format: 'qcow2' }],
  });
  const match = { pciDeviceUuid: 'pci', pciDeviceOfferingUuid: 'pciOffering' };
  expect(await one('pciDevice')).toMatchObject({
    metaData: { metaData: 'x', metaDataEntries: [] },
    matchedPciDeviceOfferingRef: [match],
  });
  expect(await one('pciDeviceOffering')).toMatchObject({
    matchedPciDevices: [match],
    attachedInstanceOfferings: [{ id: 5, pciDeviceCount: 1, instanceOfferingUuid: 'offering' }],
  });
  expect(await one('globalConfig')).toEqual({
    category: 'c',
    name: 'n',
    description: 'd',
    defaultValue: '1',
    value: '2',
  });
  expect((await query.query(queryFor('systemTag'))).rows).toMatchObject([
    { uuid: 'systemTag', inherent: true },
  ]);
  expect((await query.query(queryFor('userTag'))).rows).toMatchObject([{ uuid: 'userTag' }]);
});

it('goes through both tables of a many-to-many relation, by the names of ZStack too', async () => {
  const { db, query } = memoryQueries();
  fill(db);
  const count = async (name: ResourceName, field: string, value: string): Promise<number> =>
    (await query.query(queryFor(name, [[field, '=', value]]))).rows.length;
  expect(await count('pciDevice', 'matchedPciDeviceOffering.name', 'x')).toBe(1);
  expect(await count('pciDevice', 'matchedPciDeviceOffering.name', 'y')).toBe(0);
  expect(await count('pciDeviceOffering', 'matchedPciDevice.host.cluster.zone.name', 'x')).toBe(1);
  expect(await count('zone', 'cluster.host.vmInstance.vmNics.mac', 'm')).toBe(1);
  expect(await count('pciDeviceOffering', 'attachedInstanceOfferingsRef.id', '5')).toBe(1);
  expect(await count('host', 'cluster.zone.__userTag__', 'x')).toBe(1);
  expect(await count('host', 'cluster.zone.__userTag__', 'y')).toBe(0);
  // Uuids that callers choose may meet across types.
  insertRow(db, 'tag', { ...tag, uuid: 'stray', type: 'User', resourceType: 'ClusterVO', tag: 'stray' });
  expect(await count('zone', '__userTag__', 'stray')).toBe(0);
  expect(await count('userTag', 'tag', 'stray')).toBe(1);
});

it('hides from accounts what is not theirs, behind relations and in lists too', async () => {
  const { db, query } = memoryQueries();
  fill(db);
  insertRow(db, 'account', { uuid: 'other', name: 'o', type: 'Normal', passwordHash: 'h', ...dates });
  insertRow(db, 'zone', { ...named, uuid: 'zone2' });
  insertRow(db, 'tag', {
    uuid: 'own',
    type: 'User',
    ...tag,
    resourceType: 'AccountVO',
    resourceUuid: 'account',
  });
  insertRow(db, 'tag', { uuid: 'hidden', type: 'User', ...tag, resourceUuid: 'zone2' });
  for (const resourceUuid of ['zone', 'vm', 'pciOffering']) {
    insertRow(db, 'resource_share', {
      resourceUuid,
      resourceType: '',
      accountUuid: 'account',
      createDate: 0,
    });
  }
  const seen = async (
    name: ResourceName,
    account: string,
    conditions: readonly (readonly [string, QueryCondition['operator'], string])[] = [],
  ): Promise<unknown[]> =>
    (await query.query(queryFor(name, conditions, { visibleTo: account as Uuid }))).rows.map(
      (row) => row['uuid'],
    );
  const visible = Object.fromEntries(
    await Promise.all(
      resourceNames.map(async (name) => [name, (await seen(name, 'account')).length] as const),
    ),
  );
  const sees = { account: 1, user: 1, zone: 1, vmInstance: 1, vmNic: 1, vmVolume: 1, pciDeviceOffering: 1 };
  const all = Object.fromEntries(resourceNames.map((name) => [name, 0]));
  expect(visible).toEqual({ ...all, ...sees, systemTag: 1, userTag: 2, instanceOfferingPci: 1 });
  expect(await seen('account', 'account')).toEqual(['account']);
  expect(await seen('user', 'other')).toEqual([]);
  expect(await seen('userTag', 'account')).toEqual(['own', 'userTag']);
  for (const name of resourceNames) {
    expect((await seen(name, 'nobody')).length + (await seen(name, "x' OR '1'='1")).length).toBe(0);
  }
  // A condition on what is hidden would tell what is in it.
  expect(await seen('zone', 'account', [['clusters.name', '=', 'x']])).toEqual([]);
  expect(await seen('vmInstance', 'account', [['host.managementIp', 'not null', '']])).toEqual([]);
  expect(await seen('vmInstance', 'account', [['zone.name', '=', 'x']])).toEqual(['vm']);
  const [offering] = (await query.query(queryFor('pciDeviceOffering', [], { visibleTo: 'account' as Uuid })))
    .rows;
  expect(offering).toMatchObject({ matchedPciDevices: [], attachedInstanceOfferings: [{ id: 5 }] });
});
