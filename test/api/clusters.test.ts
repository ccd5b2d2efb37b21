import { afterEach, beforeEach, expect, it } from 'vitest';
import { clustersApis } from '../../src/api/routes/clusters.ts';
import { type ApiWorld, callApi, openApi } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

let world: ApiWorld;
let zoneUuid: string;
beforeEach(async () => {
  world = await openApi();
  zoneUuid = (await made('/zones', { name: 'hall' })).uuid;
});
afterEach(async () => {
  await world.close();
});

interface Answer {
  readonly inventory: Readonly<Record<string, unknown>> & { readonly uuid: string };
}
async function made(path: string, params: object): Promise<Answer['inventory']> {
  const answer = await callApi(world, 'POST', path, { params });
  expect({ status: answer.statusCode, body: answer.json<unknown>() }).toMatchObject({ status: 200 });
  return answer.json<Answer>().inventory;
}
const row = (params: object = {}) =>
  made('/clusters', { zoneUuid, name: 'cluster1', description: 'test', hypervisorType: 'KVM', ...params });
const chassis = (params: object = {}) =>
  made('/baremetal/chassis', {
    name: 'node',
    ipmiAddress: '198.51.100.9',
    ipmiUsername: 'ADMIN',
    ipmiPassword: 'canary-bmc',
    ...params,
  });
const clusterOf = (kind: 'chassis' | 'pxeServer', of: string) =>
  world.store.platform.placement.clusterOf(kind, of);

it('lets every session look and administrators change', () => {
  expect(clustersApis.filter(({ method }) => method === 'GET').map(({ access }) => access)).toEqual([
    'session',
    'session',
  ]);
  expect(clustersApis.filter(({ method, access }) => method !== 'GET' && access !== 'admin')).toEqual([]);
});

it('makes a cluster as the manual shows it', async () => {
  const cluster = await row({ type: 'zstack', hypervisorType: 'kvm' });
  expect(cluster).toMatchObject({
    name: 'cluster1',
    description: 'test',
    state: 'Enabled',
    hypervisorType: 'KVM',
    zoneUuid,
    type: 'zstack',
  });
  const found = await callApi(world, 'GET', '/clusters?q=hypervisorType=KVM');
  expect(found.json()).toEqual({ inventories: [cluster] });
});

it.each([
  [{ hypervisorType: 'VMware' }, 'SYS.1007', 'KVM, Simulator'],
  [{ hypervisorType: null }, 'SYS.1007', 'hypervisorType is mandatory'],
  [{ type: 'other' }, 'SYS.1007', 'zstack'],
  [{ zoneUuid: uuid() }, 'SYS.1003', 'QueryZone'],
  [{ zoneUuid: null }, 'SYS.1007', 'zoneUuid is mandatory'],
])('refuses %j', async (change, code, words) => {
  const params = { zoneUuid, name: 'c', hypervisorType: 'KVM', ...change };
  const answer = await callApi(world, 'POST', '/clusters', { params });
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toMatchObject({ error: { code, details: expect.stringContaining(words) as string } });
});

it('changes name and state, and deletes', async () => {
  const cluster = await row();
  const path = `/clusters/${cluster.uuid}/actions`;
  const renamed = await callApi(world, 'PUT', path, { updateCluster: { name: 'cluster2' } });
  expect(renamed.json()).toMatchObject({ inventory: { name: 'cluster2', description: 'test' } });
  const disabled = await callApi(world, 'PUT', path, { changeClusterState: { stateEvent: 'disable' } });
  expect(disabled.json()).toMatchObject({ inventory: { state: 'Disabled', name: 'cluster2' } });
  const gone = await callApi(world, 'DELETE', `/clusters/${cluster.uuid}`);
  expect([gone.statusCode, gone.json()]).toEqual([200, {}]);
  expect((await callApi(world, 'GET', `/clusters/${cluster.uuid}`)).json()).toEqual({ inventories: [] });
});

it('puts chassis and PXE servers into clusters, moves them and takes them out', async () => {
  const [one, two] = [await row(), await row({ name: 'cluster2' })];
  const machine = await chassis({ clusterUuid: one.uuid });
  const server = await made('/baremetal/pxeserver', {
    name: 'pxe',
    dhcpInterface: 'eth0',
    clusterUuid: one.uuid,
  });
  expect(machine['clusterUuid']).toBe(one.uuid);
  expect(server['clusterUuid']).toBe(one.uuid);
  const put = async (path: string, body: object) => {
    const answer = await callApi(world, 'PUT', `${path}/actions`, body);
    expect({ status: answer.statusCode, body: answer.json<unknown>() }).toMatchObject({ status: 200 });
    return answer.json<Answer>().inventory['clusterUuid'];
  };
  const ofChassis = (clusterUuid: string | undefined) =>
    put(`/baremetal/chassis/${machine.uuid}`, { updateBaremetalChassis: { name: 'n', clusterUuid } });
  const ofServer = (clusterUuid: string | undefined) =>
    put(`/baremetal/pxeserver/${server.uuid}`, { updateBaremetalPxeServer: { name: 'n', clusterUuid } });
  for (const set of [ofChassis, ofServer]) {
    expect(await set(two.uuid)).toBe(two.uuid);
    expect(await set(undefined)).toBe(two.uuid);
    expect(await set('')).toBeUndefined();
    expect(await set(two.uuid)).toBe(two.uuid);
    expect(await set('null')).toBeUndefined();
  }
  const members = await callApi(world, 'GET', `/baremetal/chassis?q=clusterUuid=${one.uuid}`);
  expect(members.json()).toEqual({ inventories: [] });
});

it('makes and changes nothing for a cluster that does not exist', async () => {
  const clusterUuid = uuid();
  for (const [path, params] of [
    [
      '/baremetal/chassis',
      { name: 'n', ipmiAddress: '198.51.100.9', ipmiUsername: 'A', ipmiPassword: 'canary-bmc' },
    ],
    ['/baremetal/pxeserver', { name: 'pxe', dhcpInterface: 'eth0' }],
  ] as const) {
    const answer = await callApi(world, 'POST', path, { params: { ...params, clusterUuid } });
    expect(answer.json()).toMatchObject({
      error: { code: 'SYS.1003', details: expect.stringContaining('QueryCluster') as string },
    });
  }
  expect(world.domain.calls).toEqual([]);
});

it('leaves chassis of a deleted cluster in none', async () => {
  const cluster = await row();
  const machine = await chassis({ clusterUuid: cluster.uuid });
  await callApi(world, 'DELETE', `/zones/${zoneUuid}`);
  expect(await clusterOf('chassis', machine.uuid)).toBeUndefined();
  const left = await callApi(world, 'GET', `/baremetal/chassis/${machine.uuid}`);
  expect(left.json()).toMatchObject({ inventories: [{ uuid: machine.uuid }] });
  expect(left.json<Answer>().inventory['clusterUuid']).toBeUndefined();
});
