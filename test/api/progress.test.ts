import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { callApi, openApi } from '../support/api-world.ts';

interface Shown {
  readonly taskUuid: string;
  readonly taskName: string;
  readonly content: string;
  readonly percent?: number;
  readonly subTasks?: readonly Shown[];
}

const jobUuid = 'd825b1a26f4e474b8c59306081920ff2';
let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
  await seedRows(world);
});
afterEach(() => world.close());

const begin = (body: object, authorization = world.authorization) =>
  world.api.inject({
    method: 'PUT',
    url: `/v1/baremetal/chassis/${existing.chassis}/actions`,
    payload: body,
    headers: { authorization, 'x-job-uuid': jobUuid },
  });
const progressOf = async (apiId: string, all = '', authorization = world.authorization) => {
  const url = `/v1/task-progresses/${apiId}${all}`;
  const answer = await world.api.inject({ url, headers: { authorization } });
  return answer.json<{ inventories: readonly Shown[] }>().inventories;
};
const ended = async (): Promise<void> => {
  for (let tries = 0; tries < 500; tries += 1) {
    if ((await world.store.jobs.getJob(jobUuid))?.finishDate !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the job did not end');
};

describe('GetTaskProgress', () => {
  it('shows a job that runs, then its end, and with all=true every line', async () => {
    let release = (): void => {};
    world.domain.hold = new Promise((resolve) => {
      release = resolve;
    });
    await begin({ powerOnBaremetalHost: {} });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await progressOf(jobUuid)).toEqual([
      {
        taskUuid: jobUuid,
        taskName: 'PowerOnBaremetalHost',
        type: 'Progress',
        content: 'asking the BMC (0%)',
        percent: 0,
        time: expect.any(Number),
      },
    ]);
    release();
    await ended();
    expect(await progressOf(jobUuid)).toMatchObject([{ type: 'Task', content: 'done (100%)', percent: 100 }]);
    expect((await progressOf(jobUuid, '?all=true')).map(({ content }) => content)).toEqual([
      'begun (0%)',
      'asking the BMC (0%)',
      'done (100%)',
    ]);
  });

  it('shows where a job failed', async () => {
    world.domain.fail = new RangeError('a fault that stays in the log');
    await begin({ powerOnBaremetalHost: {} });
    await ended();
    expect(await progressOf(jobUuid)).toMatchObject([
      { content: expect.stringMatching(/^failed while asking the BMC: the server could not .*\(0%\)$/) },
    ]);
  });

  it('is [] for a job that nobody knows, and SYS.1007 for what is no uuid', async () => {
    expect(await progressOf('0'.repeat(32))).toEqual([]);
    const answer = await callApi(world, 'GET', '/task-progresses/nonsense');
    expect([answer.statusCode, answer.json()]).toMatchObject([503, { error: { code: 'SYS.1007' } }]);
  });

  it('shows a job of somebody else to administrators only', async () => {
    const created = await callApi(world, 'POST', '/accounts', {
      params: { name: 'guest', password: 'guest-password-1', type: 'Normal' },
    });
    expect(created.statusCode).toBe(200);
    const login = await callApi(world, 'PUT', '/accounts/login', {
      logInByAccount: { accountName: 'guest', password: 'guest-password-1' },
    });
    const guest = `OAuth ${login.json<{ inventory: { uuid: string } }>().inventory.uuid}`;
    await begin({ powerOnBaremetalHost: {} });
    await ended();
    expect(await progressOf(jobUuid, '', guest)).toEqual([]);
    const own = await world.api.inject({
      method: 'PUT',
      url: `/v1/baremetal/chassis/${existing.chassis}/actions`,
      payload: { powerOnBaremetalHost: {} },
      headers: { authorization: guest, 'x-job-uuid': '7'.repeat(32) },
    });
    expect(own.statusCode).toBe(202);
    for (
      let tries = 0;
      tries < 100 && (await progressOf('7'.repeat(32), '', guest)).length === 0;
      tries += 1
    ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await progressOf('7'.repeat(32), '', guest)).toMatchObject([
      { content: expect.stringContaining('admin') },
    ]);
    expect(await progressOf('7'.repeat(32))).toMatchObject([{ taskName: 'PowerOnBaremetalHost' }]);
  });

  it('follows the run that a provisioning began, live', async () => {
    const entry = {
      runUuid: '0'.repeat(32) as Uuid,
      chassisUuid: existing.chassis as Uuid,
      at: 5,
      step: 'power',
      text: 'told to boot from the network',
      bytes: undefined,
    };
    world.domain.timelineEntries = [entry];
    await begin({ provisionBaremetalHost: {} });
    await ended();
    world.domain.timelineEntries = [
      entry,
      { ...entry, at: 6, step: 'failed', text: 'no offer was accepted' },
    ];
    const [shown] = await progressOf(jobUuid);
    expect(shown).toMatchObject({
      taskName: 'ProvisionBaremetalHost',
      content: 'inspection failed: no offer was accepted',
      opaque: { chassisUuid: existing.chassis, runUuid: entry.runUuid },
    });
    expect(shown?.percent).toBeUndefined();
    expect(shown?.subTasks?.map(({ taskName, content }) => [taskName, content])).toEqual([
      ['power', 'told to boot from the network'],
      ['failed', 'no offer was accepted'],
    ]);
    expect((await progressOf(jobUuid, '?all=true')).map(({ content }) => content)).toEqual([
      'begun (0%)',
      'the machine was told to boot (0%)',
      'the call has ended, what it began goes on (0%)',
      'told to boot from the network',
      'no offer was accepted',
      'inspection failed: no offer was accepted',
    ]);

    // A chassis that is gone has no timeline; a newer run is not this call's.
    world.domain.timelineEntries = [];
    expect(await progressOf(jobUuid)).toMatchObject([
      { content: 'the call has ended, what it began goes on (0%)' },
    ]);
    world.domain.fail = new Error('gone');
    expect(await progressOf(jobUuid)).toMatchObject([
      { content: 'the call has ended, what it began goes on (0%)' },
    ]);
  });
});
