import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { host, savePlace, vm } from '../support/fake-kvm-records.ts';
import { newAccount } from '../support/api-identities.ts';
import { type ApiWorld, callApi, openApi, pollJob } from '../support/api-world.ts';

let world: ApiWorld;
let vmUuid: string;
beforeEach(async () => {
  world = await openApi();
  const { clusterUuid } = await savePlace(world.store);
  const machine = host(clusterUuid);
  const guest = vm(machine);
  await world.store.kvm.saveHost(machine);
  await world.store.kvm.saveVm(guest);
  vmUuid = guest.uuid;
});
afterEach(() => world.close());

async function askAs(session: string) {
  const answer = await world.api.inject({
    method: 'POST',
    url: '/v1/consoles',
    headers: { authorization: `OAuth ${session}`, host: 'rack.example:8080' },
    payload: { params: { vmInstanceUuid: vmUuid } },
  });
  return (await pollJob(world.api, answer.json<{ location: string }>().location)).json<{
    inventory?: Record<string, unknown>;
    error?: { code: string };
  }>();
}

describe('RequestConsoleAccess', () => {
  it('answers where a plain VNC viewer finds the screen, and the page', async () => {
    const { inventory } = await askAs(world.session);
    expect(inventory).toMatchObject({
      scheme: 'http',
      hostname: 'rack.example',
      port: 8080,
      token: expect.stringMatching(/^[0-9a-f]{64}$/),
      url: expect.stringMatching(/^http:\/\/rack\.example:8080\/console\/#[0-9a-f]{64}$/),
    });
    expect(world.consoles.callers[0]).toMatchObject({ name: 'admin', mayAct: true, mayPower: true });
  });

  it('has no token for a VM without a screen', async () => {
    world.consoles.hasScreen = false;
    const { inventory } = await askAs(world.session);
    expect([inventory?.['token'], typeof inventory?.['url']]).toEqual([undefined, 'string']);
  });

  it('is for accounts that see the VM, which may type and not switch it', async () => {
    const guest = await newAccount(world, 'guest');
    expect((await askAs(guest.session)).error?.code).toBe('SYS.1003');
    const share = { resourceUuids: [vmUuid], accountUuids: [guest.uuid] };
    await callApi(world, 'PUT', '/accounts/resources/actions', { shareResource: share });
    expect((await askAs(guest.session)).inventory).toBeDefined();
    expect(world.consoles.callers.at(-1)).toMatchObject({ name: 'guest', mayAct: true, mayPower: false });
    await callApi(world, 'PUT', '/accounts/resources/actions', { revokeResourceSharing: share });
    expect(world.consoles.calls).toContainEqual(['revokeUnseen', [vmUuid]]);
    expect((await askAs(guest.session)).error?.code).toBe('SYS.1003');
  });
});

describe('taking shares back', () => {
  it('ends consoles of those who lost the VM, not of others who share it or see all', async () => {
    const [loser, keeper] = [await newAccount(world, 'loser'), await newAccount(world, 'keeper')];
    const admin = await newAccount(world, 'second-admin', 'SystemAdmin');
    const all = [loser, keeper, admin].map(({ uuid }) => uuid);
    const share = (accountUuids: readonly string[]) => ({ resourceUuids: [vmUuid], accountUuids });
    const change = (body: object) => callApi(world, 'PUT', '/accounts/resources/actions', body);
    const stay = () => Promise.all(all.map(async (uuid) => world.consoles.maySee?.(uuid)));
    await change({ shareResource: share(all) });
    await change({ revokeResourceSharing: share([loser.uuid, admin.uuid]) });
    expect(await stay()).toEqual([false, true, true]);
    await change({ revokeResourceSharing: { resourceUuids: [vmUuid], all: true } });
    expect(await stay()).toEqual([false, false, true]);
    expect(world.consoles.calls).toContainEqual(['revokeUnseen', [vmUuid]]);
  });
});

describe('a right that is taken while a link is made', () => {
  it('takes the link with it', async () => {
    const guest = await newAccount(world, 'guest');
    const share = { resourceUuids: [vmUuid], accountUuids: [guest.uuid] };
    await callApi(world, 'PUT', '/accounts/resources/actions', { shareResource: share });
    world.consoles.meanwhile = () => world.store.accounts.revoke([vmUuid], [guest.uuid]);
    expect((await askAs(guest.session)).error?.code).toBe('SYS.1003');
    expect(world.consoles.calls.at(-1)).toEqual(['revokeUnseen', [vmUuid]]);
  });
});

describe('records', () => {
  it('go with the VM', async () => {
    await callApi(world, 'DELETE', `/vm-instances/${vmUuid}?deleteMode=Enforcing`);
    expect(world.consoles.calls).toContainEqual(['forget', 'vm', vmUuid]);
  });

  it('of VMs are for those who see them', async () => {
    world.consoles.recorded = [Buffer.from('one '), Buffer.from('two')];
    const path = `/vm-instances/${vmUuid}/console/log?from=7`;
    expect((await callApi(world, 'GET', path)).body).toBe('one two');
    expect(world.consoles.calls.at(-1)).toEqual(['log', 'vm', vmUuid, 7]);
    const { session } = await newAccount(world, 'guest');
    const refused = await world.api.inject({
      url: `/v1${path}`,
      headers: { authorization: `OAuth ${session}` },
    });
    expect(refused.json()).toMatchObject({ error: { code: 'SYS.1003' } });
  });
});

describe('console proxy agents', () => {
  const agents = async (query = '') =>
    (await callApi(world, 'GET', `/consoles/agents${query}`)).json<{
      inventories: Record<string, string>[];
    }>().inventories;

  it('are this server alone', async () => {
    const [agent, ...others] = await agents();
    expect([agent, others]).toMatchObject([
      { type: 'ManagementServerConsoleProxy', state: 'Enabled', status: 'Connected' },
      [],
    ]);
    const uuid = agent?.['uuid'] ?? '';
    expect(await agents(`?q=uuid=${uuid}`)).toHaveLength(1);
    expect(await agents(`?q=uuid!=${uuid}`)).toEqual([]);
    expect(await agents(`?q=state?=Disabled,Enabled&fields=uuid`)).toEqual([{ uuid }]);
    expect((await callApi(world, 'GET', '/consoles/agents?q=nonsense=1')).json()).toMatchObject({
      error: { code: 'SYS.1007' },
    });
    const stranger = 'f'.repeat(32);
    const answer = await callApi(world, 'PUT', '/consoles/agents', {
      params: { agentUuids: [uuid, stranger] },
    });
    expect(answer.json()).toEqual({ inventory: { [uuid]: true, [stranger]: false } });
  });
});

describe('the page', () => {
  it('says how it is built when it is not', async () => {
    const answer = await world.api.inject({ url: '/console/' });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([503, 'text/plain; charset=utf-8']);
    expect(answer.body).toContain('npm run build:web');
  });

  it('is served with its files, and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rackwright-page-'));
    await writeFile(join(folder, 'index.html'), '<!doctype html>');
    await writeFile(join(folder, 'console-0123456789ab.js'), 'export {};');
    await writeFile(join(folder, 'notes.map'), 'secret');
    await world.close();
    world = await openApi({}, systemClock, { consolePage: folder });
    await rm(folder, { recursive: true });
    const get = (url: string, headers = {}) =>
      world.api.inject({ url, headers: { host: 'rack.example:8080', ...headers } });
    for (const prefix of ['/console', '/zstack/console']) {
      const page = await get(`${prefix}/`);
      expect([page.statusCode, page.body, page.headers['cache-control']]).toEqual([
        200,
        '<!doctype html>',
        'no-cache',
      ]);
      expect(page.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringMatching(
          /^default-src 'self'; connect-src 'self' ws:\/\/rack\.example:8080; .*frame-ancestors 'none'/,
        ),
      });
      const again = await get(`${prefix}/`, { 'if-none-match': String(page.headers.etag) });
      expect([again.statusCode, again.body]).toEqual([304, '']);
      const script = await get(`${prefix}/console-0123456789ab.js`);
      expect([script.headers['content-type'], script.headers['cache-control']]).toEqual([
        'text/javascript; charset=utf-8',
        'public, max-age=31536000, immutable',
      ]);
      expect((await get(prefix)).headers.location).toBe('console/');
    }
    const head = await world.api.inject({ method: 'HEAD', url: '/console/' });
    expect(head.statusCode).toBe(200);
    for (const path of ['notes.map', '../package.json', '..%2fpackage.json', 'index.html/x']) {
      expect([path, (await get(`/console/${path}`)).statusCode]).toEqual([path, 404]);
    }
  });
});
