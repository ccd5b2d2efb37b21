import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
});
afterEach(async () => {
  await world.close();
});

it('adds, queries and deletes an image', async () => {
  const params = { name: 'mirror', url: 'http://192.0.2.9/tree', kernelArguments: ['inst.text'] };
  const added = await callApi(world, 'POST', '/baremetal/images', { params });
  expect(added.statusCode).toBe(200);
  const { inventory } = added.json<{ inventory: { uuid: string } }>();
  expect(inventory).toMatchObject({ ...params, kind: 'redirect', status: 'Ready' });
  const found = await callApi(world, 'GET', '/baremetal/images?q=status=Ready');
  expect(found.json<{ inventories: { uuid: string }[] }>().inventories.map(({ uuid }) => uuid)).toEqual([
    inventory.uuid,
  ]);
  expect((await callApi(world, 'DELETE', `/baremetal/images/${inventory.uuid}`)).statusCode).toBe(200);
  expect((await callApi(world, 'GET', `/baremetal/images/${inventory.uuid}`)).json()).toEqual({
    inventories: [],
  });
});

it('refuses an image without a URL', async () => {
  const answer = await callApi(world, 'POST', '/baremetal/images', { params: { name: 'x' } });
  expect(answer.json()).toMatchObject({ error: { code: 'SYS.1007' } });
});
