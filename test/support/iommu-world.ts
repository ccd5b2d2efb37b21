import type { Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { createTurns } from '../../src/base/turns.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { createHostWork, type IommuDeps } from '../../src/iommu/attach/deps.ts';
import type { HostPci, PciDevice, PciFacts } from '../../src/iommu/model.ts';
import { createPciObserver } from '../../src/iommu/observe.ts';
import type { Host, HostObserver, KvmNotice, RawProbe, VmInstance } from '../../src/kvm/index.ts';
import { KvmError } from '../../src/kvm/index.ts';
import { createFakeHostShell, type FakeHostShell } from './fake-host-shell.ts';
import {
  createFakePciHost,
  type FakePci,
  type FakePciDomain,
  type FakePciHost,
} from './fake-host-shell-pci.ts';
import { host as hostRow, pciFacts, vm as vmRow } from './fake-kvm-records.ts';
import { random } from './records.ts';
import { createMemoryIommuStore, type MemoryIommuStore } from './memory-iommu-store.ts';

/** One host with its rows, and this room over it; `boot` makes the room anew, as a start of Rackwright does. */
export interface IommuWorld {
  readonly host: Host;
  readonly model: FakePciHost;
  readonly shell: FakeHostShell;
  readonly store: MemoryIommuStore;
  readonly notices: KvmNotice[];
  /** The room's dependencies of the process that runs now. */
  deps: IommuDeps;
  /** A new process: memory is lost, the one before can do nothing any more. */
  boot(): void;
  /** A new connection after the last one broke. */
  reconnect(): void;
  /** Looks once a minute until nothing is under way any more. */
  settle(): Promise<void>;
  device(address: string): PciDevice;
  readonly vms: Map<string, VmInstance>;
  /** The process stops at its next step, for ever. */
  freeze(): void;
  /** The process stops at a write of this number (0 is the next), before or after it is durable. */
  freezeAtWrite(number: number, when: 'before' | 'after'): void;
  /** Resolves when the process was stopped. */
  readonly frozen: () => Promise<void>;
}

export const gpu = '0000:01:00.0';
export const audio = '0000:01:00.1';
export const nic = '0000:02:00.0';

/** Two functions of one group, and a NIC of a group of its own. */
export const usualPci = (): FakePci[] => [
  { address: gpu, group: 14, native: 'nouveau', driver: 'nouveau' },
  { address: audio, group: 14, native: 'snd_hda_intel', driver: 'snd_hda_intel' },
  { address: nic, group: 15, native: 'e1000e', driver: 'e1000e', vfs: { total: 4, num: 0 } },
];

export const vmA = 'a'.repeat(32) as Uuid;
export const vmB = 'b'.repeat(32) as Uuid;

export const domainOf = (uuid: string, change: Partial<FakePciDomain> = {}): FakePciDomain => ({
  uuid,
  persistent: true,
  running: true,
  config: [],
  live: [],
  answers: true,
  ...change,
});

/** Makes the world; nothing was looked at yet. */
export function createIommuWorld(
  pci: readonly FakePci[] = usualPci(),
  domains: readonly FakePciDomain[] = [domainOf(vmA), domainOf(vmB)],
): IommuWorld {
  const host = hostRow('c'.repeat(32) as Uuid);
  const model = createFakePciHost(pci, domains);
  const shell = createFakeHostShell(model.model);
  const store = createMemoryIommuStore();
  store.iommus.set(host.uuid, {
    hostUuid: host.uuid,
    state: 'Enabled',
    status: 'Active',
    details: '',
    rebootPending: false,
    change: undefined,
  });
  const vms = new Map<string, VmInstance>();
  const notices: KvmNotice[] = [];
  let now = 1_700_000_000_000;
  const clock: Clock = {
    now: () => now,
    after(ms, run) {
      queueMicrotask(() => {
        now += ms;
        run();
      });
      return () => undefined;
    },
  };
  let process = { alive: true };
  let connection = shell.connect();
  let freezing: { left: number; when: 'before' | 'after' } | undefined;
  let stop = (): void => undefined;
  let stopped: Promise<void>;
  const savePci: MemoryIommuStore['savePci'] = async (change) => {
    const now = freezing !== undefined && freezing.left-- === 0 ? freezing.when : undefined;
    if (now !== 'before') await store.savePci(change);
    if (now === undefined) return;
    world.freeze();
    await new Promise(() => undefined);
  };
  const world = {
    host,
    model,
    shell,
    store,
    notices,
    vms,
    boot,
    reconnect: () => {
      connection = shell.connect();
    },
    freeze: () => {
      process.alive = false;
      stop();
    },
    freezeAtWrite(number: number, when: 'before' | 'after') {
      freezing = { left: number, when };
    },
    frozen: () => stopped,
    async settle() {
      for (let round = 0; round < 4; round++) {
        await world.deps.connections.look(host.uuid);
        now += 61_000;
      }
    },
    device(address: string) {
      const found = [...store.devices.values()].find((d) => d.pciDeviceAddress === address);
      if (found === undefined) throw new Error(`no row of ${address}`);
      return found;
    },
  } as IommuWorld;
  boot();
  return world;

  function boot(): void {
    process.alive = false;
    freezing = undefined;
    stopped = new Promise((resolve) => {
      stop = resolve;
    });
    const mine = { alive: true };
    process = mine;
    const turn = createTurns();
    const lookTurn = createTurns();
    let observer: HostObserver | undefined;
    const guarded = <T extends object>(target: T): T => haltingWith(target, () => mine.alive);
    const deps: IommuDeps = {
      store: guarded({ ...store, savePci }),
      vms: {
        exclusive: async (uuid, work) => {
          const vm = vms.get(uuid);
          if (vm === undefined) throw new KvmError('not-found', `there is no VM ${uuid}`);
          return await turn(vm.uuid, () => work(vm));
        },
      },
      vmStore: guarded({
        getHost: async () => host,
        getVm: async (uuid: string) => vms.get(uuid),
        listVmsOf: async () => [...vms.values()],
      }),
      connections: guarded({
        isConnected: () => true,
        stream: () => Promise.reject(new KvmError('refused', 'no streams here')),
        use: async (_host, work) => await work(connection).catch(lost),
        look: (hostUuid: Uuid) =>
          lookTurn(hostUuid, async () => {
            // A command like any other: the connection can break here, too.
            await connection.run(['probe']).catch(lost);
            syncVms();
            await observer?.(host, probeOf());
          }),
      } satisfies IommuDeps['connections']),
      notify: (notice) => void notices.push(notice),
      libvirtUri: 'qemu:///system',
      clock,
      log: silentLog,
      work: createHostWork(),
    };
    observer = createPciObserver(deps, { read: () => pciNow(), seen: async () => undefined, random });
    world.deps = deps;
  }

  function probeOf(): RawProbe {
    return { sections: new Map(), time: clock.now(), ...(model.libvirt ? { domains: [] } : {}) };
  }

  /** What the observer of the VMs does before this room is told. */
  function syncVms(): void {
    if (!model.libvirt) return;
    for (const uuid of vms.keys()) if (!model.domains.has(uuid)) vms.delete(uuid);
    for (const { uuid, running, persistent, config, live } of model.domains.values()) {
      const row = vmRow(host, { uuid: uuid as Uuid, state: running ? 'Running' : 'Stopped' });
      const { domain } = row;
      if (domain === undefined) throw new Error('sample VMs have a definition');
      const pciAddresses = { config: [...config], live: [...live] };
      vms.set(uuid, { ...row, domain: { ...domain, persistent, pciAddresses } });
    }
  }

  function factsNow(): readonly PciFacts[] {
    return [...model.pci.values()].map(({ address, group, driver, vfs, slot = address }) =>
      pciFacts({
        address,
        iommuGroup: group,
        driver,
        slotPath: slot,
        bootVga: false,
        uses: { netInterfaces: [], blockDevices: [], drm: [] },
        sriov: vfs === undefined ? undefined : { totalVfs: vfs.total, numVfs: vfs.num },
      }),
    );
  }

  function pciNow(): HostPci {
    return {
      devices: factsNow(),
      needs: { disks: [], netInterfaces: [], consoleOnVga: false },
      iommu: { vendor: 'intel', units: ['dmar0'], groups: 2, commandLine: 'intel_iommu=on' },
    };
  }

  async function lost(error: unknown): Promise<never> {
    await Promise.resolve();
    throw new KvmError('host-disconnected', 'the host is not connected', { cause: error });
  }
}

/** Methods that never come back once the process is dead: no effect, no answer. */
function haltingWith<T extends object>(target: T, isAlive: () => boolean): T {
  return new Proxy(target, {
    get(from, name) {
      const member: unknown = Reflect.get(from, name);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown =>
        isAlive() ? Reflect.apply(member, from, args) : new Promise(() => undefined);
    },
  });
}
