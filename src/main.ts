import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApi, ensureAdmin } from './api/index.ts';
import { systemClock } from './base/clock.ts';
import { CodedError } from './base/errors.ts';
import type { Logger } from './base/log.ts';
import type { Uuid } from './base/uuid.ts';
import { composeConsoles, sweepConsoles } from './compose/consoles.ts';
import { evidenceOf } from './compose/evidence.ts';
import { composeNetboot } from './compose/netboot.ts';
import { proxySettingsOf, settingDefaultsOf, stageSecondsOf } from './compose/settings.ts';
import { type Config, readAdminPassword } from './config.ts';
import type { ConsoleService } from './console/index.ts';
import { createIommu } from './iommu/create.ts';
import { createKvm } from './kvm/create.ts';
import { ownKeyIn } from './kvm/hosts/own-key.ts';
import type { Notify } from './kvm/ports.ts';
import { createOpenUdp } from './net/dgram.ts';
import { openLocalShell } from './net/local-shell.ts';
import { openSsh } from './net/ssh.ts';
import { createPlatform } from './platform/index.ts';
import { bmcAccess } from './provision/bmc-access.ts';
import { createProvision, type Provision } from './provision/create.ts';
import { createScreenFiles } from './provision/screen-files.ts';
import { createFileTable, openIso } from './pxe/index.ts';
import { openStore } from './store/index.ts';

/** A running Rackwright. */
export interface Rackwright {
  /** Where the API listens, e.g. `http://0.0.0.0:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** Built by `npm run build:web`; from src/ and from dist/ it is the same place. */
const consolePage = fileURLToPath(new URL('../dist/web', import.meta.url));

/**
 * Builds every room, hands it its ports and starts it: store, provisioning with its PXE servers, then the API. Rejects with the
 * first room's error and leaves nothing open. `tellPassword` is called once, when this start made the admin account with a random
 * password: show it, keep it nowhere.
 */
export async function startRackwright(
  config: Config,
  log: Logger,
  tellPassword: (password: string) => void,
): Promise<Rackwright> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    const store = await openStore({
      path: join(config.dataDirectory, 'rackwright.sqlite'),
      keyPath: join(config.dataDirectory, 'secrets.key'),
      random: randomBytes,
    });
    closers.push(() => store.close());
    const clock = systemClock;
    const openUdp = createOpenUdp(log);
    const netboot = composeNetboot({
      boot: config.boot,
      openUdp,
      leases: store.leases,
      provision: () => provision,
      settings: () => settings,
      clock,
      log,
    });
    closers.push(() => netboot.close());

    const platform = await createPlatform({
      store: store.platform,
      defaults: settingDefaultsOf(config),
      async tagEffect({ resourceType, resourceUuid, added, removed }) {
        if (resourceType === 'BaremetalChassisVO')
          await provision.service.applyTag(resourceUuid, { added, removed });
      },
      clock,
      random: randomBytes,
      log,
    });
    const { settings } = platform;

    const { inspector, installer } = config;
    const imageFiles = createFileTable();
    const screens = createScreenFiles(join(config.dataDirectory, 'screens'));
    let consoles: ConsoleService | undefined;
    const provision: Provision = createProvision({
      store: store.provision,
      netboot: netboot.services,
      openBmcAccess: bmcAccess({
        ipmi: { openUdp, clock, random: randomBytes, log },
        store: store.provision,
        privilege: config.ipmi.privilege,
      }),
      images: {
        inspector: { ...inspector, kernel: resolve(inspector.kernel), initrd: resolve(inspector.initrd) },
        installer:
          installer.kernel === undefined || installer.initrd === undefined
            ? undefined
            : {
                kernel: resolve(installer.kernel),
                initrd: resolve(installer.initrd),
                kernelArguments: installer.kernelArguments,
                url: installer.url,
              },
      },
      imageAccess: {
        files: { openFile: (path) => imageFiles.open(path), openIso },
        keepOut: resolve(config.dataDirectory),
        proxy: proxySettingsOf(config.images),
        imageOf: async (hostCfgUuid) =>
          (await platform.tags.valueOf(hostCfgUuid, 'bootImage')) ?? installer.imageUuid,
      },
      notify: ({ name, severity, text, about, facts }) =>
        platform.notifications.notify({
          name,
          type: severity,
          content: text,
          sender: 'provision',
          resourceType: about.type === 'chassis' ? 'BaremetalChassisVO' : 'BaremetalPxeServerVO',
          resourceUuid: about.uuid,
          opaque: facts,
        }),
      placementOf: (chassisUuid) => platform.clusters.placementOf(chassisUuid),
      stageSeconds: stageSecondsOf(settings),
      evidence: evidenceOf(() => consoles, screens, settings),
      get maxRunsPerMinute() {
        return settings.get('baremetal.provision.maxPerMinute');
      },
      get powerPollSeconds() {
        return settings.get('ipmi.powerPoll.interval');
      },
      clock,
      random: randomBytes,
      log,
    });
    closers.push(() => provision.close());

