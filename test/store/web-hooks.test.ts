import { expect, it } from 'vitest';
import type { Job, WebHook } from '../../src/api/ports.ts';
import { uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const job = (change: Partial<Job> = {}): Job => ({
  uuid: uuid(),
  api: 'PowerOnBaremetalHost',
  accountUuid: uuid(),
  state: 'running',
  result: undefined,
  error: undefined,
  createDate: 1,
  finishDate: undefined,
  ...change,
});

const hookOf = ({ uuid: jobUuid }: Job, change: Partial<WebHook> = {}): WebHook => ({
  jobUuid,
  headerUuid: jobUuid.toUpperCase(),
  url: 'http://192.0.2.1/x',
  origin: 'http://192.0.2.1',
  tries: 0,
  nextAt: undefined,
  createDate: 1,
  ...change,
});

it('a hook comes with its job, is due from its end, and goes with it', async () => {
  const directory = temporaryDirectory();
  const { jobs, webHooks, close } = await storeIn(directory);
  const one = job();
  expect(await jobs.insertJob(one, hookOf(one))).toBe(true);
  expect(await jobs.insertJob(one, hookOf(one, { url: 'http://198.51.100.1/' }))).toBe(false);
  expect([
    await webHooks.dueHooksOf('http://192.0.2.1', 99, 9),
    await webHooks.nextDue(0),
    await webHooks.countHooks(),
  ]).toEqual([[], undefined, 1]);
  await close();

  const again = await storeIn(directory);
  await again.jobs.finishJob(one.uuid, { result: '{}', at: 50 });
  await again.jobs.finishJob(one.uuid, { error: '{}', at: 60 });
  expect(await again.webHooks.nextDue(0)).toBe(50);
  expect(await again.webHooks.dueHooksOf('http://192.0.2.1', 49, 9)).toEqual([]);
  expect(await again.webHooks.dueHooksOf('http://192.0.2.1', 50, 9)).toStrictEqual([
    hookOf(one, { nextAt: 50 }),
  ]);

  expect(await again.jobs.deleteJobsFinishedBefore(50, 10)).toBe(0);
  expect(await again.jobs.deleteJobsFinishedBefore(51, 10)).toBe(1);
  expect([await again.webHooks.countHooks(), await again.jobs.getJob(one.uuid)]).toEqual([0, undefined]);
});

it('a second end does not make a postponed hook due again', async () => {
  const { jobs, webHooks } = await storeIn(temporaryDirectory());
  const one = job();
  await jobs.insertJob(one, hookOf(one));
  await jobs.finishJob(one.uuid, { result: '{}', at: 50 });
  await webHooks.postponeHook(one.uuid, 1, 1000);
  await jobs.finishJob(one.uuid, { result: '{}', at: 60 });
  expect(await webHooks.dueHooksOf('http://192.0.2.1', 999, 9)).toEqual([]);
  expect(await webHooks.dueHooksOf('http://192.0.2.1', 1000, 9)).toMatchObject([{ tries: 1, nextAt: 1000 }]);
  await webHooks.deleteHook(one.uuid);
  await webHooks.deleteHook(one.uuid);
  expect(await webHooks.countHooks()).toBe(0);
});

it('gives the due hooks of an origin oldest first, and goes round the origins', async () => {
  const { jobs, webHooks } = await storeIn(temporaryDirectory());
  const origins = ['http://a', 'http://b', 'http://c'];
  for (const [index, at] of [30, 10, 20, 40, 50].entries()) {
    const one = job();
    await jobs.insertJob(one, hookOf(one, { origin: origins[index % 3] ?? '' }));
    await jobs.finishJob(one.uuid, { result: '{}', at });
  }
  const dates = (hooks: readonly WebHook[]): unknown[] => hooks.map(({ nextAt }) => nextAt);
  const waiting = job();
  await jobs.insertJob(waiting, hookOf(waiting, { origin: 'http://d' }));
  const [a, b, c] = origins.map((origin) => ({ origin, due: true }));
  expect(await webHooks.listOrigins(30, '', 9)).toEqual([a, b, c]);
  expect(await webHooks.listOrigins(15, 'http://a', 9)).toEqual([b, { ...c, due: false }]);
  expect(await webHooks.listOrigins(30, '', 2)).toEqual([a, b]);
  expect(await webHooks.listOrigins(30, 'http://c', 2)).toEqual([]);
  expect(dates(await webHooks.dueHooksOf('http://a', 99, 9))).toEqual([30, 40]);
  expect(dates(await webHooks.dueHooksOf('http://a', 39, 9))).toEqual([30]);
  expect([await webHooks.nextDue(10), await webHooks.nextDue(50)]).toEqual([20, undefined]);
});
