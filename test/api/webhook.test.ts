import { afterEach, beforeEach, expect, it } from 'vitest';
import { ProvisionError } from '../../src/provision/index.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { openApi } from '../support/api-world.ts';
import { hookReceiver } from '../support/hook-receiver.ts';

const until = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never happened: ${what}`);
};

const jobUuid = 'D825B1A26F4E474B8C59306081920FF2';
let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
  await seedRows(world);
});
afterEach(() => world.close());

const power = (hook: string, headers: Record<string, string> = {}) =>
  world.api.inject({
    method: 'PUT',
    url: `/v1/baremetal/chassis/${existing.chassis}/actions`,
    payload: { powerStatusBaremetalHost: {} },
    headers: { authorization: world.authorization, 'x-web-hook': hook, ...headers },
  });

it('delivers a result with the uuid as the caller wrote it, once', async () => {
  const hook = await hookReceiver([]);
  expect((await power(hook.url, { 'x-job-uuid': jobUuid })).statusCode).toBe(202);
  await until('the delivery', () => hook.received.length > 0);
  expect(hook.received[0]).toMatchObject({
    method: 'POST',
    body: '{"status":"ON"}',
    headers: {
      'x-job-uuid': jobUuid,
      'x-job-success': 'true',
      'content-type': 'application/json; charset=utf-8',
    },
  });
  await until('its end', async () => (await world.store.webHooks.countHooks()) === 0);
  expect(hook.received.length).toBe(1);
  hook.close();
});

it('is stored with its job before the 202, and gets the uuid of a job that has none from its caller', async () => {
  const hook = await hookReceiver([]);
  let release = (): void => {};
  world.domain.hold = new Promise((resolve) => {
    release = resolve;
  });
  const { location } = (await power(hook.url)).json<{ location: string }>();
  const uuid = location.slice(-32);
  expect([await world.store.webHooks.countHooks(), await world.store.webHooks.nextDue(0)]).toEqual([
    1,
    undefined,
  ]);
  release();
  await until('the delivery', () => hook.received.length > 0);
  expect(hook.received[0]?.headers['x-job-uuid']).toBe(uuid);
  hook.close();
});

it('delivers a failure, and tries again on what is not 2xx, redirects too', async () => {
  world.domain.fail = new ProvisionError('bmc-failed', 'the BMC did not answer');
  const hook = await hookReceiver([500, 302, 204]);
  await power(hook.url);
  await until('three posts', () => hook.received.length >= 3);
  expect(hook.received.map(({ headers }) => headers['x-job-success'])).toEqual(['false', 'false', 'false']);
  expect(JSON.parse(hook.received[2]?.body ?? '')).toMatchObject({ error: { code: 'SYS.1006' } });
  await until('its end', async () => (await world.store.webHooks.countHooks()) === 0);
  expect(hook.received.length).toBe(3);
  hook.close();
});

it('leaves a job pollable when nobody listens', async () => {
  const answer = await power('http://127.0.0.1:9/', { 'x-job-uuid': jobUuid });
  expect(answer.statusCode).toBe(202);
  await until('a failed try', () => world.log.lines.some((line) => line.includes('not delivered yet')));
  expect((await world.api.inject({ url: `/v1/api-jobs/${jobUuid}` })).json()).toEqual({ status: 'ON' });
  expect(await world.store.webHooks.countHooks()).toBe(1);
});

it.each(['ftp://127.0.0.1/', 'nonsense', 'http://user:pw@127.0.0.1/', ''])(
  'refuses %j with 400 and runs nothing',
  async (url) => {
    const answer = await power(url);
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('X-Web-Hook')]);
    expect(world.domain.calls).toEqual([]);
  },
);

it('does not stand in for a job whose uuid is taken', async () => {
  const hook = await hookReceiver([]);
  await power(hook.url, { 'x-job-uuid': jobUuid });
  await until('the delivery', () => hook.received.length > 0);
  const other = await hookReceiver([]);
  expect((await power(other.url, { 'x-job-uuid': jobUuid })).statusCode).toBe(400);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([hook.received.length, other.received.length]).toEqual([1, 0]);
  hook.close();
  other.close();
});

it('is not aimed at anybody by a caller without a session', async () => {
  const hook = await hookReceiver([]);
  await power(hook.url, { authorization: `OAuth ${'0'.repeat(32)}` });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([hook.received, await world.store.webHooks.countHooks()]).toEqual([[], 0]);
  hook.close();
});
