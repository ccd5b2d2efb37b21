import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/index.ts';
import type { ApiOptions } from '../../src/api/index.ts';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import {
  fakeDomain,
  keepingLog,
  memoryAccounts,
  memoryJobs,
  memoryQuery,
  random,
} from '../support/api-doubles.ts';
import { existing, seedRows } from '../support/api-rows.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { openApi, pollJob } from '../support/api-world.ts';

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
  seedRows(world.domain.rows);
});
afterEach(() => world.api.close());

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
    expect(world.jobs.jobs.get(jobUuid)).toMatchObject({ state: 'running', api: 'PowerOnBaremetalHost' });

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
    expect(world.jobs.jobs.get(jobUuid)).toMatchObject({ state: 'succeeded', result: '{}' });
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
    expect([world.jobs.jobs.size, world.domain.calls.length]).toEqual([0, 0]);
    expect((await send({ 'x-job-uuid': jobUuid })).statusCode).toBe(400);
  });

  it('that nobody knows is 404, and other verbs are 405', async () => {
    for (const uuid of ['0'.repeat(32), 'x', 'x'.repeat(200)])
      expect((await poll(uuid)).statusCode).toBe(404);
    const answer = await world.api.inject({ method: 'DELETE', url: `/zstack/v1/api-jobs/${jobUuid}` });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET']);
  });

  it('still answers its end when the end could not be stored', async () => {
    world.jobs.finishJob = async () => {
      throw new Error('disk full');
    };
    await send({ 'x-job-uuid': jobUuid });
    await settle();
    expect((await poll(jobUuid)).statusCode).toBe(200);
    expect(world.log.lines.join()).toContain('disk full');
  });

  it('that cannot be recorded is refused at once', async () => {
    const { StoreError } = await import('../../src/store/errors.ts');
    world.jobs.insertJob = async () => {
      throw new StoreError('storage-full', 'disk full');
    };
    const answer = await send();
    expect([answer.statusCode, answer.json()]).toMatchObject([503, { error: { code: 'SYS.1006' } }]);
    expect(world.domain.calls).toEqual([]);
  });
});

describe('over time', () => {
  it('jobs are kept two days, then swept; sessions two hours', async () => {
    await world.api.close();
    const clock = handClock();
    world = await openApi({}, clock);
    seedRows(world.domain.rows);
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
    clock.advance(3600_000);
    await settle();
    expect(world.jobs.jobs.size).toBe(0);
    expect(world.accounts.sessions.size).toBe(0);
  });

  it('a restart ends jobs that were running, and keeps the others', async () => {
    const jobs = memoryJobs();
    const job = { api: 'X', accountUuid: 'a', result: undefined, error: undefined, createDate: 1 } as const;
    const [left, done] = ['1'.repeat(32), '2'.repeat(32)] as Uuid[];
    await jobs.insertJob({ ...job, uuid: left!, state: 'running', finishDate: undefined });
    const ended = {
      state: 'succeeded',
      result: '{"inventory":{"uuid":"x"}}',
      finishDate: Date.now(),
    } as const;
    await jobs.insertJob({ ...job, uuid: done!, ...ended });
    const options: ApiOptions = {
      address: '127.0.0.1',
      port: 0,
      timeZone: 'UTC',
      sessionHours: 2,
      revealSecrets: false,
      passwordCost: 10,
    };
    const domain = fakeDomain();
    const parts = { service: domain.service, query: memoryQuery(domain.rows), accounts: memoryAccounts() };
    const api = await createApi(options, { ...parts, jobs, clock: systemClock, random, log: keepingLog() });
    const answers = await Promise.all(
      [left, done].map((uuid) => api.inject({ url: `/v1/api-jobs/${uuid}` })),
    );
    await api.close();
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([503, 200]);
    expect(answers[0]?.json()).toMatchObject({
      error: {
        code: 'SYS.1000',
        details: "the server restarted while this call was running: check the resource's state and repeat it",
      },
    });
    expect(answers[1]?.json()).toEqual({ inventory: { uuid: 'x' } });
  });

  it('closing waits for a running job and may be done twice', async () => {
    world.domain.hold = new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    await send({ 'x-job-uuid': jobUuid });
    await settle();
    await Promise.all([world.api.close(), world.api.close()]);
    expect(world.jobs.jobs.get(jobUuid)?.state).toBe('succeeded');
  });
});
