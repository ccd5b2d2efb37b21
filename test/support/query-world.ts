import sqlite, { type Database } from 'better-sqlite3';
import * as fc from 'fast-check';
import {
  type QueryPort,
  type QueryRequest,
  type QueryCondition,
  queryOperators,
} from '../../src/api/ports.ts';
import type { Session } from '../../src/store/group-commit.ts';
import { migrate } from '../../src/store/migrations/migrate.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { createQueryPort } from '../../src/store/query/query-port.ts';
import { createSecretBox } from '../../src/store/secret-box.ts';
import type { ReferenceKind, ReferenceWorld } from './query-reference.ts';
import { referenceKinds, referenceRelations } from './query-reference.ts';
import { random } from './records.ts';

/** A database in memory with all tables, and the query port over it; `heard` is told each statement that runs. */
export function memoryQueries(heard: (sql: string) => void = () => {}): {
  readonly db: Database;
  readonly query: QueryPort;
} {
  const db = sqlite(':memory:', { verbose: (sql) => heard(String(sql)) });
  migrate(db, migrations, () => 0);
  const session: Pick<Session, 'db' | 'read'> = { db, read: async (work) => work() };
  return {
    db,
    query: createQueryPort(session as Session, createSecretBox(new Uint8Array(32), random)),
  };
}

/** A request with the defaults of the API. */
export function queryFor(
  resource: QueryRequest['resource'],
  conditions: readonly (readonly [string, QueryCondition['operator'], string])[] = [],
  change: Partial<QueryRequest> = {},
): QueryRequest {
  return {
    resource,
    conditions: conditions.map(([field, operator, value]) => ({ field, operator, value })),
    limit: 1000,
    start: 0,
    sort: undefined,
    groupBy: undefined,
    fields: undefined,
    countOnly: false,
    withTotal: false,
    visibleTo: undefined,
    reveal: false,
    ...change,
  };
}

const columns: Readonly<Record<keyof ReferenceWorld['rows'], readonly [table: string, fixed: object]>> = {
  zone: ['zone', { type: 'zstack', lastOpDate: 0 }],
  cluster: ['cluster', { state: 'Enabled', type: 'zstack', lastOpDate: 0 }],
  chassis: [
    'chassis',
    {
      ipmiAddress: '192.0.2.1',
      ipmiUsername: 'a',
      ipmiPasswordSealed: new Uint8Array(1),
      bootMode: 'uefi',
      systemUuids: '[]',
      lastOpDate: 0,
    },
  ],
  hostCfg: ['host_cfg', { unattended: 1, lastOpDate: 0 }],
  nicCfg: ['nic_cfg', { position: 0, createDate: 0, lastOpDate: 0 }],
};

