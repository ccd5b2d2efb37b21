import sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { createSession } from '../../src/store/group-commit.ts';
import { createManagementNodeStore } from '../../src/store/management-node.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { migrate } from '../../src/store/migrations/migrate.ts';
import { uuid } from '../support/records.ts';

it('keeps one row with the uuid of the first start', async () => {
  const db = new sqlite(':memory:');
  migrate(db, migrations, () => 0);
  const session = createSession(db);
  onTestFinished(() => session.close());
  const nodes = createManagementNodeStore(session);
  const rows = (): unknown =>
    db.prepare('SELECT uuid, host_name, join_date, heart_beat, create_date FROM management_node').raw().all();
  const first = uuid();
  expect(await nodes.join({ uuid: first, hostName: 'rack1', at: 1000 })).toBe(first);
  await nodes.heartBeat(first, 2000);
  expect(rows()).toEqual([[first, 'rack1', 1000, 2000, 1000]]);
  expect(await nodes.join({ uuid: uuid(), hostName: 'rack1.example', at: 3000 })).toBe(first);
  expect(rows()).toEqual([[first, 'rack1.example', 3000, 3000, 1000]]);
});
