import { createPlatform } from '../../src/platform/index.ts';
import { bmcAccess } from '../../src/provision/bmc-access.ts';
import { createProvision } from '../../src/provision/create.ts';
import type { Store } from '../../src/store/index.ts';
import { apiOver } from './api-world.ts';
import { fakeDomain } from './fake-domain.ts';
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
  const { service } = provision;
  const over = await apiOver({ store, service, platform, clock, log });
  return {
    ...over,
    store: { ...store, writtenText: () => '' },
    platform,
    domain: fakeDomain(store.provision),
    log,
    service,
    /** The store is the caller's: another domain may follow on it. */
    async close(): Promise<void> {
      await over.api.close();
      await provision.close();
    },
  };
}
