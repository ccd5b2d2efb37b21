import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Notification } from '../../src/platform/model.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createSession } from '../../src/store/group-commit.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { migrate } from '../../src/store/migrations/migrate.ts';
import { createNotificationStore } from '../../src/store/platform/notifications.ts';
import { uuid } from '../support/records.ts';
import { temporaryDirectory } from '../support/store.ts';

function openNotifications() {
  const db = openDatabase(join(temporaryDirectory(), 'db.sqlite'));
  migrate(db, migrations, () => 0);
  const session = createSession(db);
  onTestFinished(() => session.close());
  const rows = (): Record<string, unknown>[] =>
    db.prepare<[], Record<string, unknown>>('SELECT * FROM notification ORDER BY time, rowid').all();
  return { db, store: createNotificationStore(session), rows };
}

let time = 1_700_000_000_000;
function told(change: Partial<Notification> = {}): Notification {
  time += 1000;
  return {
    uuid: uuid(),
    name: 'boot-failed',
    content: 'no DHCP request came',
    type: 'Error',
    status: 'Unread',
    sender: 'provision',
    resourceType: 'BaremetalChassisVO',
    resourceUuid: 'c'.repeat(32),
    opaque: undefined,
    occurrences: 1,
    time,
    createDate: time,
    lastOpDate: time,
    ...change,
  };
}

it('renews what is unread instead of adding, and adds again once it was read', async () => {
  const { store, rows } = openNotifications();
  const first = told({ opaque: '{"stage":"awaiting-dhcp"}' });
  expect(await store.record(first, 100)).toBe(true);
  const second = told({ content: 'the pool is full', occurrences: 3, type: 'Warning' });
  expect(await store.record(second, 100)).toBe(false);
  expect(rows()).toMatchObject([
    {
      uuid: first.uuid,
      content: 'the pool is full',
      type: 'Warning',
      opaque: null,
      occurrences: 4,
      time: second.time,
      create_date: first.createDate,
      last_op_date: second.time,
    },
  ]);
  await store.setStatus([first.uuid, uuid()], 'Read', time + 1);
  expect(rows()).toMatchObject([{ status: 'Read', last_op_date: time + 1 }]);
  expect(await store.record(told(), 100)).toBe(true);
  expect(rows()).toMatchObject([
    { status: 'Read', occurrences: 4 },
    { status: 'Unread', occurrences: 1 },
  ]);
});

it.each([
  ['another resource', { resourceUuid: 'd'.repeat(32) }],
  ['no resource', { resourceUuid: undefined, resourceType: undefined }],
  ['another type of resource', { resourceType: 'BaremetalPxeServerVO' }],
  ['another name', { name: 'power-changed' as const }],
])('keeps %s apart', async (_what, change) => {
  const { store, rows } = openNotifications();
  await store.record(told(), 100);
  expect(await store.record(told(change), 100)).toBe(true);
  expect(await store.record(told(change), 100)).toBe(false);
  expect(rows().map((row) => row['occurrences'])).toEqual([1, 2]);
});

it('keeps at most so many, read ones going first and then the longest unseen', async () => {
  const { store, rows } = openNotifications();
  const [a, b, c, d] = Array.from({ length: 4 }, () => told({ resourceUuid: uuid() }));
  for (const one of [a, b, c, d]) await store.record(one!, 4);
  await store.setStatus([c!.uuid], 'Read', time);
  await store.record(told({ resourceUuid: a!.resourceUuid }), 4);
  const e = told({ resourceUuid: uuid() });
  await store.record(e, 4);
  expect(rows().map((row) => row['uuid'])).toEqual([b!.uuid, d!.uuid, a!.uuid, e.uuid]);
  const f = told({ resourceUuid: uuid() });
  await store.record(f, 4);
  expect(rows().map((row) => row['uuid'])).toEqual([d!.uuid, a!.uuid, e.uuid, f.uuid]);
  // A smaller limit takes effect at the next one.
  const last = told({ resourceUuid: uuid() });
  await store.record(last, 2);
  expect(rows().map((row) => row['uuid'])).toEqual([f.uuid, last.uuid]);
});

it('never keeps more in a flood of different ones, deletions between', async () => {
  const { store, rows } = openNotifications();
  for (let round = 0; round < 6; round += 1) {
    const flood = Array.from({ length: 70 }, () => told({ resourceUuid: uuid() }));
    await Promise.all(flood.map((one) => store.record(one, 200)));
    await store.deleteNotifications(flood.slice(0, 5).map((one) => one.uuid));
    const kept = rows().map((row) => row['uuid']);
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(kept).toEqual(expect.arrayContaining(flood.slice(5).map((one) => one.uuid)));
  }
  expect(rows().length).toBeGreaterThan(190);
});

it('deletes the named ones; what is not there changes nothing', async () => {
  const { store, rows } = openNotifications();
  const [a, b] = [told(), told({ name: 'power-changed' })];
  await store.record(a, 100);
  await store.record(b, 100);
  await store.deleteNotifications([a.uuid, uuid()]);
  await store.deleteNotifications([a.uuid]);
  expect(rows().map((row) => row['uuid'])).toEqual([b.uuid]);
});
