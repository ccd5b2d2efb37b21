import type { LightMyRequestResponse } from 'fastify';
import type { ApiHandle, ApiOptions } from '../../src/api/index.ts';
import { createApi, ensureAdmin } from '../../src/api/index.ts';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import { fakeDomain, keepingLog, memoryAccounts, memoryJobs, memoryQuery, random } from './api-doubles.ts';

export const adminPassword = 'Canary-9f3e-of-the-admin';

/** An API on a free loopback port over doubles, with a session. */
export async function openApi(options: Partial<ApiOptions> = {}, clock: Clock = systemClock) {
  const domain = fakeDomain();
  const accounts = memoryAccounts();
  const jobs = memoryJobs();
  const log = keepingLog();
  await ensureAdmin({ accounts, random, password: adminPassword, passwordCost: 10 });
  const api = await createApi(
    {
      address: '127.0.0.1',
      port: 0,
      timeZone: 'UTC',
      sessionHours: 2,
      revealSecrets: false,
      passwordCost: 10,
      webHook: { tries: 3, intervalMs: 20 },
      ...options,
    },
    { service: domain.service, query: memoryQuery(domain.rows), accounts, jobs, clock, random, log },
  );
  const login = await api.inject({
    method: 'PUT',
    url: '/v1/accounts/login',
    payload: { logInByAccount: { accountName: 'admin', password: adminPassword } },
  });
  const session = login.json<{ inventory: { uuid: string } }>().inventory.uuid;
  return { api, domain, accounts, jobs, log, session, authorization: `OAuth ${session}` };
}
export type ApiWorld = Awaited<ReturnType<typeof openApi>>;

/** Polls a job of `api` to its end; at most 5 s. */
export async function pollJob(api: ApiHandle, location: string): Promise<LightMyRequestResponse> {
  const { pathname } = new URL(location);
  for (let tries = 0; tries < 1000; tries += 1) {
    const answer = await api.inject({ method: 'GET', url: pathname });
    if (answer.statusCode !== 202) return answer;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  throw new Error('the job did not end');
}

/** Sends one call and follows it to its result, whether sync or async. */
export async function callApi(
  world: ApiWorld,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  payload?: object,
): Promise<LightMyRequestResponse> {
  const answer = await world.api.inject({
    method,
    url: `/zstack/v1${path}`,
    headers: { authorization: world.authorization },
    ...(payload === undefined ? {} : { payload }),
  });
  if (answer.statusCode !== 202) return answer;
  return pollJob(world.api, answer.json<{ location: string }>().location);
}
