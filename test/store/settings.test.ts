import { expect, it } from 'vitest';
import type { StoredSetting } from '../../src/platform/model.ts';
import { uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const setting = (name: string, change: Partial<StoredSetting> = {}): StoredSetting => ({
  uuid: uuid(),
  category: 'identity',
  name,
  description: 'Life of a session, seconds',
  defaultValue: '7200',
  value: '7200',
  isSet: false,
  createDate: 5,
  lastOpDate: 5,
  ...change,
});

it('keeps settings by category and name over a restart', async () => {
  const directory = temporaryDirectory();
  const store = await storeIn(directory);
  const { settings } = store.platform;
  const [a, b] = [setting('session.timeout'), setting('session.maxConcurrent', { isSet: true, value: '9' })];
  await settings.saveSettings([a, b]);
  // The first uuid and createDate stay: clients may hold on to them.
  await settings.saveSettings([setting('session.timeout', { isSet: true, value: '60', lastOpDate: 9 })]);
  await store.close();
  const again = (await storeIn(directory)).platform.settings;
  expect(await again.listSettings()).toStrictEqual([b, { ...a, isSet: true, value: '60', lastOpDate: 9 }]);
  await again.deleteSettings([b.uuid, uuid()]);
  expect(await again.listSettings()).toHaveLength(1);
});
