import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiWork } from '../../src/api/work.ts';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { StoreError } from '../../src/store/errors.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { openApi, pollJob } from '../support/api-world.ts';
import { random } from '../support/records.ts';

const jobUuid = 'd825b1a26f4e474b8c59306081920ff2';
const url = `/v1/baremetal/chassis/${existing.chassis}/actions`;
const payload = { powerOnBaremetalHost: {} };

/** A clock that a test moves; `after` timers run when time passes them. */
function handClock(): Clock & { advance(ms: number): void } {
  let now = 1_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      for (const timer of timers) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.run();
      }
    },
  };
}

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
  await seedRows(world);
});
afterEach(() => world.close());

const send = (headers: Record<string, string> = {}) =>
  world.api.inject({
    method: 'PUT',
    url,
    payload,
    headers: { authorization: world.authorization, host: 'rack.example:8080', ...headers },
  });
const poll = (uuid: string) => world.api.inject({ method: 'GET', url: `/v1/api-jobs/${uuid}` });
const settle = () =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, 20);
  });

describe('a job', () => {
  it('is recorded before its 202, runs after it, and is polled without a session', async () => {
    let release = (): void => {};
    world.domain.hold = new Promise((resolve) => {
      release = resolve;
    });
    const accepted = await send({ 'x-job-uuid': jobUuid });
    const location = `http://rack.example:8080/v1/api-jobs/${jobUuid}`;
    expect([accepted.statusCode, accepted.json()]).toEqual([202, { location }]);
    expect(await world.store.jobs.getJob(jobUuid)).toMatchObject({
      state: 'running',
      api: 'PowerOnBaremetalHost',
    });

    await settle();
    const running = await world.api.inject({
      url: `/v1/api-jobs/${jobUuid}`,
      headers: { host: 'rack.example:8080' },
    });
    expect([running.statusCode, running.json()]).toEqual([202, { location }]);

    release();
    await settle();
    const done = await poll(jobUuid.toUpperCase());
    expect([done.statusCode, done.body]).toEqual([200, '{}']);
    expect(await world.store.jobs.getJob(jobUuid)).toMatchObject({ state: 'succeeded', result: '{}' });
  });

  it('gets a uuid of its own when the caller gives none', async () => {
    const [a, b] = [await send(), await send()].map((answer) => answer.json<{ location: string }>().location);
    expect(a).toMatch(/^http:\/\/rack\.example:8080\/v1\/api-jobs\/[0-9a-f]{32}$/);
    expect(a).not.toBe(b);
  });

  it('with a known uuid is refused with 400, in any case of letters, also after its end', async () => {
    expect((await send({ 'x-job-uuid': jobUuid })).statusCode).toBe(202);
    await settle();
    for (const again of [jobUuid, jobUuid.toUpperCase()]) {
      const answer = await send({ 'x-job-uuid': again });
      expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('in use')]);
    }
    expect(world.domain.calls.length).toBe(1);
  });

  it.each(['x', jobUuid.slice(1), `${jobUuid}0`, 'g'.repeat(32), ''])('refuses the uuid %j', async (uuid) => {
    const answer = await send({ 'x-job-uuid': uuid });
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('X-Job-UUID')]);
  });

  it('of a caller without a live session ends with ID.1001 and never touches the store', async () => {
    const accepted = await send({ authorization: `OAuth ${'0'.repeat(32)}`, 'x-job-uuid': jobUuid });
    expect(accepted.statusCode).toBe(202);
    const end = await pollJob(world.api, accepted.json<{ location: string }>().location);
    expect([end.statusCode, end.json()]).toMatchObject([
      503,
      { error: { code: 'ID.1001', details: expect.stringContaining('Session expired') } },
    ]);
    const lines = await world.store.progress.linesOf(jobUuid);
    expect([await world.store.jobs.getJob(jobUuid), lines, world.domain.calls]).toEqual([undefined, [], []]);
    expect((await send({ 'x-job-uuid': jobUuid })).statusCode).toBe(400);
  });

  it('that nobody knows is 404, and other verbs are 405', async () => {
    for (const uuid of ['0'.repeat(32), 'x', 'x'.repeat(200)])
      expect((await poll(uuid)).statusCode).toBe(404);
    const answer = await world.api.inject({ method: 'DELETE', url: `/zstack/v1/api-jobs/${jobUuid}` });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET']);
  });

  it('that cannot be recorded is refused at once', async () => {
    world.store.jobs.insertJob = async () => {
      throw new StoreError('storage-full', 'disk full');
    };
    const answer = await send();
    expect([answer.statusCode, answer.json()]).toMatchObject([503, { error: { code: 'SYS.1006' } }]);
    expect(world.domain.calls).toEqual([]);
  });
});

const restart = async (clock?: Clock): Promise<void> => {
  await world.close();
  world = await openApi({}, clock);
  await seedRows(world);
};

describe('on a full disk', () => {
  it('a job still answers its end, which is stored when there is room', async () => {
    const clock = handClock();
    await restart(clock);
    const { jobs } = world.store;
    const healthy = { ...jobs };
    jobs.finishJob = async () => {
      throw new StoreError('storage-full', 'disk full');
    };
    await send({ 'x-job-uuid': jobUuid });
    await settle();
    expect((await poll(jobUuid)).statusCode).toBe(200);
    expect(await jobs.getJob(jobUuid)).toMatchObject({ state: 'running' });
    expect(world.log.lines.join()).toContain('disk full');
    clock.advance(10_000);
    await settle();
    expect(await jobs.getJob(jobUuid)).toMatchObject({ state: 'running' });

    Object.assign(jobs, healthy);
    clock.advance(10_000);
    await settle();
    expect(await jobs.getJob(jobUuid)).toMatchObject({ state: 'succeeded', result: '{}' });
  });
});

