import sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrations } from '../../src/store/migrations/index.ts';
import { migrate, migrationHash } from '../../src/store/migrations/migrate.ts';
import { openStore } from '../../src/store/index.ts';
import { chassis, pathsIn, random } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

/** Landed migrations. Do not change the test: databases in the field were made with exactly these; add a migration. */
const landed: Readonly<Record<string, string>> = {
  '0001-initial': '903f849c64fad519439d35fe0fff67561033d29910cf279929b8843821328871',
  '0002-platform': 'b6b182cb7eb21571201985c8468b6f1f1d725323aa1d528d235eac44987a252c',
  '0003-kvm-inventory': 'ef2de2ff4273dbabb95c26b2da3c6ad38a213e093718cf79944992af51d49c3b',
  '0004-bmc-fleet': 'ad31cf0409bf1aa4dd0b7835fa9b658bbb23cc01ef0713bc589d1067e48fdd42',
  '0005-kvm-hosts': 'de56f9605327c1a937c55252481e80f8737409ba86cdab9f54ba5a00c79914cc',
  '0006-pxe-modes': '8b949cf10a193dc55426b087466a1bdea7d37aaf870152cff556233b5baa39ab',
  '0007-boot-images': 'b06cda8efad1b8b725a450be3f7e417b7b763dbd9b8256acd53e74a86d61b898',
  '0008-image-queries': '92639b1254d99e1c5e94cd8d407001ba7a271b394b836110966fc6a2003413f8',
};

it('has landed migrations unchanged, numbered without gaps', () => {
  expect(migrations.map(({ id }) => id)).toEqual(migrations.map((_, index) => index + 1));
  const hashes = migrations.map((migration) => [
    `${String(migration.id).padStart(4, '0')}-${migration.name}`,
    migrationHash(migration),
  ]);
  expect(Object.fromEntries(hashes)).toEqual(landed);
});

async function madeDatabase(change: string): Promise<{ path: string; keyPath: string }> {
  const directory = temporaryDirectory();
  const { provision, close } = await storeIn(directory);
  await provision.saveChassis(chassis());
  await close();
  const db = sqlite(pathsIn(directory).path);
  db.exec(change);
  db.close();
  return pathsIn(directory);
}

it('refuses a file whose migrations have another hash', async () => {
  const paths = await madeDatabase(`UPDATE schema_migrations SET sha256 = 'x' WHERE id = 1`);
  await expect(openStore({ ...paths, random })).rejects.toMatchObject({
    code: 'damaged',
    data: { migration: 1 },
    message: expect.stringContaining('restore a backup'),
  });
});

it('refuses a file of a newer version', async () => {
  const paths = await madeDatabase(`INSERT INTO schema_migrations VALUES (999, 'future', 'x', 0)`);
  await expect(openStore({ ...paths, random })).rejects.toMatchObject({
    code: 'damaged',
    data: { migration: 999 },
    message: expect.stringContaining('newer version'),
  });
});

it('refuses a database of another program and leaves it alone', async () => {
  const paths = await madeDatabase('DROP TABLE schema_migrations; CREATE TABLE theirs (x)');
  await expect(openStore({ ...paths, random })).rejects.toMatchObject({
    code: 'damaged',
    message: expect.stringContaining('another program'),
  });
  const db = sqlite(paths.path);
  expect(db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'schema_migrations'`).all()).toEqual([]);
  db.close();
});

it('applies what is pending, each whole or not at all, and records when', () => {
  const db = sqlite(':memory:');
  const first = { id: 1, name: 'first', sql: 'CREATE TABLE one (x)' };
  const second = { id: 2, name: 'second', sql: 'CREATE TABLE two (x); INSERT INTO two VALUES (1)' };
  const broken = { id: 3, name: 'broken', sql: 'CREATE TABLE three (x); INSERT INTO nowhere VALUES (1)' };
  migrate(db, [first], () => 5);
  migrate(db, [first], () => 6);
  expect(() => migrate(db, [first, second, broken], () => 7)).toThrow(/nowhere/);
  const tables = db
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
    .pluck()
    .all();
  expect(tables).toEqual(['one', 'schema_migrations', 'two']);
  expect(db.prepare('SELECT id, name, applied_at FROM schema_migrations').raw().all()).toEqual([
    [1, 'first', 5],
    [2, 'second', 7],
  ]);
});
