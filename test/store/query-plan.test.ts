import { expect, it } from 'vitest';
import type { QueryCondition, QueryRequest } from '../../src/api/ports.ts';
import { compileList, compileQuery } from '../../src/store/query/compile.ts';
import { resources } from '../../src/store/query/resources.ts';
import { memoryQueries, queryFor } from '../support/query-world.ts';

const { db } = memoryQueries();

function planOf(sql: string): readonly string[] {
  const marks = sql.split('?').length - 1;
  const rows = db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...Array.from({ length: marks }, () => '1'));
  return rows.map(({ detail }) => detail);
}

/** Steps that read a whole table: an empty plan is a good one. */
const scans = (plan: readonly string[]): readonly string[] =>
  plan.filter((step) => /^SCAN (?!CONSTANT|\w+ VIRTUAL TABLE)/.test(step));

type Condition = readonly [string, QueryCondition['operator'], string];
const is = (field: string): Condition => [field, '=', field.endsWith('Date') ? '2020-01-01 00:00:00' : '1'];

it.each<readonly [QueryRequest['resource'], readonly Condition[]]>([
  ['chassis', [is('uuid')]],
  ['chassis', [['uuid', '?=', 'a,b,c']]],
  ['chassis', [is('name')]],
  ['chassis', [is('ipmiAddress')]],
  ['chassis', [is('ipmiAddress'), is('ipmiPort'), is('status')]],
  ['chassis', [is('status')]],
  ['chassis', [is('clusterUuid')]],
  ['chassis', [is('createDate')]],
  ['chassis', [is('lastOpDate')]],
  ['chassis', [is('cluster.name')]],
  ['chassis', [is('zone.name')]],
  ['chassis', [is('hostCfg.nicCfgs.mac')]],
  ['chassis', [is('hardwareInfos.uuid')]],
  ['chassis', [is('__systemTag__')]],
  ['chassis', [is('__userTag__'), is('status')]],
  ['chassis', [is('cluster.__userTag__')]],
  ['hostCfg', [is('chassisUuid')]],
  ['hostCfg', [is('nicCfgs.mac')]],
  ['hostCfg', [is('nicCfgs.ip')]],
  ['hostCfg', [is('nicCfgs.ip'), is('nicCfgs.mac'), ['nicCfgs.pxe', '=', 'true']]],
  ['hostCfg', [is('bondings.name')]],
  ['hostCfg', [is('vlans.ip')]],
  ['hostCfg', [is('chassis.name')]],
  ['hardwareInfo', [is('chassisUuid')]],
  ['hardwareInfo', [is('type')]],
  ['hardwareInfo', [is('chassis.ipmiAddress')]],
  ['pxeServer', [is('name')]],
  ['account', [is('name')]],
  ['user', [is('name')]],
  ['user', [is('accountUuid')]],
  ['zone', [is('name')]],
  ['cluster', [is('name')]],
  ['cluster', [is('zoneUuid')]],
  ['host', [is('name')]],
  ['vmInstance', [is('name')]],
  ['vmInstance', [is('vmNics.ip')]],
  ['vmInstance', [is('hostUuid')]],
  ['vmInstance', [is('imageUuid')]],
  ['pciDevice', [is('hostUuid')]],
  ['pciDevice', [is('vmInstanceUuid')]],
  ['pciDevice', [is('pciDeviceAddress')]],
  ['usbDevice', [is('hostUuid')]],
  ['usbDevice', [is('vmInstance.name')]],
  ['image', [is('name')]],
  ['stackTemplate', [is('name')]],
  ['instanceOffering', [is('name')]],
  ['pciDeviceOffering', [is('name')]],
  ['notification', [is('name')]],
  ['notification', [is('status')]],
  ['notification', [is('resourceUuid')]],
  ['audit', [is('resourceUuid')]],
  ['audit', [is('api')]],
  ['audit', [is('accountUuid')]],
  ['audit', [['createDate', '>=', '2020-01-01 00:00:00']]],
  ['systemTag', [is('resourceUuid')]],
  ['userTag', [is('tag')]],
])('asks an index: %s %j', (resource, conditions) => {
  const { rows, count } = compileQuery(queryFor(resource, conditions));
  expect(scans(planOf(rows.sql))).toEqual([]);
  expect(scans(planOf(count.sql))).toEqual([]);
});

it.each<readonly [QueryRequest['resource'], readonly Condition[], Partial<QueryRequest>]>([
  ['chassis', [], {}],
  ['chassis', [], { sort: { field: 'createDate', direction: 'desc' } }],
  ['chassis', [is('status')], {}],
  ['chassis', [is('clusterUuid')], { sort: { field: 'createDate', direction: 'desc' } }],
  ['hostCfg', [], {}],
  ['hardwareInfo', [], {}],
  ['hardwareInfo', [is('type')], {}],
  ['notification', [], { sort: { field: 'createDate', direction: 'desc' } }],
  ['notification', [is('status')], { sort: { field: 'createDate', direction: 'desc' } }],
  ['audit', [], { sort: { field: 'createDate', direction: 'desc' } }],
  ['audit', [is('api')], { sort: { field: 'createDate', direction: 'desc' } }],
  ['audit', [is('resourceUuid')], {}],
  ['systemTag', [], {}],
  ['vmInstance', [], {}],
])('reads no more than a page of: %s %j %j', (resource, conditions, change) => {
  const plan = planOf(compileQuery(queryFor(resource, conditions, change)).rows.sql);
  expect(plan).toHaveLength(1);
  expect(plan[0]).toMatch(/^(?:SCAN|SEARCH) \w+ USING INDEX /);
});

it.each<readonly [readonly Condition[], string]>([
  [[is('status'), is('name')], 'chassis_name'],
  [[is('clusterUuid'), is('name')], 'chassis_name'],
  [[is('status'), is('ipmiAddress')], 'autoindex_chassis_2'],
  [[is('status'), is('hostCfg.nicCfgs.mac')], 'autoindex_chassis_1'],
  [[is('clusterUuid'), is('__userTag__')], 'autoindex_chassis_1'],
])('begins with the rarer of two conditions: %j', (conditions, index) => {
  const [first] = planOf(compileQuery(queryFor('chassis', conditions)).rows.sql);
  expect(first).toMatch(new RegExp(`^SEARCH chassis USING INDEX \\w*${index} `));
});

it('fetches the lists of a page by an index', () => {
  const listed = Object.values(resources).flatMap(({ name, relations }) =>
    Object.entries(relations).flatMap(([relation, lead]) =>
      lead.listedBy === undefined ? [] : [{ name, relation, plan: planOf(compileList(lead, undefined).sql) }],
    ),
  );
  expect(listed.length).toBeGreaterThan(6);
  expect(listed.filter(({ plan }) => scans(plan).length > 0)).toEqual([]);
});
