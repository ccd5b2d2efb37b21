import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type QueryCondition, queryOperators } from '../../src/api/ports.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { Chassis } from '../../src/provision/model.ts';
import { cases } from '../support/cases.ts';
import { arranged, matches, meets, type ReferenceKind, referenceKinds } from '../support/query-reference.ts';
import {
  conditionOn,
  conditionsOnOne,
  fillWorld,
  memoryQueries,
  queryFor,
  worlds,
} from '../support/query-world.ts';
import { chassis } from '../support/records.ts';
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
          const sort = { field: 'name', direction: 'desc' } as const;
          const { rows: found, total } = await query.query(
            queryFor('chassis', [], { conditions, limit: 5, start: 1, sort, withTotal: true }),
          );
          hits += expected.length;
          expect(total).toBe(expected.length);
          const order = expected.toSorted(
            (a, b) => -compareBytes(a.name, b.name) || -compareBytes(a.uuid, b.uuid),
          );
          expect(found.map((row) => row['uuid'])).toEqual(order.slice(1, 6).map(({ uuid }) => uuid));
        }
      },
    ),
    { numRuns: cases(4000) / 5 },
  );
  expect(hits).toBeGreaterThan(100);
}, 120_000);

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

type Kind = keyof typeof referenceKinds;
const question = fc.constantFrom(...(Object.keys(referenceKinds) as Kind[])).chain((kind) => {
  const fields = fc.constantFrom(...Object.keys(referenceKinds[kind]));
  const direction = fc.constantFrom('asc' as const, 'desc' as const);
  return fc.record({
    kind: fc.constant(kind),
    conditions: fc.oneof(fc.array(conditionOn(kind, 3), { maxLength: 4 }), conditionsOnOne(kind)),
    sort: fc.option(fc.record({ field: fields, direction }), { nil: undefined }),
    groupBy: fc.option(fields, { nil: undefined, freq: 2 }),
    guest: fc.constantFrom(false, false, false, true),
    start: fc.nat(2),
  });
});

it('follows relations, tags, groups and sight as a plain evaluation in memory does', async () => {
  const { db, query } = memoryQueries();
  const hits = { plain: 0, nested: 0, tagged: 0, grouped: 0, guest: 0 };
  await fc.assert(
    fc.asyncProperty(
      worlds,
      fc.array(question, { minLength: 10, maxLength: 10 }),
      async (world, questions) => {
        fillWorld(db, world);
        for (const { kind, conditions, sort, groupBy, guest, start } of questions) {
          const met = world.rows[kind].filter((row) => meets(world, kind, row, conditions, guest));
          const expected = arranged(kind, met, sort, groupBy);
          const visibleTo = guest ? ('guest' as Uuid) : undefined;
          const change = { conditions, sort, groupBy, visibleTo, start, fields: ['uuid'], withTotal: true };
          const { rows, total } = await query.query(queryFor(kind, [], change));
          expect(rows).toEqual(expected.slice(start).map(({ uuid }) => ({ uuid })));
          expect(total).toBe(expected.length);
          if (expected.length === 0) continue;
          hits.plain += 1;
          if (conditions.some(({ field }) => field.includes('.'))) hits.nested += 1;
          if (conditions.some(({ field }) => field.includes('__'))) hits.tagged += 1;
          if (groupBy !== undefined && expected.length < met.length) hits.grouped += 1;
          if (guest) hits.guest += 1;
        }
      },
    ),
    { numRuns: cases(10_000) / 10 },
  );
  // Otherwise the conditions met nothing, and nothing was proven.
  expect(Math.min(...Object.values(hits))).toBeGreaterThan(5);
}, 300_000);
