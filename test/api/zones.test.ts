import { afterEach, beforeEach, expect, it } from 'vitest';
import { zonesApis } from '../../src/api/routes/zones.ts';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
});
afterEach(async () => {
  await world.close();
});

interface Answer {
  readonly inventory: Readonly<Record<string, unknown>> & { readonly uuid: string };
}
const made = async (params: object, tags: object = {}): Promise<Answer['inventory']> => {
  const answer = await callApi(world, 'POST', '/zones', { params, systemTags: [], userTags: [], ...tags });
  expect({ status: answer.statusCode, body: answer.json<unknown>() }).toMatchObject({ status: 200 });
  return answer.json<Answer>().inventory;
};

it('lets every session look and administrators change', () => {
  expect(zonesApis.map(({ method, access }) => [method, access])).toEqual([
    ['POST', 'admin'],
    ['GET', 'session'],
    ['GET', 'session'],
    ['DELETE', 'admin'],
    ['PUT', 'admin'],
    ['PUT', 'admin'],
  ]);
});

it('makes a zone as the manual shows it', async () => {
  const zone = await made({ name: 'TestZone', description: 'test zone' });
  expect(Object.keys(zone).toSorted()).toEqual(
    ['uuid', 'name', 'description', 'state', 'type', 'createDate', 'lastOpDate'].toSorted(),
  );
  expect(zone).toMatchObject({
    name: 'TestZone',
    description: 'test zone',
    state: 'Enabled',
    type: 'zstack',
  });
  const found = await callApi(world, 'GET', '/zones?q=name=TestZone&q=state=Enabled');
  expect(found.json()).toEqual({ inventories: [zone] });
  const one = await callApi(world, 'GET', `/zones/${zone.uuid}`);
  expect(one.json()).toEqual({ inventories: [zone], inventory: zone });
});

it('honours resourceUuid, once', async () => {
  const wish = uuid();
  expect((await made({ name: 'a', resourceUuid: wish })).uuid).toBe(wish);
  const again = await callApi(world, 'POST', '/zones', { params: { name: 'b', resourceUuid: wish } });
  expect(again.statusCode).toBe(503);
  expect(again.json()).toMatchObject({
    error: { code: 'SYS.1007', details: expect.stringContaining('taken') as string },
  });
});

it('changes name, description, tags and state', async () => {
  const zone = await made({ name: 'TestZone' });
  const path = `/zones/${zone.uuid}/actions`;
  const renamed = await callApi(world, 'PUT', path, {
    updateZone: { name: 'TestZone2', description: 'test second zone' },
    userTags: ['cold'],
  });
  expect(renamed.json()).toMatchObject({ inventory: { name: 'TestZone2', description: 'test second zone' } });
  const tags = await callApi(world, 'GET', `/user-tags?q=resourceUuid=${zone.uuid}`);
  expect(tags.json()).toMatchObject({ inventories: [{ tag: 'cold', resourceType: 'ZoneVO' }] });
  for (const [stateEvent, state] of [
    ['disable', 'Disabled'],
    ['ENABLE', 'Enabled'],
  ] as const) {
    const answer = await callApi(world, 'PUT', path, { changeZoneState: { stateEvent } });
    expect(answer.json()).toMatchObject({ inventory: { name: 'TestZone2', state } });
  }
  const wrong = await callApi(world, 'PUT', path, { changeZoneState: { stateEvent: 'stop' } });
  expect(wrong.json()).toMatchObject({
    error: { code: 'SYS.1007', details: expect.stringContaining('enable') as string },
  });
  const gone = await callApi(world, 'PUT', `/zones/${uuid()}/actions`, { updateZone: { name: 'x' } });
  expect(gone.json()).toMatchObject({ error: { code: 'SYS.1003' } });
});

it('refuses an unknown system tag before it makes anything', async () => {
  const answer = await callApi(world, 'POST', '/zones', {
    params: { name: 'a', systemTags: ['bootMode::uefi'] },
  });
  expect(answer.json()).toMatchObject({
    error: { code: 'SYS.1007', details: expect.stringContaining('is no system tag of ZoneVO') as string },
  });
  expect((await callApi(world, 'GET', '/zones')).json()).toEqual({ inventories: [] });
});

it('deletes a zone with its clusters and their tags; once more is fine', async () => {
  const zone = await made({ name: 'hall' }, { userTags: ['tagged'] });
  const cluster = await callApi(world, 'POST', '/clusters', {
    params: { zoneUuid: zone.uuid, name: 'row', hypervisorType: 'KVM', userTags: ['tagged too'] },
  });
  expect({ status: cluster.statusCode, body: cluster.json<unknown>() }).toMatchObject({ status: 200 });
  const inventories = async (path: string) =>
    (await callApi(world, 'GET', path)).json<{ inventories: unknown[] }>().inventories;
  expect(await inventories('/user-tags')).toHaveLength(2);
  for (const mode of ['', '?deleteMode=Enforcing']) {
    const gone = await callApi(world, 'DELETE', `/zones/${zone.uuid}${mode}`);
    expect([gone.statusCode, gone.json()]).toEqual([200, {}]);
  }
  for (const path of ['/zones', '/clusters', '/user-tags']) expect(await inventories(path)).toEqual([]);
});
