import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/index.ts';
import { jobLocation } from '../../src/api/zstack/location.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, openApi } from '../support/api-world.ts';
import { needTools } from '../support/need.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await openApi();
});
afterAll(() => world.close());
beforeEach(() => seedRows(world));

/** Sends bytes as they are and answers everything up to the end of the connection. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.api.port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setTimeout(5000, () => socket.destroy(new Error('no end')));
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

const errorOf = (text: string): { code: string; description: string; details: string } => {
  const { error } = JSON.parse(text) as { error: { code: string; description: string; details: string } };
  expect(Object.keys(error)).toEqual(['code', 'description', 'details']);
  return error;
};

describe('faults of the request itself', () => {
  const send = (init: {
    method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS';
    url?: string;
    payload?: string;
    headers?: Record<string, string>;
  }) =>
    world.api.inject({
      method: 'POST',
      url: '/v1/baremetal/chassis',
      ...init,
      headers: { authorization: world.authorization, ...init.headers },
    });

  it.each(['{', 'x', '{"params":', "{'params':{}}", '[]', '5', '"x"', '{}}', '\u0000', '[['.repeat(50_000)])(
    'the body %j is a 400',
    async (payload) => {
      const answer = await send({ payload });
      expect(answer.statusCode).toBe(400);
      expect(errorOf(answer.body).code).toBe('SYS.1015');
    },
  );

  it('a bad body does not come back in the error', async () => {
    const answer = await send({ payload: '{"params":{"ipmiPassword":"Canary-in-broken-json"' });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain('Canary');
  });

  it('a body over the limit is a 413, one just below is read', async () => {
    const padded = (length: number): string => JSON.stringify({ pad: 'x'.repeat(length - 10) });
    const over = await send({ payload: padded(1_048_577) });
    expect([over.statusCode, errorOf(over.body).code]).toEqual([413, 'SYS.1015']);
    expect((await send({ payload: padded(1_048_000) })).statusCode).toBe(202);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'nonsense',
    '',
    'application/json;charset=UTF-8',
  ])('content type %j does not matter', async (type) => {
    const payload = JSON.stringify({ params: { name: 'a' } });
    expect((await send({ payload, headers: { 'content-type': type } })).statusCode).toBe(202);
  });

  it.each([
    '/',
    '/v1',
    '/zstack',
    '/v1/no-such-things',
    '/v2/baremetal/chassis',
    '/v1/baremetal/chassis/a/b/c',
    '/v1/..%2fetc%2fpasswd',
  ])('the path %s is a 404 that names it', async (url) => {
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
      const answer = await send({ url, method, ...(method === 'POST' ? { payload: '{' } : {}) });
      expect([answer.statusCode, errorOf(answer.body)]).toEqual([
        404,
        {
          code: 'SYS.1009',
          description: 'no such API',
          details: expect.stringContaining(`${method} ${url}`),
        },
      ]);
    }
  });

  it.each([
    ['DELETE', '/v1/baremetal/chassis', 'GET, POST'],
    ['PATCH', '/zstack/v1/baremetal/chassis/x', 'DELETE, GET'],
    ['POST', '/v1/baremetal/chassis/x/actions', 'PUT'],
    ['GET', '/v1/baremetal/pxeserver/x/actions', 'PUT'],
    ['OPTIONS', '/v1/baremetal/hostcfg/', 'GET, POST'],
    ['PUT', '/health', 'GET'],
  ] as const)('%s %s is a 405', async (method, url, allow) => {
    const answer = await send({ method, url });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, allow]);
    expect(errorOf(answer.body).details).toContain(allow);
  });

  it('HEAD is a 405 without a body', async () => {
    const answer = await raw(`HEAD /v1/baremetal/chassis HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\n\r\n$/);
  });

  it('verbs nobody has heard of, broken URLs and long ones are JSON too', async () => {
    for (const line of ['PROPFIND /v1/baremetal/chassis', 'GET /v1/baremetal/chassis/%zz', 'QUERY /v1/x']) {
      const answer = await raw(`${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 (?:400|404|405) /);
      errorOf(answer.slice(answer.indexOf('\r\n\r\n') + 4));
    }
    const long = await send({ method: 'GET', url: `/v1/baremetal/chassis/${'x'.repeat(600)}` });
    expect([long.statusCode, errorOf(long.body).code]).toEqual([400, 'SYS.1015']);
  });

  it('bytes that are not HTTP, and headers without end, are answered in JSON and hung up on', async () => {
    const noise = await raw('\u0016\u0003\u0001 hello\r\n\r\n');
    expect(noise).toMatch(/^HTTP\/1\.1 400 /);
    errorOf(noise.slice(noise.indexOf('\r\n\r\n') + 4));
    const heavy = await raw(`GET /health HTTP/1.1\r\nHost: a\r\nX-Pad: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(heavy).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('a request without Host gets a location on the address it came in on', async () => {
    const body = '{"powerOnBaremetalHost":{}}';
    const answer = await raw(
      `PUT /v1/baremetal/chassis/${existing.chassis}/actions HTTP/1.0\r\nAuthorization: ${world.authorization}\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toContain(`"location":"http://127.0.0.1:${world.api.port}/v1/api-jobs/`);
  });

  it('health and readiness need no session', async () => {
    expect((await world.api.inject({ url: '/health' })).json()).toEqual({ ok: true });
    expect((await world.api.inject({ url: '/v1/management-nodes/ready' })).body).toBe('{}');
  });
});

describe('location', () => {
  const base = { publicUrl: undefined, listenHost: '10.0.0.1:8080', prefix: '/zstack/v1', jobUuid: 'j' };
  it.each([
    [undefined, 'rack:8080', 'http://rack:8080/zstack/v1/api-jobs/j'],
    [undefined, '[2001:db8::1]:80', 'http://[2001:db8::1]:80/zstack/v1/api-jobs/j'],
    [undefined, undefined, 'http://10.0.0.1:8080/zstack/v1/api-jobs/j'],
    [undefined, 'evil/../x', 'http://10.0.0.1:8080/zstack/v1/api-jobs/j'],
    [undefined, 'user@evil', 'http://10.0.0.1:8080/zstack/v1/api-jobs/j'],
    [undefined, 'a b', 'http://10.0.0.1:8080/zstack/v1/api-jobs/j'],
    [undefined, '"><script>', 'http://10.0.0.1:8080/zstack/v1/api-jobs/j'],
    ['https://api.example', 'rack', 'https://api.example/zstack/v1/api-jobs/j'],
    ['https://api.example/rw', 'rack', 'https://api.example/rw/v1/api-jobs/j'],
  ])('of public URL %j and Host %j', (publicUrl, hostHeader, location) => {
    expect(jobLocation({ ...base, publicUrl, hostHeader })).toBe(location);
  });
});

describe('closing', () => {
  it('hangs up at once on connections without a request, and refuses new ones', async () => {
    const { api } = await openApi();
    const [fresh, used] = [connect(api.port, '127.0.0.1'), connect(api.port, '127.0.0.1')];
    const gone = [fresh, used].map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('error', () => {});
          socket.once('close', () => resolve());
        }),
    );
    await new Promise((resolve) => {
      used.once('data', resolve);
      used.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
    });
    const begin = Date.now();
    await Promise.all([api.close(), ...gone]);
    expect(Date.now() - begin).toBeLessThan(2000);
    await expect(fetch(`${api.url}/health`)).rejects.toThrow('fetch failed');
  });
});

describe('options', () => {
  it.each([
    [{ publicUrl: 'ftp://x' }, 'bad-option'],
    [{ publicUrl: 'nonsense' }, 'bad-option'],
    [{ timeZone: 'Mars/Olympus' }, 'bad-option'],
    [{ passwordCost: 40 }, 'bad-option'],
    [{ address: '192.0.2.77' }, 'listen-failed'],
  ])('%j are refused as %s', async (options, code) => {
    await expect(openApi(options)).rejects.toMatchObject({ code });
  });

  it('a port that is in use is refused with its number', async () => {
    const { port } = world.api;
    await expect(openApi({ port })).rejects.toMatchObject({ message: expect.stringContaining(String(port)) });
    expect(createApi).toBeTypeOf('function');
  });

  it('revealed passwords leave an audit entry with the account and the rows', async () => {
    const open = await openApi({ revealSecrets: true });
    await seedRows(open);
    const get = (url: string) =>
      open.api.inject({ url: `/v1${url}`, headers: { authorization: open.authorization } });
    expect((await get('/baremetal/chassis')).json()).toMatchObject({
      inventories: [{ ipmiPassword: 'kept-out' }],
    });
    expect((await get('/audits?q=api=RevealSecrets')).json()).toMatchObject({
      inventories: [
        {
          accountName: 'admin',
          remoteAddress: '127.0.0.1',
          resourceUuid: existing.chassis,
          outcome: 'Succeeded',
        },
      ],
    });
    await open.close();
  });
});

describe.skipIf(!needTools({ tool: 'curl', package: 'curl' }))('curl', () => {
  const curl = (...args: string[]): Promise<{ status: number; json: Record<string, unknown> }> =>
    new Promise((resolve, reject) => {
      const child = spawn('curl', ['-sS', '--max-time', '10', '-w', '\n%{http_code}', ...args]);
      let out = '';
      child.stdout.on('data', (chunk) => (out += String(chunk)));
      child.on('error', reject);
      child.on('close', () => {
        const lines = out.trimEnd().split('\n');
        const status = Number(lines.pop());
        resolve({ status, json: JSON.parse(lines.join('\n') || '{}') as Record<string, unknown> });
      });
    });
  const json = ['-H', 'Content-Type: application/json;charset=UTF-8'];

  it('logs in, creates, follows the location it was given, lists and deletes, as the manual shows', async () => {
    const base = `${world.api.url}/zstack/v1`;
    const follow = async (location: unknown) => {
      for (;;) {
        const answer = await curl(String(location));
        if (answer.status !== 202) return answer;
      }
    };
    const body = { logInByAccount: { accountName: 'admin', password: adminPassword } };
    const login = await curl(...json, '-X', 'PUT', '-d', JSON.stringify(body), `${base}/accounts/login`);
    const session = (login.json['inventory'] as { uuid: string }).uuid;
    const auth = ['-H', `Authorization: OAuth ${session}`];

    const ipmi = { ipmiAddress: '192.0.2.7', ipmiUsername: 'root', ipmiPassword: 'calvin-calvin' };
    const params = JSON.stringify({ params: { name: 'from curl', ...ipmi } });
    const created = await curl(...json, ...auth, '-X', 'POST', '-d', params, `${base}/baremetal/chassis`);
    expect(created.status).toBe(202);
    const done = await follow(created.json['location']);
    expect(done).toMatchObject({ status: 200, json: { inventory: { name: 'from curl', ipmiPort: '623' } } });

    const query = ['-G', '--data-urlencode', 'q=name=from curl', '--data-urlencode', 'sort=+name'];
    const list = await curl(...auth, ...query, `${base}/baremetal/chassis`);
    const [row] = list.json['inventories'] as Array<{ uuid: string; name: string }>;
    expect([row?.name, (list.json['inventories'] as unknown[]).length]).toEqual(['from curl', 1]);

    const gone = await curl(
      ...auth,
      '-X',
      'DELETE',
      `${base}/baremetal/chassis/${row?.uuid}?deleteMode=Enforcing`,
    );
    expect(await follow(gone.json['location'])).toEqual({ status: 200, json: {} });
    const out = await curl('-X', 'DELETE', `${base}/accounts/sessions/${session}`);
    expect(out).toEqual({ status: 200, json: {} });
  });
});