    const notifyOfHosts: Notify = ({ name, severity, text, about, facts }) =>
      platform.notifications.notify({
        name,
        type: severity,
        content: text,
        sender: 'kvm',
        resourceType: about.type,
        resourceUuid: about.uuid,
        opaque: facts,
      });
    const hostSide = {
      libvirtUri: config.kvm.libvirtUri,
      notify: notifyOfHosts,
      clock,
      random: randomBytes,
      log,
    };
    const kvm = createKvm({
      ...hostSide,
      store: store.kvm,
      tags: {
        valueOf: (uuid, name) => platform.tags.valueOf(uuid, name),
        set: (type, uuid, name, value) => platform.tags.put(type, uuid, name, value),
      },
      openSsh,
      openLocalShell,
      readOwnKey: ownKeyIn(config.dataDirectory),
      lookEveryMs: config.kvm.lookMinutes * 60_000,
    });
    closers.push(() => kvm.close());
    const iommu = createIommu({
      ...hostSide,
      store: store.iommu,
      vms: kvm.vms,
      vmStore: store.kvm,
      connections: kvm.connections,
    });
    closers.push(() => iommu.close());
    kvm.observe(iommu.observer);
    const ownConsoles = composeConsoles({
      config,
      chassis: provision.consoles,
      vms: kvm.consoles,
      clock,
      log,
    });
    closers.push(() => ownConsoles.close());
    consoles = ownConsoles;
    // With consoles there already, so that the runs that come back are recorded.
    await provision.start();
    for (const { chassisUuid } of await store.provision.listOpenRuns()) {
      ownConsoles.changed('chassis', chassisUuid);
    }
    await kvm.start();
    await sweepConsoles({ consoles: ownConsoles, screens, chassis: provision.consoles, log });

    // Before the API listens: who sees it ready may log in. Told at once: a start that fails later must not hide the only password.
    const known = await store.accounts.getAccountByName('admin');
    const password = known ? undefined : readAdminPassword(config);
    const admin = await ensureAdmin({
      accounts: store.accounts,
      random: randomBytes,
      ...(password === undefined ? {} : { password }),
    });
    if (password === undefined && admin.password !== undefined) tellPassword(admin.password);

    const { publicUrl } = config.api;
    const api = await createApi(
      { ...config.api, ...(publicUrl === undefined ? {} : { publicUrl }) },
      {
        service: provision.service,
        hosts: kvm.hosts,
        vms: kvm.vms,
        usb: kvm.usb,
        catalogue: kvm.catalogue,
        iommu: iommu.service,
        consoles: ownConsoles,
        consolePage,
        consolePicture: (chassisUuid, name) => provision.consoles.screenshotFile(chassisUuid, name),
        look: (hostUuid) => kvm.connections.look(hostUuid as Uuid),
        streams: {
          'usb-redirect': async (ticket) => {
            const opened = await kvm.usb.openRedirect(ticket);
            return (
              opened && {
                stream: opened.stream,
                accountUuid: opened.owner,
                resourceType: 'VmInstanceVO',
                resourceUuid: opened.vmInstanceUuid,
              }
            );
          },
        },
        platform,
        query: store.query,
        accounts: store.accounts,
        jobs: store.jobs,
        webHooks: store.webHooks,
        progress: store.progress,
        managementNode: store.managementNode,
        hostName: hostname(),
        version,
        clock,
        random: randomBytes,
        log,
      },
    );
    closers.push(() => api.close());
    return { url: api.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The text of a failed start for a technician; stacks only for faults of our own. */
export function startFailureText(error: unknown): string {
  if (error instanceof CodedError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
