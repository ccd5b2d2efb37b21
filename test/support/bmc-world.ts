import { createApi, ensureAdmin } from '../../src/api/index.ts';
import { createPlatform } from '../../src/platform/index.ts';
import { bmcAccess } from '../../src/provision/bmc-access.ts';
import { createProvision } from '../../src/provision/create.ts';
import type { Store } from '../../src/store/index.ts';
import { adminPassword } from './api-world.ts';
import { fakeConsoles } from './fake-consoles.ts';
import { fakeDomain } from './fake-domain.ts';
import { fakeKvm } from './fake-kvm.ts';
import { realDeps } from './ipmi-deps.ts';
import { keepingLog } from './keeping-log.ts';
import { stageSeconds } from './provision-harness.ts';
import { random } from './records.ts';

const { clock } = realDeps;

/** The real provisioning domain with real BMC sessions behind the real API on a store, as main puts them together; no PXE server can start. */
export async function openBmcWorld(store: Store, powerPollSeconds: number) {
  const log = keepingLog();
  const platform = await createPlatform({
    store: store.platform,
    defaults: { 'ipmi.powerPoll.interval': powerPollSeconds },
    tagEffect: async () => {},
    clock,
    random,
    log,
  });
  const provision = createProvision({
    store: store.provision,
    netboot: {
      interfaceAddresses: () => [],
      start: async () => {},
      update: () => {},
      otherServers: async () => [],
      stop: async () => {},
      bootUrl: () => undefined,
    },
    openBmcAccess: bmcAccess({
      ipmi: { ...realDeps, log },
      store: store.provision,
      privilege: 'administrator',
      timing: { retryMs: [100, 200], deadlineMs: 1500, closeMs: 100 },
    }),
    imageAccess: {
      files: {
        openFile: () => Promise.reject(new Error('no files')),
        openIso: () => Promise.reject(new Error('no files')),
      },
      keepOut: '/nowhere',
      imageOf: () => Promise.resolve(undefined),
    },
    images: { inspector: { kernel: '', initrd: '', kernelArguments: [] }, installer: undefined },
    placementOf: (uuid) => platform.clusters.placementOf(uuid),
    notify: ({ name, severity, text, about, facts }) =>
      platform.notifications.notify({
        name,
        type: severity,
        content: text,
        sender: 'provision',
        resourceType: 'BaremetalChassisVO',
        resourceUuid: about.uuid,
        opaque: facts,
      }),
    stageSeconds,
    maxRunsPerMinute: 20,
    get powerPollSeconds() {
      return platform.settings.get('ipmi.powerPoll.interval');
    },
    clock,
    random,
    log,
  });
  await provision.start();
  if ((await store.accounts.getAccountByName('admin')) === undefined)
    await ensureAdmin({ accounts: store.accounts, random, password: adminPassword, passwordCost: 10 });
  const kvm = fakeKvm(store);
  const consoles = fakeConsoles(store);
  const api = await createApi(
    {
      address: '127.0.0.1',
      port: 0,
      timeZone: 'UTC',
      revealSecrets: false,
      passwordCost: 10,
    },
    {
      service: provision.service,
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
    },
  );
  const login = await api.inject({
    method: 'PUT',
    url: '/v1/accounts/login',
    payload: { logInByAccount: { accountName: 'admin', password: adminPassword } },
  });
  const session = login.json<{ inventory: { uuid: string } }>().inventory.uuid;
  return {
    api,
    store: { ...store, writtenText: () => '' },
    platform,
    kvm,
    consoles,
    domain: fakeDomain(store.provision),
    log,
    session,
    authorization: `OAuth ${session}`,
    service: provision.service,
    /** The store is the caller's: another domain may follow on it. */
    async close(): Promise<void> {
      await api.close();
      await provision.close();
    },
  };
}
