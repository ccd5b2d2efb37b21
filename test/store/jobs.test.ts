import { expect, it } from 'vitest';
import type { Job } from '../../src/api/ports.ts';
import { uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const job = (change: Partial<Job> = {}): Job => ({
  uuid: uuid(),
  api: 'CreateBaremetalChassis',
  accountUuid: uuid(),
  state: 'running',
  result: undefined,
  error: undefined,
  createDate: 1,
  finishDate: undefined,
  ...change,
});

it('a taken uuid changes nothing, and the first end counts', async () => {
  const { jobs } = await storeIn(temporaryDirectory());
  const one = job();
  expect([await jobs.insertJob(one), await jobs.insertJob({ ...one, api: 'Other' })]).toEqual([true, false]);
  await jobs.finishJob(one.uuid, { error: '{"error":{}}', at: 5 });
  await jobs.finishJob(one.uuid, { result: '{}', at: 6 });
  expect(await jobs.getJob(one.uuid)).toStrictEqual({
    ...one,
    state: 'failed',
    error: '{"error":{}}',
    finishDate: 5,
  });
});

it('deletes old results the oldest first, no more than asked, and never a running job', async () => {
  const { jobs } = await storeIn(temporaryDirectory());
  const all = Array.from({ length: 10 }, () => job());
  await Promise.all(all.map((one) => jobs.insertJob(one)));
  for (const [index, one] of all.slice(0, 8).entries())
    await jobs.finishJob(one.uuid, { result: '{}', at: index });
  expect(await jobs.deleteJobsFinishedBefore(7, 3)).toBe(3);
  expect(await jobs.deleteJobsFinishedBefore(7, 100)).toBe(4);
  expect(await jobs.deleteJobsFinishedBefore(7, 100)).toBe(0);
  const left = await Promise.all(all.map((one) => jobs.getJob(one.uuid)));
  expect(left.map((one) => one?.state)).toEqual([
    ...Array<undefined>(7).fill(undefined),
    'succeeded',
    'running',
    'running',
  ]);
  expect((await jobs.listRunningJobs()).length).toBe(2);
});
