import { createHash, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminPassword } from '../support/api-world.ts';
import { openPopulated, type PopulatedWorld } from './populated.ts';

let world: PopulatedWorld;
beforeAll(async () => {
  world = await openPopulated();
});
afterAll(() => world.close());

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request with the path sent as it is: the Python SDK does not encode its query strings. */
function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  const { hostname, port } = new URL(world.api.url);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** What both SDKs do after a 202: GET `location` as it came, until it is not 202; anything but 200, 202 and 503 is an error to them. */
async function poll(location: string, headers: Record<string, string>): Promise<Answer> {
  const { pathname } = new URL(location);
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = await send('GET', pathname, headers);
    expect([200, 202, 503]).toContain(answer.status);
    if (answer.status !== 202) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${location} stays 202`);
}

const digest = createHash('sha512').update(adminPassword).digest('hex');

describe('a client that calls as the Java SDK of 2.1', () => {
  const common = (): Record<string, string> => ({
    'Content-Type': 'application/json; charset=utf-8',
    'X-Job-UUID': randomUUID().replaceAll('-', ''),
    'X-JSON-Schema': 'true',
  });
  let session = '';

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { ...common(), Authorization: `OAuth ${session}` };
    const first = await send(method, `/zstack/v1${path}`, headers, body && JSON.stringify(body));
    expect([200, 202]).toContain(first.status);
    if (first.status === 200) return JSON.parse(first.text) as Record<string, unknown>;
    const { location } = JSON.parse(first.text) as { location: string };
    const last = await poll(location, headers);
    return (last.text === '' ? {} : JSON.parse(last.text)) as Record<string, unknown>;
  }

  it('logs in with the hash, creates, queries by q=uuid, updates, deletes and logs out', async () => {
    const login = await send(
      'PUT',
      '/zstack/v1/accounts/login',
      common(),
      JSON.stringify({ logInByAccount: { accountName: 'admin', password: digest }, systemTags: [] }),
    );
    session = (JSON.parse(login.text) as { inventory: { uuid: string } }).inventory.uuid;
    const created = await call('POST', '/baremetal/chassis', {
      params: {
        name: 'sdk',
        ipmiAddress: '192.0.2.61',
        ipmiPort: '623',
        ipmiUsername: 'root',
        ipmiPassword: 'calvin',
        systemTags: [],
        userTags: ['from the sdk'],
      },
    });
    const { uuid } = created['inventory'] as { uuid: string };
    // Its sort parameter is +null whenever only a direction was set, and its lists are asked by q=uuid=.
    const found = await call(
      'GET',
      `/baremetal/chassis?q=uuid%3D${uuid}&limit=1000&start=0&count=false&sort=%2Bnull`,
    );
    expect(found).toMatchObject({ inventories: [{ uuid, ipmiPort: '623', status: 'Unprovisioned' }] });
    const tags = await call('GET', `/user-tags?q=resourceUuid%3D${uuid}`);
    expect(tags).toMatchObject({ inventories: [{ tag: 'from the sdk', type: 'User' }] });
    const renamed = await call('PUT', `/baremetal/chassis/${uuid}/actions`, {
      updateBaremetalChassis: { name: 'renamed' },
      systemTags: [],
      userTags: [],
    });
    expect(renamed).toMatchObject({ inventory: { uuid, name: 'renamed' } });
    expect(await call('DELETE', `/baremetal/chassis/${uuid}?deleteMode=Permissive`)).toEqual({});
    expect(await call('GET', `/baremetal/chassis/${uuid}`)).toEqual({ inventories: [] });
    const out = await send('DELETE', `/zstack/v1/accounts/sessions/${session}`, common());
    expect(out.status).toBe(200);
  });

  it('gets the real error through the job, with 503 and code, description, details', async () => {
    session = world.session;
    const answer = await call('PUT', `/baremetal/chassis/${'0'.repeat(32)}/actions`, {
      powerOnBaremetalHost: {},
    });
    expect(answer).toEqual({
      error: { code: 'BAREMETAL.1010', description: expect.any(String), details: expect.any(String) },
    });
  });

  it('never meets a schema member, which would make its enums fail', async () => {
    session = world.session;
    expect(Object.keys(await call('GET', '/baremetal/pxeserver'))).toEqual(['inventories']);
  });
});

describe('a client that calls as the Python SDK of 2.1', () => {
  it('sends everything in query strings, unencoded, and path variables in the body too', async () => {
    const headers = { Authorization: `OAuth ${world.session}`, webhook: 'http://192.0.2.1/never' };
    const { chassis, zone } = world.uuids;
    const list = await send(
      'GET',
      `/v1/baremetal/chassis?q=name~=c%&q=status=Unprovisioned&sessionId=${world.session}&uuid=${chassis}&limit=1`,
      headers,
    );
    expect([list.status, list.text]).toEqual([200, expect.stringContaining('"inventories"')]);
    const body = {
      params: {},
      changeZoneState: { uuid: zone, stateEvent: 'disable', sessionId: world.session },
    };
    const first = await send('PUT', `/v1/zones/${zone}/actions`, headers, JSON.stringify(body));
    expect(first.status).toBe(202);
    const last = await poll((JSON.parse(first.text) as { location: string }).location, headers);
    expect(JSON.parse(last.text)).toMatchObject({ inventory: { uuid: zone, state: 'Disabled' } });
    const gone = await send(
      'DELETE',
      `/v1/zones/${zone}?sessionId=${world.session}&uuid=${zone}&deleteMode=Enforcing&timeout=1`,
      headers,
    );
    expect(gone.status).toBe(202);
    await poll((JSON.parse(gone.text) as { location: string }).location, headers);
  });
});
