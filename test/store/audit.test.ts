import sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { createAuditLog } from '../../src/platform/audit.ts';
import type { AuditEntry } from '../../src/platform/model.ts';
import { pathsIn, random, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const facts: Omit<AuditEntry, 'uuid' | 'createDate'> = {
  accountUuid: uuid(),
  accountName: 'admin',
  userUuid: undefined,
  userName: undefined,
  remoteAddress: '192.0.2.1',
  api: 'DeleteBaremetalChassis',
  resourceType: 'BaremetalChassisVO',
  resourceUuid: uuid(),
  jobUuid: uuid(),
  outcome: 'Succeeded',
  errorCode: undefined,
  errorText: undefined,
  request: '{"uuid":"x"}',
  durationMs: 12,
};

const rowsOf = (directory: string): Array<Record<string, unknown>> => {
  const db = sqlite(pathsIn(directory).path);
  const rows = db.prepare('SELECT * FROM audit ORDER BY id').all() as Array<Record<string, unknown>>;
  db.close();
  return rows;
};

it('keeps entries in order, with a uuid and the time of their end', async () => {
  const directory = temporaryDirectory();
  const { platform, close } = await storeIn(directory);
  let now = 1000;
  const clock = { now: () => (now += 1), after: () => () => {} };
  const audit = createAuditLog({ store: platform.audit, clock, random });
  await Promise.all([
    audit.append(facts),
    audit.append({ ...facts, outcome: 'Failed', errorCode: 'SYS.1006' }),
  ]);
  await audit.append({ ...facts, outcome: 'Interrupted', accountUuid: undefined });
  await close();
  const rows = rowsOf(directory);
  expect(rows.map(({ create_date, outcome, error_code }) => [create_date, outcome, error_code])).toEqual([
    [1001, 'Succeeded', null],
    [1002, 'Failed', 'SYS.1006'],
    [1003, 'Interrupted', null],
  ]);
  expect(new Set(rows.map(({ uuid: one }) => one)).size).toBe(3);
  expect(rows[0]).toMatchObject({
    account_name: 'admin',
    remote_address: '192.0.2.1',
    request: '{"uuid":"x"}',
  });
});

it('writes the entries of one tick at once, and tells every writer when they are lost', async () => {
  const writes: number[] = [];
  let fault: Error | undefined;
  const store = {
    async append(entries: readonly AuditEntry[]) {
      writes.push(entries.length);
      if (fault !== undefined) throw fault;
    },
  };
  const audit = createAuditLog({ store, clock: { now: () => 1, after: () => () => {} }, random });
  await Promise.all([audit.append(facts), audit.append(facts), audit.append(facts)]);
  await audit.append(facts);
  expect(writes).toEqual([3, 1]);
  fault = new Error('disk full');
  const ends = await Promise.allSettled([audit.append(facts), audit.append(facts)]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fault = undefined;
  await audit.append(facts);
  expect(writes).toEqual([3, 1, 2, 1]);
});

it.each([
  ["UPDATE audit SET outcome = 'Failed'"],
  ['DELETE FROM audit'],
  ['UPDATE OR REPLACE audit SET api = NULL'],
])('the database itself refuses %s', async (statement) => {
  const directory = temporaryDirectory();
  const { platform, close } = await storeIn(directory);
  await platform.audit.append([{ ...facts, uuid: uuid(), createDate: 1 }]);
  await close();
  const db = sqlite(pathsIn(directory).path);
  expect(() => db.exec(statement)).toThrow('the audit log is append-only');
  db.close();
  expect(rowsOf(directory)).toMatchObject([{ outcome: 'Succeeded', api: 'DeleteBaremetalChassis' }]);
});
