import type { Clock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { Mac } from '../../../src/base/mac.ts';
import { newUuid, parseUuid, type Uuid } from '../../../src/base/uuid.ts';
import { KvmError } from '../../../src/kvm/errors.ts';
import type { Host, Image, InstanceOffering, VmInstance, VmState } from '../../../src/kvm/model.ts';
import type { Domain } from '../../../src/kvm/parse/domains.ts';
import type { KvmNotice } from '../../../src/kvm/ports.ts';
import type { HostConnections } from '../../../src/kvm/service.ts';
import { createVms } from '../../../src/kvm/vms/vms.ts';
import { memoryKvmStore, memoryTags } from '../../support/memory-kvm-store.ts';
import { random } from '../../support/records.ts';
import { type FakeDomain, fakeVirsh, type FakeVirsh } from './fake-virsh.ts';

export const uuid = (): Uuid => newUuid(random);
export const dashes = (id: string): string =>
  id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const states: Readonly<Record<FakeDomain['power'], VmState>> = {
  running: 'Running',
  paused: 'Paused',
  'shut off': 'Stopped',
  crashed: 'Crashed',
};

function seen(domain: FakeDomain): Domain {
  return {
    uuid: parseUuid(domain.id) as Uuid,
    name: domain.id,
    ...(domain.title === undefined ? {} : { title: domain.title }),
    ...(domain.description === undefined ? {} : { description: domain.description }),
    state: states[domain.power],
    memorySize: domain.memorySize,
    cpuNum: domain.cpuNum,
    nics: domain.macs.map(({ mac, bridge }) => ({ mac: mac as Mac, bridge })),
    metadata: undefined,
    details: {
      domainName: domain.id,
      persistent: domain.persistent,
      ours: domain.ours,
      disks: domain.disks.map((disk) => ({ ...disk, format: undefined })),
      pciAddresses: { config: [], live: [] },
      usbDevices: Array.from({ length: domain.usbDevices }, () => ({ bus: 1, device: 2 })),
      redirections: [],
      configuredRedirections: 0,
      graphics: [],
      serial: undefined,
      emulator: undefined,
      virtualization: 'kvm',
    },
  };
}

export function host(change: Partial<Host> = {}): Host {
  return {
    uuid: uuid(),
    clusterUuid: uuid(),
    name: 'kvm-1',
    description: undefined,
    connection: 'ssh',
    managementIp: '192.0.2.7',
    sshPort: 22,
    username: 'root',
    password: '',
    hostKey: undefined,
    hypervisorType: 'KVM',
    state: 'Enabled',
    status: 'Connected',
    statusCause: undefined,
    facts: {
      hostName: 'kvm-1',
      osRelease: 'Debian 12',
      kernelVersion: '6.1',
      architecture: 'x86_64',
      cpuModel: 'x',
      cpuSockets: 1,
      cpuNum: 8,
      memorySize: 2 ** 33,
      libvirtVersion: '9.0.0',
      qemuVersion: '7.2',
      hasKvm: true,
      systemUuid: undefined,
      bridges: ['br0', 'br1'],
      bootTime: undefined,
    },
    createDate: 0,
    lastOpDate: 0,
    ...change,
  };
}

export function image(change: Partial<Image> = {}): Image {
  return {
    uuid: uuid(),
    name: 'debian',
    description: undefined,
    url: 'file:///srv/debian.qcow2',
    mediaType: 'RootVolumeTemplate',
    format: 'qcow2',
    platform: 'Linux',
    guestOsType: undefined,
    type: 'zstack',
    system: false,
    state: 'Enabled',
    status: 'Ready',
    size: undefined,
    actualSize: undefined,
    md5Sum: undefined,
    createDate: 0,
    lastOpDate: 0,
    ...change,
  };
}

export const iso = (change: Partial<Image> = {}): Image =>
  image({ name: 'installer', url: 'file:///srv/install.iso', mediaType: 'ISO', format: 'iso', ...change });

export function offering(change: Partial<InstanceOffering> = {}): InstanceOffering {
  return {
    uuid: uuid(),
    name: 'small',
    description: undefined,
    cpuNum: 2,
    cpuSpeed: undefined,
    memorySize: 2 ** 30,
    type: 'UserVm',
    allocatorStrategy: undefined,
    sortKey: undefined,
    state: 'Enabled',
    createDate: 0,
    lastOpDate: 0,
    ...change,
  };
}

/** Time that passes as soon as somebody waits for it. */
function hastyClock(): Clock {
  let now = 1_000_000;
  return {
    now: () => now,
    after(ms, run) {
      const timer = setImmediate(() => {
        now += ms;
        run();
      });
      return () => clearImmediate(timer);
    },
  };
}

/** One host with a pretended virsh, in a cluster, behind the real VM service. */
export interface World {
  readonly host: Host;
  readonly machine: FakeVirsh;
  readonly vms: ReturnType<typeof createVms>;
  readonly store: ReturnType<typeof memoryKvmStore>;
  readonly tags: ReturnType<typeof memoryTags>;
  readonly notices: KvmNotice[];
  connected: boolean;
  readonly look: () => Promise<void>;
  readonly vm: (id: string) => Promise<VmInstance>;
}

export async function world(): Promise<World> {
  const store = memoryKvmStore();
  const tags = memoryTags();
  const machine = fakeVirsh();
  const here = host();
  const notices: KvmNotice[] = [];
  const zoneUuid = uuid();
  const { clusterUuid } = here;
  store.clusters.set(clusterUuid, { uuid: clusterUuid, zoneUuid, state: 'Enabled', hypervisorType: 'KVM' });
  await store.saveHost(here);
  const need = (): void => {
    if (!made.connected) throw new KvmError('host-disconnected', 'no connection');
  };
  const connections: HostConnections = {
    isConnected: (id) => made.connected && id === here.uuid,
    async use(_id, work) {
      need();
      return await work(machine.shell);
    },
    async look() {
      need();
      await made.vms.observer(here, { sections: new Map(), domains: [], time: 0 });
    },
    stream: () => Promise.reject(new KvmError('host-disconnected', 'no streams here')),
  };
  const made: World = {
    host: here,
    machine,
    store,
    tags,
    notices,
    connected: true,
    vms: createVms({
      store,
      tags,
      connections,
      random,
      log: silentLog,
      clock: hastyClock(),
      libvirtUri: 'qemu:///system',
      notify: (notice) => notices.push(notice),
      readDomains: () => [...machine.domains.values()].map(seen),
    }),
    look: () => connections.look(here.uuid),
    async vm(id) {
      const vm = await store.getVm(id);
      if (vm === undefined) throw new Error(`no VM ${id}`);
      return vm;
    },
  };
  return made;
}

/** A world with one VM that the host has. */
export async function worldWithVm(
  domain: Partial<FakeDomain> = {},
): Promise<World & { readonly id: Uuid; readonly domain: FakeDomain }> {
  const made = await world();
  const id = uuid();
  const there = made.machine.define({ id: dashes(id), title: 'web', ...domain });
  await made.look();
  return Object.assign(made, { id, domain: there });
}
