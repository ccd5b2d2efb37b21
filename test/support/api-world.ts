import type { LightMyRequestResponse } from 'fastify';
import type { ApiHandle, ApiOptions } from '../../src/api/index.ts';
import type { ApiDeps } from '../../src/api/options.ts';
import { createApi, ensureAdmin } from '../../src/api/index.ts';
import type { Clock } from '../../src/base/clock.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/log.ts';
import { createPlatform } from '../../src/platform/index.ts';
import type { Store } from '../../src/store/index.ts';
import { fakeConsoles } from './fake-consoles.ts';
import { fakeDomain } from './fake-domain.ts';
import { fakeKvm } from './fake-kvm.ts';
import { keepingLog } from './keeping-log.ts';
import { random } from './records.ts';
import { scratchStore } from './scratch-store.ts';

export const adminPassword = 'Canary-9f3e-of-the-admin';

/** An API on a free loopback port over these rooms, the others faked, with a session of `admin`, who is made where there is none. */
export async function apiOver(rooms: {
  readonly store: Omit<Store, 'close'>;
  readonly service: ApiDeps['service'];
  readonly platform: ApiDeps['platform'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly options?: Partial<ApiOptions>;
  readonly more?: Partial<ApiDeps>;
}) {
  const { store, service, platform, clock, log, options, more } = rooms;
  const kvm = fakeKvm(store);
  const consoles = fakeConsoles(store);
  if ((await store.accounts.getAccountByName('admin')) === undefined)
    await ensureAdmin({ accounts: store.accounts, random, password: adminPassword, passwordCost: 10 });
  const api = await createApi(
    {
      address: '127.0.0.1',
      port: 0,
      timeZone: 'UTC',
      revealSecrets: false,
      passwordCost: 10,
      webHook: { tries: 3, intervalMs: 20 },
      ...options,
    },
    {
      service,
      ...kvm.services,
      consoles: consoles.service,
      platform,
      query: store.query,
      accounts: store.accounts,
      jobs: store.jobs,
      webHooks: store.webHooks,
      progress: store.progress,
      managementNode: store.managementNode,
      hostName: 'rack.example',
      version: '0.0.0-test',
      clock,
      random,
      log,
      ...more,
    },
  );
  const login = await api.inject({
    method: 'PUT',
    url: '/v1/accounts/login',
    payload: { logInByAccount: { accountName: 'admin', password: adminPassword } },
  });
  const session = login.json<{ inventory: { uuid: string } }>().inventory.uuid;
  return { api, kvm, consoles, session, authorization: `OAuth ${session}` };
}

/** An API on a free loopback port over a real store and a fake provisioning domain, with a session. Close it by `close`. */
export async function openApi(
  options: Partial<ApiOptions> = {},
  clock: Clock = systemClock,
  more: Partial<ApiDeps> = {},
) {
  const store = await scratchStore();
  const domain = fakeDomain(store.provision);
  const log = keepingLog();
  const platform = await createPlatform({
    store: store.platform,
    defaults: {},
    tagEffect: async () => {},
    clock,
    random,
    log,
  });
  const { service } = domain;
  const over = await apiOver({ store, service, platform, clock, log, options, more }).catch(
    async (error: unknown) => {
      await store.close();
      throw error;
    },
  );
  const close = async (): Promise<void> => {
    await over.api.close();
    await store.close();
  };
  return { ...over, store, platform, domain, log, close };
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