describe('over time', () => {
  it('jobs are kept as long as the setting says, then swept; sessions two hours', async () => {
    const clock = handClock();
    await restart(clock);
    expect((await send({ 'x-job-uuid': jobUuid })).statusCode).toBe(202);
    await settle();

    clock.advance(2 * 3600_000 - 1);
    const list = () =>
      world.api.inject({ url: '/v1/baremetal/chassis', headers: { authorization: world.authorization } });
    expect((await list()).statusCode).toBe(200);
    clock.advance(1);
    const late = await list();
    expect([late.statusCode, late.json()]).toMatchObject([503, { error: { code: 'ID.1001' } }]);
    expect(late.body).toContain('Session expired');

    clock.advance(46 * 3600_000 - 1);
    expect((await poll(jobUuid)).statusCode).toBe(200);
    clock.advance(2);
    expect((await poll(jobUuid)).statusCode).toBe(404);
    await world.platform.settings.update('rest', 'completedApi.expiredPeriod', String(4 * 86_400));
    expect((await poll(jobUuid)).statusCode).toBe(200);
    await world.platform.settings.update('rest', 'completedApi.expiredPeriod', undefined);
    clock.advance(3600_000);
    await settle();
    expect(await world.store.jobs.getJob(jobUuid)).toBeUndefined();
  });

  it('many old jobs are deleted a chunk at a time', async () => {
    const clock = handClock();
    await restart(clock);
    const { jobs } = world.store;
    const asked: number[] = [];
    let left = 501;
    jobs.deleteJobsFinishedBefore = async (_time, limit) => {
      const some = Math.min(limit, left);
      left -= some;
      asked.push(some);
      return some;
    };
    clock.advance(3600_000);
    await settle();
    expect(asked).toEqual([200]);
    for (let round = 0; round < 4; round += 1) {
      clock.advance(50);
      await settle();
    }
    expect(asked).toEqual([200, 200, 101]);
  });

  it('closing waits for a running job and may be done twice', async () => {
    world.domain.hold = new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    await send({ 'x-job-uuid': jobUuid });
    await settle();
    await Promise.all([world.api.close(), world.api.close()]);
    expect((await world.store.jobs.getJob(jobUuid))?.state).toBe('succeeded');
  });
});

describe('a restart', () => {
  const [left, far, done] = ['1'.repeat(32), '2'.repeat(32), '3'.repeat(32)] as [Uuid, Uuid, Uuid];
  const job = {
    api: 'ProvisionBaremetalHost',
    accountUuid: '36c27e8ff05c4780bf6d2fa65700f22e',
    state: 'running',
    result: undefined,
    error: undefined,
    createDate: Date.now(),
    finishDate: undefined,
  } as const;

  it('ends jobs that were running, says how far they were, audits them, and keeps the others', async () => {
    const { store, platform, log } = world;
    await store.jobs.insertJob({ ...job, uuid: left });
    await store.jobs.insertJob({ ...job, uuid: far });
    await store.jobs.insertJob({ ...job, uuid: done });
    await store.jobs.finishJob(done, { result: '{"inventory":{"uuid":"x"}}', at: Date.now() });
    const line = { apiUuid: far, taskUuid: far, parentUuid: undefined, taskName: job.api, opaque: undefined };
    const sub = { ...line, taskUuid: left, parentUuid: far };
    await store.progress.append([
      { ...line, type: 'Task', content: 'begun', percent: 0, time: 1 },
      { ...line, type: 'Progress', content: 'asking the BMC', percent: 40, time: 2 },
      { ...sub, type: 'Progress', content: 'a part of it', percent: 99, time: 3 },
    ]);
    const work = createApiWork(
      { ...store, platform, clock: systemClock, random, log },
      { tries: 1, intervalMs: 1 },
    );
    await work.start();
    await work.close(1000);
    const answers = await Promise.all([left, far, done].map(poll));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([503, 503, 200]);
    const text = 'the server restarted while this call was running';
    const advice = "check the resource's state and repeat it";
    expect(answers.slice(0, 2).map((answer) => answer.json<object>())).toMatchObject([
      { error: { code: 'SYS.1000', details: `${text}: ${advice}` } },
      { error: { code: 'SYS.1000', details: `${text} (it was at: asking the BMC, 40 %): ${advice}` } },
    ]);
    expect(answers[2]?.json()).toEqual({ inventory: { uuid: 'x' } });
    expect((await world.store.progress.linesOf(far)).at(-1)).toMatchObject({
      content: 'interrupted by a restart of the server',
      parentUuid: undefined,
    });
    const audits = await world.api.inject({
      url: '/v1/audits?q=outcome=Interrupted&sort=jobUuid',
      headers: { authorization: world.authorization },
    });
    const entry = {
      api: job.api,
      accountName: 'admin',
      errorCode: 'SYS.1000',
      resourceType: 'BaremetalChassisVO',
    };
    expect(audits.json()).toMatchObject({
      inventories: [
        { ...entry, jobUuid: left },
        { ...entry, jobUuid: far },
      ],
    });
  });
});
