import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createWebHooks } from '../../src/api/zstack/webhook.ts';
import { systemClock } from '../../src/base/clock.ts';
import { keepingLog } from '../support/api-doubles.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { openApi } from '../support/api-world.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly method: string | undefined;
}

/** A hook consumer on a free port; `statuses` are its answers in turn, then 200. */
async function hookServer(statuses: number[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ headers: request.headers, body, method: request.method });
      response.writeHead(statuses.shift() ?? 200, { location: 'http://127.0.0.1:1/' }).end('thanks');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}/callback?x=1`, close: () => server.close() };
}

const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !done(); tries += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
};

const jobUuid = 'D825B1A26F4E474B8C59306081920FF2';
let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
  seedRows(world.domain.rows);
});
afterEach(() => world.api.close());

const power = (hook: string, headers: Record<string, string> = {}) =>
  world.api.inject({
    method: 'PUT',
    url: `/v1/baremetal/chassis/${existing.chassis}/actions`,
    payload: { powerStatusBaremetalHost: {} },
    headers: { authorization: world.authorization, 'x-web-hook': hook, ...headers },
  });

it('delivers a result with the uuid as the caller wrote it', async () => {
  const hook = await hookServer([]);
  expect((await power(hook.url, { 'x-job-uuid': jobUuid })).statusCode).toBe(202);
  await until(() => hook.received.length > 0);
  expect(hook.received[0]).toMatchObject({
    method: 'POST',
    body: '{"status":"ON"}',
    headers: {
      'x-job-uuid': jobUuid,
      'x-job-success': 'true',
      'content-type': 'application/json; charset=utf-8',
    },
  });
  hook.close();
});

it('delivers a failure, retries what is not 2xx (redirects too) and stops after its tries', async () => {
  const { ProvisionError } = await import('../../src/provision/index.ts');
  world.domain.fail = new ProvisionError('bmc-failed', 'the BMC did not answer');
  const hook = await hookServer([500, 302, 204]);
  await power(hook.url);
  await until(() => hook.received.length >= 3);
  expect(hook.received.map(({ headers }) => headers['x-job-success'])).toEqual(['false', 'false', 'false']);
  expect(JSON.parse(hook.received[2]?.body ?? '')).toMatchObject({ error: { code: 'SYS.1006' } });
  const dead = await hookServer([500, 500, 500, 500, 500]);
  await power(dead.url);
  await until(() => world.log.lines.some((line) => line.includes('given up')));
  await new Promise((resolve) => {
    setTimeout(resolve, 60);
  });
  expect([hook.received.length, dead.received.length]).toEqual([3, 3]);
  hook.close();
  dead.close();
});

it('leaves a job pollable when nobody listens', async () => {
  const answer = await power('http://127.0.0.1:9/', { 'x-job-uuid': jobUuid });
  expect(answer.statusCode).toBe(202);
  await until(() => world.log.lines.some((line) => line.includes('given up')));
  expect((await world.api.inject({ url: `/v1/api-jobs/${jobUuid}` })).json()).toEqual({ status: 'ON' });
});

it.each([
  'ftp://127.0.0.1/',
  'file:///etc/passwd',
  'nonsense',
  'http://user:pw@127.0.0.1/',
  '',
  'gopher://x',
])('refuses %j with 400 and runs nothing', async (url) => {
  const answer = await power(url);
  expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('X-Web-Hook')]);
  expect(world.domain.calls).toEqual([]);
});

it('is not aimed at anybody by a caller without a session', async () => {
  const hook = await hookServer([]);
  await power(hook.url, { authorization: `OAuth ${'0'.repeat(32)}` });
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  expect(hook.received).toEqual([]);
  hook.close();
});

it('holds at most 1000 deliveries', async () => {
  const log = keepingLog();
  // Nothing is sent before the next turn of the event loop, so all are pending.
  const hooks = createWebHooks({ clock: systemClock, log }, { tries: 1, intervalMs: 1 });
  for (let i = 0; i < 1003; i += 1) {
    hooks.send({ url: 'http://127.0.0.1:9/', jobUuid, success: true, body: '{}' });
  }
  hooks.close();
  expect(log.lines.filter((line) => line.includes('dropped')).length).toBe(3);
});
