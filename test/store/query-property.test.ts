import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type QueryCondition, queryOperators } from '../../src/api/ports.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { Chassis, HostCfg } from '../../src/provision/model.ts';
import { cases } from '../support/cases.ts';
import { matches, type ReferenceKind } from '../support/query-reference.ts';
import { chassis, hostCfg } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const kinds: Readonly<Record<string, ReferenceKind>> = {
  name: 'text',
  description: 'text',
  statusCause: 'text',
  ipmiPort: 'number',
  createDate: 'date',
};

/** Few letters, so that texts meet; the odd ones are what SQL, LIKE and lists treat specially. */
const text = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', 'é', '%', '_', '\\', "'", '"', '😀', ' '),
  maxLength: 4,
});
const seconds = fc.integer({ min: 1_600_000_000, max: 1_600_000_005 });
const port = fc.integer({ min: 1, max: 12 });
const dateText = (second: number): string =>
  new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');

const machines = fc.array(
  fc
    .record({
      name: text,
      description: fc.option(text, { nil: undefined }),
      statusCause: fc.option(text, { nil: undefined }),
      ipmiPort: port,
      createDate: fc.tuple(seconds, fc.integer({ min: 0, max: 999 })).map(([s, ms]) => s * 1000 + ms),
    })
    .map((change) => chassis({ ...change, macs: [] })),
  { maxLength: 12 },
);

function valueFor(field: string, operator: QueryCondition['operator']): fc.Arbitrary<string> {
  const kind = kinds[field];
  const one = kind === 'text' ? text : kind === 'number' ? port.map(String) : seconds.map(dateText);
  if (operator.endsWith('?='))
    return fc.array(one, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
  if (operator.endsWith('~=')) {
    return fc.tuple(one, fc.constantFrom('', '%', '_')).map(([start, end]) => start.slice(0, 12) + end);
  }
  return operator === 'is null' || operator === 'not null' ? fc.constant('') : one;
}

const condition: fc.Arbitrary<QueryCondition> = fc
  .tuple(fc.constantFrom(...Object.keys(kinds)), fc.constantFrom(...queryOperators))
  .chain(([field, operator]) => valueFor(field, operator).map((value) => ({ field, operator, value })));

it('finds the rows that a plain evaluation in memory finds', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(
      machines,
      fc.array(fc.array(condition, { maxLength: 3 }), { minLength: 8, maxLength: 8 }),
      async (rows: readonly Chassis[], questions) => {
        const before = await provision.listChassis();
        await Promise.all(before.map(({ uuid }) => provision.deleteChassis(uuid)));
        await Promise.all(rows.map((row) => provision.saveChassis(row)));
        for (const conditions of questions) {
          const expected = rows.filter((row) =>
            conditions.every(({ field, operator, value }) =>
              matches(kinds[field]!, row[field as 'name'], operator, value),
            ),
          );
          const { rows: found, total } = await query.query({
            resource: 'chassis',
            conditions,
            limit: 5,
            start: 1,
            sort: { field: 'name', direction: 'desc' },
            countOnly: false,
            withTotal: true,
          });
          hits += expected.length;
          expect(total).toBe(expected.length);
          const order = expected.toSorted(
            (a, b) => -compareBytes(a.name, b.name) || compareBytes(a.uuid, b.uuid),
          );
          expect(found.map((row) => row['uuid'])).toEqual(order.slice(1, 6).map(({ uuid }) => uuid));
        }
      },
    ),
    { numRuns: cases(4000) / 10 },
  );
  expect(hits).toBeGreaterThan(100);
}, 120_000);

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const nicKinds: Readonly<Record<string, ReferenceKind>> = { mac: 'text', ip: 'text', pxe: 'boolean' };
const ips = ['192.0.2.1', '192.0.2.2', undefined] as const;
const nicCondition: fc.Arbitrary<QueryCondition> = fc.oneof(
  fc.record({
    field: fc.constant('ip'),
    operator: fc.constantFrom('=', '!=', '?=', '!?=', 'is null', 'not null', '>', '~='),
    value: fc.constantFrom('192.0.2.1', '192.0.2.2'),
  }),
  fc.record({
    field: fc.constant('pxe'),
    operator: fc.constantFrom('=', '!=', '~=', '?='),
    value: fc.constantFrom('true', 'false'),
  }),
);

it('finds the hostcfgs that have one NIC for all conditions on NICs', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const cfgs: HostCfg[] = [];
  for (const first of ips) {
    for (const second of ips) {
      for (const pxe of [true, false]) {
        const machine = chassis();
        const cfg = hostCfg(machine.uuid);
        const [one, two] = cfg.network.nics;
        const nics = [
          { ...one!, ip: first, pxe },
          { ...two!, ip: second, pxe: !pxe },
        ] as HostCfg['network']['nics'];
        cfgs.push({ ...cfg, network: { ...cfg.network, nics } });
        await provision.saveChassis(machine);
        await provision.saveHostCfg(cfgs.at(-1)!);
      }
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(nicCondition, { minLength: 1, maxLength: 3 }), async (conditions) => {
      const { rows } = await query.query({
        resource: 'hostCfg',
        conditions: conditions.map((one) => ({ ...one, field: `nicCfgs.${one.field}` })),
        limit: 100,
        start: 0,
        sort: undefined,
        countOnly: false,
        withTotal: false,
      });
      const expected = cfgs.filter(({ network }) =>
        network.nics.some((nic) =>
          conditions.every(({ field, operator, value }) =>
            matches(nicKinds[field]!, nic[field as 'ip' | 'pxe'], operator, value),
          ),
        ),
      );
      const uuids = (list: readonly { uuid?: unknown }[]) => new Set(list.map(({ uuid }) => uuid as Uuid));
      expect(uuids(rows)).toEqual(uuids(expected));
    }),
    { numRuns: cases(4000) / 10 },
  );
}, 60_000);
