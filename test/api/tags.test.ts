import { afterEach, beforeEach, expect, it } from 'vitest';
import { tagsApis } from '../../src/api/routes/tags.ts';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

let world: ApiWorld;
let chassisUuid: string;
beforeEach(async () => {
  world = await openApi();
  chassisUuid = (await made('/baremetal/chassis', chassis)).uuid;
});
afterEach(async () => {
  await world.close();
});

interface Tag {
  readonly uuid: string;
  readonly tag: string;
}
const chassis = {
  name: 'node',
  ipmiAddress: '198.51.100.9',
  ipmiUsername: 'ADMIN',
  ipmiPassword: 'canary-bmc',
};
async function made(path: string, params: object, top: object = {}): Promise<{ uuid: string }> {
  const answer = await callApi(world, 'POST', path, { params, ...top });
  expect({ status: answer.statusCode, body: answer.json<unknown>() }).toMatchObject({ status: 200 });
  return answer.json<{ inventory: { uuid: string } }>().inventory;
}
const create = (kind: 'system' | 'user', tag: string, resourceUuid = chassisUuid) =>
  callApi(world, 'POST', `/${kind}-tags`, {
    params: { resourceType: 'BaremetalChassisVO', resourceUuid, tag },
    systemTags: [],
    userTags: [],
  });
const tagsOf = async (kind: 'system' | 'user', resourceUuid: string): Promise<string[]> => {
  const answer = await callApi(world, 'GET', `/${kind}-tags?q=resourceUuid=${resourceUuid}`);
  return answer.json<{ inventories: Tag[] }>().inventories.map(({ tag }) => tag);
};

it('lets every session look and administrators change', () => {
  expect(tagsApis.filter(({ method, access }) => (method === 'GET') !== (access === 'session'))).toEqual([]);
  expect(tagsApis).toHaveLength(8);
});

it('makes, changes and deletes a system tag as the manual shows it', async () => {
  const answer = await create('system', 'bootMode::uefi');
  const { inventory } = answer.json<{ inventory: Tag }>();
  expect(inventory).toMatchObject({
    inherent: false,
    resourceType: 'BaremetalChassisVO',
    resourceUuid: chassisUuid,
    tag: 'bootMode::uefi',
    type: 'System',
  });
  const found = await callApi(
    world,
    'GET',
    '/system-tags?q=inherent=false&q=resourceType=BaremetalChassisVO',
  );
  expect(found.json()).toEqual({ inventories: [inventory] });
  const changed = await callApi(world, 'PUT', `/system-tags/${inventory.uuid}/actions`, {
    updateSystemTag: { tag: 'bootMode::legacy' },
  });
  expect(changed.json()).toMatchObject({ inventory: { uuid: inventory.uuid, tag: 'bootMode::legacy' } });
  for (const body of [undefined, { deleteMode: 'Permissive' }]) {
    const gone = await callApi(world, 'DELETE', `/tags/${inventory.uuid}`, body);
    expect([gone.statusCode, gone.json()]).toEqual([200, {}]);
  }
  expect(await tagsOf('system', chassisUuid)).toEqual([]);
});

it('makes a user tag as the manual shows it', async () => {
  const { inventory } = (await create('user', 'for-large-DB')).json<{ inventory: Tag }>();
  expect(inventory).toMatchObject({ tag: 'for-large-DB', type: 'User', resourceType: 'BaremetalChassisVO' });
  expect(inventory).not.toHaveProperty('inherent');
  const found = await callApi(
    world,
    'GET',
    '/user-tags?q=resourceType=BaremetalChassisVO&q=tag=for-large-DB',
  );
  expect(found.json()).toEqual({ inventories: [inventory] });
  expect((await callApi(world, 'GET', `/system-tags/${inventory.uuid}`)).json()).toEqual({ inventories: [] });
});

it('tells each refusal by its code', async () => {
  const error = (answer: Awaited<ReturnType<typeof callApi>>) => {
    expect(answer.statusCode).toBe(503);
    return answer.json<{ error: { code: string; details: string } }>().error;
  };
  expect(error(await create('system', 'for-large-DB'))).toMatchObject({
    code: 'SYS.1007',
    details: expect.stringMatching(/bootMac::\{mac\}; bootMode::legacy\|uefi/) as string,
  });
  await create('user', 'twice');
  expect(error(await create('user', 'twice')).code).toBe('TAG.1000');
  expect(error(await create('user', 'x', uuid())).code).toBe('SYS.1003');
  expect(error(await create('user', 'x'.repeat(2049))).code).toBe('SYS.1007');
  const type = { resourceType: 'DiskOfferingVO', resourceUuid: chassisUuid, tag: 'for-large-DB' };
  expect(error(await callApi(world, 'POST', '/user-tags', { params: type })).details).toContain('ZoneVO');
  const none = await callApi(world, 'PUT', `/system-tags/${uuid()}/actions`, {
    updateSystemTag: { tag: 'bootMode::uefi' },
  });
  expect(error(none).code).toBe('SYS.1003');
});

it('attaches the tags of creates, from the top level and from inside the parameters', async () => {
  const top = await made(
    '/baremetal/chassis',
    { ...chassis, ipmiPort: '624' },
    { systemTags: ['skipIpmiCheck::true', 'bootMode::uefi'], userTags: ['rack 7'] },
  );
  expect(await tagsOf('system', top.uuid)).toEqual(['bootMode::uefi']);
  expect(await tagsOf('user', top.uuid)).toEqual(['rack 7']);
  const server = await made('/baremetal/pxeserver', {
    name: 'p',
    dhcpInterface: 'eth0',
    userTags: ['inside'],
  });
  expect(await tagsOf('user', server.uuid)).toEqual(['inside']);
  const cfg = await made('/baremetal/hostcfg', { chassisUuid, cfgItems: {}, userTags: ['once'] });
  expect(await tagsOf('user', cfg.uuid)).toEqual(['once']);
  const update = {
    updateBaremetalChassis: { name: 'n', systemTags: ['bootMode::legacy'], userTags: ['rack 8'] },
  };
  await callApi(world, 'PUT', `/baremetal/chassis/${top.uuid}/actions`, update);
  expect(await tagsOf('system', top.uuid)).toEqual(['bootMode::legacy']);
  expect((await tagsOf('user', top.uuid)).toSorted()).toEqual(['rack 7', 'rack 8']);
  await callApi(world, 'DELETE', `/baremetal/chassis/${chassisUuid}`);
  expect(await tagsOf('user', cfg.uuid)).toEqual([]);
});

it('makes nothing when a tag that came along is unknown', async () => {
  const before = world.domain.calls.length;
  for (const [path, params] of [
    ['/baremetal/chassis', { ...chassis, ipmiPort: '625' }],
    ['/baremetal/pxeserver', { name: 'p', dhcpInterface: 'eth0' }],
    ['/baremetal/hostcfg', { chassisUuid, cfgItems: {} }],
  ] as const) {
    const answer = await callApi(world, 'POST', path, { params, systemTags: ['usbRedirect::true'] });
    expect(answer.json()).toMatchObject({ error: { code: 'SYS.1007' } });
  }
  expect(world.domain.calls).toHaveLength(before);
});
