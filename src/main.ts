import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApi, ensureAdmin } from './api/index.ts';
import { systemClock } from './base/clock.ts';
import { CodedError } from './base/errors.ts';
import { parseIpv4 } from './base/ipv4.ts';
import type { Logger } from './base/log.ts';
import type { Uuid } from './base/uuid.ts';
import { type Config, readAdminPassword } from './config.ts';
import { createConsoles } from './console/create.ts';
import { joinMachines } from './console/join-machines.ts';
import { chassisMachines } from './console/machines/chassis.ts';
import { vmMachines } from './console/machines/vm.ts';
import type { ConsoleService } from './console/index.ts';
import { createIommu } from './iommu/create.ts';
import { createKvm } from './kvm/create.ts';
import { ownKeyIn } from './kvm/hosts/own-key.ts';
import type { Notify } from './kvm/ports.ts';
import { createOpenUdp } from './net/dgram.ts';
import { openInterfaceLook } from './net/interface-state.ts';
import { interfaceAddresses } from './net/interfaces.ts';
import { openLocalShell } from './net/local-shell.ts';
import { openSsh } from './net/ssh.ts';
import { connectTcp } from './net/tcp.ts';
import { createPlatform, type SettingDefaults, type Settings } from './platform/index.ts';
import { bmcAccess } from './provision/bmc-access.ts';
import { createProvision, type Provision } from './provision/create.ts';
import type { Evidence, NetbootServices } from './provision/ports.ts';
import type { StageSeconds } from './provision/runs.ts';
import { createScreenFiles } from './provision/screen-files.ts';
import { createOwnProbe } from './pxe/watch/own-probe.ts';
import { createSegments } from './pxe/watch/segments.ts';
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

/** Defaults of the settings that can be changed while the server runs. */
function settingDefaultsOf({ api, boot, provision }: Config): SettingDefaults {
  return {
    'identity.session.timeout': Math.max(60, Math.round(api.sessionHours * 3600)),
    'baremetal.dhcp.lease.firmware': boot.leaseSeconds.firmware,
    'baremetal.dhcp.lease.installer': boot.leaseSeconds.installer,
    'baremetal.dhcp.lease.host': boot.leaseSeconds.host,
    'baremetal.inspect.timeout': provision.inspectMinutes * 60,
    'baremetal.reboot.timeout': provision.rebootMinutes * 60,
    'baremetal.install.timeout': provision.installMinutes * 60,
    'baremetal.provision.maxPerMinute': provision.maxRunsPerMinute,
  };
}

/** Built by `npm run build:web`; from src/ and from dist/ it is the same place. */
const consolePage = fileURLToPath(new URL('../dist/web', import.meta.url));

/** Lines of a serial console that say why a run stands still. */
const evidenceLines = 20;

/** What runs in trouble see of their machines; nothing before there are consoles. */
function evidenceOf(
  consoles: () => ConsoleService | undefined,
  directory: string,
  settings: Settings,
): Evidence {
  return {
    async look(chassisUuid) {
      const service = consoles();
      const [screenshot, consoleTail] = await Promise.all([
        service?.screenshot('chassis', chassisUuid).catch(() => undefined),
        service?.tail('chassis', chassisUuid, evidenceLines).catch(() => undefined),
      ]);
      return { screenshot: screenshot?.png, consoleTail };
    },
    screens: createScreenFiles(directory),
    get quietPercent() {
      return settings.get('baremetal.look.quietPercent');
    },
  };
}

/** Limits of the stages: the long ones are settings, read whenever they are asked; the others are what slow but healthy machines need. */
function stageSecondsOf(settings: Settings): StageSeconds {
  return {
    powering: 240,
    get 'awaiting-dhcp'() {
      return settings.get('baremetal.reboot.timeout');
    },
    'awaiting-loader': 120,
    'awaiting-script': 120,
    'awaiting-kernel': 120,
    'awaiting-initrd': 120,
    'awaiting-begin': 300,
    get workingInspect() {
      return settings.get('baremetal.inspect.timeout');
    },
    get workingInstall() {
      return settings.get('baremetal.install.timeout');
    },
    finishing: 240,
  };
}

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
    const { boot } = config;

    const segments = createSegments(
      {
        dhcpPort: boot.dhcpPort,
        dhcpClientPort: boot.dhcpClientPort,
        dhcpProxyPort: boot.dhcpProxyPort,
        tftpPort: boot.tftpPort,
        tftpSinglePort: boot.tftpSinglePort,
        httpPort: boot.httpPort,
        mtu: boot.mtu,
        ipxeDirectory: boot.ipxeDirectory,
      },
      {
        openUdp,
        openInterfaceLook,
        clock,
        random: randomBytes,
        leases: store.leases,
        policy: { decide: (sighting) => provision.policy.decide(sighting) },
        content: {
          get: (request) => provision.content.get(request),
          post: (request) => provision.content.post(request),
        },
        events: (event) => provision.events(event),
        ownProbe: createOwnProbe(randomBytes),
        moving: () => ({
          firmwareLeaseSeconds: settings.get('baremetal.dhcp.lease.firmware'),
          installerLeaseSeconds: settings.get('baremetal.dhcp.lease.installer'),
          hostLeaseSeconds: settings.get('baremetal.dhcp.lease.host'),
        }),
        watchIntervalSeconds: () => settings.get('baremetal.dhcp.watch.interval'),
        changed: (serverUuid, problem) => void provision.segmentChanged(serverUuid, problem),
        log,
      },
    );
    closers.push(() => segments.close());
    const common = {
      router: boot.router === undefined ? undefined : parseIpv4(boot.router),
      dns: boot.dns === undefined ? undefined : [boot.dns].flatMap((ip) => parseIpv4(ip) ?? []),
      rapidCommit: boot.rapidCommit,
      bootp: boot.bootp,
    };
    const netboot: NetbootServices = {
      interfaceAddresses,
      start: ({ uuid, dhcpInterface }, plan, { patient }) =>
        segments.start({
          serverUuid: uuid,
          device: dhcpInterface,
          settings: { ...common, ...plan },
          patient,
        }),
      update: (serverUuid, plan) => segments.update(serverUuid, plan),
      otherServers: (serverUuid, withinMs) => segments.otherServers(serverUuid, withinMs),
      stop: (serverUuid) => segments.stop(serverUuid),
      bootUrl: (serverUuid) => segments.bootUrl(serverUuid),
    };

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
    let consoles: ConsoleService | undefined;
    const provision: Provision = createProvision({
      store: store.provision,
      netboot,
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
      evidence: evidenceOf(() => consoles, join(config.dataDirectory, 'screens'), settings),
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
    const { console: ofConsoles } = config;
    const ownConsoles = createConsoles({
      directory: join(config.dataDirectory, 'consoles'),
      machines: joinMachines({
        chassis: chassisMachines(provision.consoles, { clock, log, connectTcp }),
        vm: vmMachines(kvm.consoles, { clock, log }),
      }),
      limits: {
        idleMs: ofConsoles.idleMinutes * 60_000,
        maxViewers: ofConsoles.maxViewers,
        recordRuns: ofConsoles.recordRuns,
        recordBytes: ofConsoles.recordMegabytes * 2 ** 20,
      },
      clock,
      random: randomBytes,
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
