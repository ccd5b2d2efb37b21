import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
});
afterEach(async () => {
  await world.close();
});

const update = (category: string, name: string, params: object) =>
  callApi(world, 'PUT', `/global-configurations/${category}/${name}/actions`, {
    updateGlobalConfig: params,
  });
const listed = async (query: string) =>
  (await callApi(world, 'GET', `/global-configurations${query}`)).json<{
    inventories: Record<string, unknown>[];
  }>().inventories;

it('lists the settings, by the query language', async () => {
  const all = await listed('');
  expect(all.length).toBeGreaterThan(8);
  const [row, ...others] = await listed('?q=category=identity&q=name=session.timeout');
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    category: 'identity',
    name: 'session.timeout',
    description: 'Life of a login session, seconds',
    defaultValue: '7200',
    value: '7200',
  });
  expect((await listed('?q=category=identity&sort=-name&fields=name')).map(({ name }) => name)).toContain(
    'session.timeout',
  );
});

it('changes a setting at once, as text or number, and answers it', async () => {
  const answer = await update('identity', 'session.timeout', { value: '90' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({
    inventory: { category: 'identity', name: 'session.timeout', defaultValue: '7200', value: '90' },
  });
  expect(world.platform.settings.get('identity.session.timeout')).toBe(90);
  await update('identity', 'session.timeout', { value: 120 });
  expect(world.platform.settings.get('identity.session.timeout')).toBe(120);
  expect(await listed('?q=value=120')).toMatchObject([{ name: 'session.timeout' }]);
});

it.each([[{}], [{ value: null }]])('goes back to the default with %j', async (params) => {
  await update('rest', 'completedApi.expiredPeriod', { value: '7200' });
  const answer = await update('rest', 'completedApi.expiredPeriod', params);
  expect(answer.json()).toMatchObject({ inventory: { value: '172800' } });
  expect(world.platform.settings.get('rest.completedApi.expiredPeriod')).toBe(172_800);
});

it.each([
  ['identity', 'session.timeout', { value: '1' }, 'SYS.1007', 'from 60 to 31536000'],
  ['identity', 'session.timeout', { value: true }, 'SYS.1007', 'must be a whole number'],
  ['identity', 'session.timeout', { value: {} }, 'SYS.1007', 'must be a text, a number'],
  ['identity', 'session', { value: '90' }, 'SYS.1003', 'QueryGlobalConfig lists them'],
  ['quota', 'scheduler.num', { value: '90' }, 'SYS.1003', 'QueryGlobalConfig lists them'],
])('refuses %s %s %j', async (category, name, params, code, words) => {
  const answer = await update(category, name, params);
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ error: { code, details: expect.stringContaining(words) as string } });
});

it('has no path by uuid', async () => {
  expect((await callApi(world, 'GET', `/global-configurations/${'a'.repeat(32)}`)).statusCode).toBe(404);
});