/** Inserts a row by its members' names, whatever a service would say. */
export function insertRow(db: Database, table: string, row: Readonly<Record<string, unknown>>): void {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined);
  const names = entries.map(([name]) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  const values = entries.map(([, value]) => (typeof value === 'boolean' ? Number(value) : value));
  const marks = names.map(() => '?').join(', ');
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`).run(...values);
}

/** Makes the tables hold exactly this world. */
export function fillWorld(db: Database, world: ReferenceWorld): void {
  db.transaction(() => {
    for (const table of ['tag', 'resource_share', 'account', 'chassis', 'cluster', 'zone'])
      db.exec(`DELETE FROM ${table}`);
    for (const [resource, [table, fixed]] of Object.entries(columns)) {
      for (const row of world.rows[resource as 'zone']) insertRow(db, table, { ...fixed, ...row });
    }
    for (const [index, tag] of world.tags.entries()) {
      insertRow(db, 'tag', { uuid: `tag${index}`, ...tag, inherent: 0, createDate: 0, lastOpDate: 0 });
    }
    insertRow(db, 'account', { uuid: 'guest', name: 'guest', type: 'Normal', passwordHash: '' });
    for (const resourceUuid of world.shared) {
      insertRow(db, 'resource_share', {
        resourceUuid,
        resourceType: '',
        accountUuid: 'guest',
        createDate: 0,
      });
    }
  })();
}

const words = ['a', 'ab', 'B', '_', '%'] as const;
const word = fc.constantFrom(...words);
const second = fc.integer({ min: 1_600_000_000, max: 1_600_000_003 });
const time = fc.tuple(second, fc.constantFrom(0, 1, 999)).map(([s, ms]) => s * 1000 + ms);
const uuidOf = (kind: string, index: number): string => `${kind}${index}`;

const zoneRow = fc.record({ name: word, state: word, createDate: time });
const clusterRow = fc.record({ zone: fc.nat(1), name: word, hypervisorType: word, createDate: time });
const nicRow = fc.record({ ip: fc.option(word, { nil: undefined }), pxe: fc.boolean() });
const machineRow = fc.record({
  cluster: fc.option(fc.nat(2), { nil: undefined }),
  name: word,
  description: fc.option(word, { nil: undefined }),
  status: word,
  createDate: time,
  cfg: fc.option(
    fc.record({ vnc: fc.boolean(), createDate: time, nics: fc.array(nicRow, { maxLength: 3 }) }),
    { nil: undefined },
  ),
});

/** Small worlds of few values, so that conditions meet rows. */
export const worlds: fc.Arbitrary<ReferenceWorld> = fc
  .record({
    zones: fc.array(zoneRow, { minLength: 2, maxLength: 2 }),
    clusters: fc.array(clusterRow, { minLength: 3, maxLength: 3 }),
    machines: fc.array(machineRow, { maxLength: 7 }),
    tagged: fc.uniqueArray(
      fc.tuple(
        fc.constantFrom(
          'zone0',
          'zone1',
          'cluster0',
          'cluster1',
          'chassis0',
          'chassis1',
          'chassis2',
          'hostCfg0',
        ),
        fc.constantFrom('System' as const, 'User' as const),
        word,
      ),
      { maxLength: 8, selector: (parts) => parts.join() },
    ),
    shared: fc.uniqueArray(fc.constantFrom('zone0', 'zone1', 'cluster0', 'cluster1'), { maxLength: 4 }),
  })
  .map(({ zones, clusters, machines, tagged, shared }) => {
    const cfgs = machines.flatMap(({ cfg }, index) => (cfg === undefined ? [] : [{ ...cfg, index }]));
    const types = {
      zone: 'ZoneVO',
      cluster: 'ClusterVO',
      chassis: 'BaremetalChassisVO',
      hostCfg: 'BaremetalHostCfgVO',
    };
    return {
      rows: {
        zone: zones.map((zone, index) => ({ uuid: uuidOf('zone', index), ...zone })),
        cluster: clusters.map(({ zone, ...rest }, index) => ({
          uuid: uuidOf('cluster', index),
          zoneUuid: uuidOf('zone', zone),
          ...rest,
        })),
        chassis: machines.map(({ cluster, cfg: _cfg, ...rest }, index) => ({
          uuid: uuidOf('chassis', index),
          ipmiPort: index + 1,
          clusterUuid: cluster === undefined ? undefined : uuidOf('cluster', cluster),
          ...rest,
        })),
        hostCfg: cfgs.map(({ vnc, createDate, index }) => ({
          uuid: uuidOf('hostCfg', index),
          chassisUuid: uuidOf('chassis', index),
          vnc,
          createDate,
        })),
        nicCfg: cfgs.flatMap(({ nics, index }) =>
          nics.map((nic, place) => ({
            uuid: `nic${index}${place}`,
            hostCfgUuid: uuidOf('hostCfg', index),
            mac: `${index}:${place}`,
            ...nic,
          })),
        ),
      },
      tags: tagged.map(([resourceUuid, type, tag]) => ({
        resourceUuid,
        resourceType: types[resourceUuid.slice(0, -1) as 'zone'],
        type,
        tag,
      })),
      shared,
    };
  });

function valueOf(kind: ReferenceKind): fc.Arbitrary<string> {
  if (kind === 'text') return fc.oneof(word, fc.constantFrom('zone0', 'cluster1', 'chassis0', '0:0'));
  if (kind === 'number') return fc.integer({ min: 1, max: 4 }).map(String);
  if (kind === 'boolean') return fc.constantFrom('true', 'false');
  return second.map((s) => new Date(s * 1000).toISOString().slice(0, 19).replace('T', ' '));
}

function operandFor(kind: ReferenceKind, operator: QueryCondition['operator']): fc.Arbitrary<string> {
  const one = valueOf(kind);
  if (operator === 'is null' || operator === 'not null') return fc.constant('');
  if (operator.endsWith('?='))
    return fc.array(one, { minLength: 1, maxLength: 3 }).map((list) => list.join(','));
  return operator.endsWith('~=')
    ? fc.tuple(one, fc.constantFrom('', '%')).map((parts) => parts.join(''))
    : one;
}

/** A condition on `resource`, or on what at most `depth` relations lead to. */
export function conditionOn(
  resource: keyof ReferenceWorld['rows'],
  depth: number,
): fc.Arbitrary<QueryCondition> {
  const kinds = referenceKinds[resource];
  const leaves = [...Object.keys(kinds), ...(resource === 'nicCfg' ? [] : ['__systemTag__', '__userTag__'])];
  const own = fc
    .tuple(fc.constantFrom(...leaves), fc.constantFrom(...queryOperators))
    .chain(([field, operator]) =>
      operandFor(kinds[field] ?? 'text', operator).map((value) => ({ field, operator, value })),
    );
  if (depth === 0) return own;
  const nested = fc
    .constantFrom(...Object.entries(referenceRelations[resource]))
    .chain(([name, { resource: next }]) =>
      conditionOn(next, depth - 1).map((condition) => ({
        ...condition,
        field: `${name}.${condition.field}`,
      })),
    );
  return fc.oneof(own, nested);
}

/** Several conditions on what one relation leads to: one row there must meet them all. */
export function conditionsOnOne(
  resource: keyof ReferenceWorld['rows'],
): fc.Arbitrary<readonly QueryCondition[]> {
  return fc
    .constantFrom(...Object.entries(referenceRelations[resource]))
    .chain(([name, { resource: next }]) =>
      fc
        .array(conditionOn(next, 0), { minLength: 2, maxLength: 3 })
        .map((list) => list.map((condition) => ({ ...condition, field: `${name}.${condition.field}` }))),
    );
}
