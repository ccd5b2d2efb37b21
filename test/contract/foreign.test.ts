import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiTable } from '../../src/api/routes/index.ts';
import { foreignApis } from '../../src/api/zstack/foreign-apis.ts';
import { type ApiWorld, openApi } from '../support/api-world.ts';
import { allNames } from './contract.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await openApi();
});
afterAll(() => world.close());

const rows = foreignApis
  .trim()
  .split('\n')
  .map((line) => line.split(' '));
const foreignNames = new Set(rows.flatMap(([, , ...names]) => names));

it('every API of the manual is served, known, or answered as out of scope', () => {
  const ours = new Set(apiTable.map(({ name }) => name));
  expect(allNames.filter((name) => !ours.has(name) && !foreignNames.has(name))).toEqual([]);
  expect([...foreignNames].filter((name) => ours.has(name))).toEqual([]);
  expect(allNames.length).toBe(524);
});

it('each of them answers 404, SYS.1009 and its name, with or without a session', async () => {
  for (const [method = '', path = '', ...names] of rows) {
    for (const name of names) {
      const action = name.charAt(0).toLowerCase() + name.slice(1);
      const withBody = method === 'PUT' || method === 'POST';
      const answer = await world.api.inject({
        method,
        url: `/zstack/v1${path.replaceAll('*', 'f'.repeat(32))}`,
        headers: { authorization: world.authorization },
        ...(withBody ? { payload: { [method === 'PUT' ? action : 'params']: {} } } : {}),
      });
      const title = `${method} ${path} ${name}`;
      const ours = apiTable.some(
        (api) => api.method === method && api.path.replaceAll(/:\w+/g, '*') === path,
      );
      if (ours && method !== 'PUT') continue;
      expect([title, answer.statusCode, answer.json()]).toEqual([
        title,
        404,
        { error: expect.objectContaining({ code: 'SYS.1009', details: expect.stringContaining(name) }) },
      ]);
    }
  }
});

it('an unknown path is a plain 404, and a foreign path has no other verb', async () => {
  const nothing = await world.api.inject({ method: 'GET', url: '/v1/no/such/thing' });
  expect([nothing.statusCode, nothing.body]).toEqual([404, expect.stringContaining('SYS.1009')]);
});
