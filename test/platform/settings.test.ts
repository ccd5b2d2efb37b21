import { expect, it } from 'vitest';
import type { StoredSetting } from '../../src/platform/model.ts';
import { type SettingDefinition, settingDefinitions } from '../../src/platform/setting-definitions.ts';
import { openSettings, type SettingDefaults } from '../../src/platform/settings.ts';
import { keepingLog } from '../support/keeping-log.ts';
import { random, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

async function open(directory: string, defaults: SettingDefaults = {}, now = 1000) {
  const store = await storeIn(directory);
  const { settings: table } = store.platform;
  const log = keepingLog();
  const clock = { now: () => now, after: () => () => undefined };
  const settings = await openSettings({ store: table, defaults, clock, random, log });
  const rowOf = async (category: string, name: string): Promise<StoredSetting | undefined> =>
    (await table.listSettings()).find((row) => row.category === category && row.name === name);
  return { store, table, settings, log, rowOf };
}

it('names every setting by a category without dots and a name, with bounds around its default', () => {
  const all: readonly (readonly [string, SettingDefinition])[] = Object.entries(settingDefinitions);
  expect(all.length).toBeGreaterThan(8);
  for (const [key, definition] of all) {
    expect(key).toMatch(/^[a-z]+(?:\.[a-z][A-Za-z]*)+$/);
    expect(definition.description).not.toBe('');
    if (definition.kind !== 'integer') continue;
    expect(definition.minimum).toBeLessThanOrEqual(definition.default);
    expect(definition.maximum).toBeGreaterThanOrEqual(definition.default);
  }
});

it('begins with the defaults, one row each', async () => {
  const { settings, table } = await open(temporaryDirectory(), { 'baremetal.provision.maxPerMinute': 3 });
  const rows = await table.listSettings();
  expect(rows).toHaveLength(Object.keys(settingDefinitions).length);
  expect(settings.get('identity.session.timeout')).toBe(7200);
  expect(settings.get('baremetal.provision.maxPerMinute')).toBe(3);
  expect(rows.find(({ name }) => name === 'provision.maxPerMinute')).toMatchObject({
    category: 'baremetal',
    defaultValue: '3',
    value: '3',
    isSet: false,
    createDate: 1000,
  });
});

it('changes a value at once and over a restart, and goes back to the default', async () => {
  const directory = temporaryDirectory();
  const first = await open(directory);
  const before = await first.rowOf('identity', 'session.timeout');
  await first.settings.update('identity', 'session.timeout', ' 90 ');
  expect(first.settings.get('identity.session.timeout')).toBe(90);
  expect(await first.rowOf('identity', 'session.timeout')).toMatchObject({
    uuid: before?.uuid,
    value: '90',
    defaultValue: '7200',
    isSet: true,
  });
  await first.store.close();
  const second = await open(directory, { 'identity.session.timeout': 600 }, 2000);
  expect(second.settings.get('identity.session.timeout')).toBe(90);
  await second.settings.update('identity', 'session.timeout', undefined);
  expect(second.settings.get('identity.session.timeout')).toBe(600);
  expect(await second.rowOf('identity', 'session.timeout')).toMatchObject({ value: '600', isSet: false });
  await second.store.close();
  // Unset again, it follows the configuration file.
  const third = await open(directory, { 'identity.session.timeout': 700 }, 3000);
  expect(third.settings.get('identity.session.timeout')).toBe(700);
  expect(await third.rowOf('identity', 'session.timeout')).toMatchObject({
    uuid: before?.uuid,
    createDate: 1000,
    defaultValue: '700',
  });
});

it('ends with the last of several changes at a time', async () => {
  const { settings, rowOf } = await open(temporaryDirectory());
  const values = ['100', '200', '300', undefined, '400'];
  await Promise.all(values.map((value) => settings.update('notification', 'keep', value)));
  expect(settings.get('notification.keep')).toBe(400);
  expect(await rowOf('notification', 'keep')).toMatchObject({ value: '400', isSet: true });
});

it.each(['', '59', '31536001', '-60', '60.5', '1e4', '0x100', 'soon', '9'.repeat(400)])(
  'refuses %j as a number from 60 on, naming the bounds',
  async (value) => {
    const { settings } = await open(temporaryDirectory());
    await expect(settings.update('identity', 'session.timeout', value)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'value: identity.session.timeout must be a whole number from 60 to 31536000',
      data: { parameter: 'value' },
    });
    expect(settings.get('identity.session.timeout')).toBe(7200);
  },
);

it.each([
  ['identity', 'timeout'],
  ['identity.session', 'timeout'],
  ['', 'identity.session.timeout'],
  ['__proto__', 'toString'],
  ['Identity', 'session.timeout'],
])('knows no setting %s / %s', async (category, name) => {
  const { settings } = await open(temporaryDirectory());
  await expect(settings.update(category, name, '90')).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('QueryGlobalConfig') as string,
  });
});

it('brings the table in step: unknown rows go, new texts come, values that are no longer allowed give way', async () => {
  const directory = temporaryDirectory();
  const store = await storeIn(directory);
  const old = { description: 'old', defaultValue: '1', createDate: 7, lastOpDate: 7, isSet: true };
  const kept = { uuid: uuid(), category: 'progress', name: 'keep', value: '6000', ...old };
  const bad = { uuid: uuid(), category: 'notification', name: 'keep', value: '5', ...old };
  await store.platform.settings.saveSettings([
    { uuid: uuid(), category: 'kvm', name: 'gone', value: '1', ...old },
    kept,
    bad,
  ]);
  await store.close();
  const { settings, table, log, rowOf } = await open(directory);
  expect(await table.listSettings()).toHaveLength(Object.keys(settingDefinitions).length);
  expect(settings.get('progress.keep')).toBe(6000);
  expect(await rowOf('progress', 'keep')).toStrictEqual({
    ...kept,
    description: settingDefinitions['progress.keep'].description,
    defaultValue: '86400',
  });
  expect(settings.get('notification.keep')).toBe(10_000);
  expect(await rowOf('notification', 'keep')).toMatchObject({ uuid: bad.uuid, value: '10000', isSet: false });
  expect(log.lines.filter((line) => line.includes('no longer allowed'))).toHaveLength(1);
});

it('refuses to start with a configured default out of bounds', async () => {
  await expect(open(temporaryDirectory(), { 'baremetal.install.timeout': 5 })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('baremetal.install.timeout must be a whole number from 60') as string,
  });
});
