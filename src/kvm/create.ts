import { createCatalogue } from './catalogue/create.ts';
import { watchVms } from './consoles/changes.ts';
import { createVmConsoles } from './consoles/consoles.ts';
import { createHosts, type HostsDeps } from './hosts/hosts.ts';
import { readHostFacts } from './parse/host-facts.ts';
import type { KvmStore, TagReader } from './ports.ts';
import { probeHost } from './probe/probe.ts';
import type {
  CatalogueService,
  ConsoleService,
  HostConnections,
  HostObserver,
  HostService,
  UsbService,
  VmService,
} from './service.ts';
import { createUsb } from './usb/create.ts';
import { createVms } from './vms/vms.ts';

/** KVM hosts, their VMs and USB devices, and what VMs are made of. */
export interface Kvm {
  readonly hosts: HostService;
  readonly connections: HostConnections;
  readonly vms: VmService;
  readonly usb: UsbService;
  readonly catalogue: CatalogueService;
  readonly consoles: ConsoleService;
  /** Before `start`: told of every look at a host, after hosts and VMs. */
  observe(observer: HostObserver): void;
  /** Begins to connect all stored hosts; does not wait for them. */
  start(): Promise<void>;
  /** Ends connections and everything under way; may be called twice. */
  close(): Promise<void>;
}

/** Builds the room. Nothing touches a host before `start` or a call. */
export function createKvm(deps: Omit<HostsDeps, 'probe' | 'readFacts'> & { readonly tags: TagReader }): Kvm {
  const { clock, libvirtUri, random } = deps;
  const changes = watchVms(deps.store, deps.log);
  const store: KvmStore = {
    ...changes.store,
    async saveHostStatus(uuid, change) {
      await deps.store.saveHostStatus(uuid, change);
      if (change.status !== 'Connected') await vms.hostGone(uuid);
    },
  };
  const hosts = createHosts({
    ...deps,
    store,
    probe: (shell) =>
      probeHost(shell, {
        libvirtUri,
        now: () => clock.now(),
        boundary: Buffer.from(random(16)).toString('hex'),
      }),
    readFacts: readHostFacts,
  });
  const { connections } = hosts;
  const vms = createVms({ ...deps, store: changes.store, connections });
  const usb = createUsb({ ...deps, vms: vms.service, connections });
  hosts.observe(vms.observer);
  hosts.observe(usb.observer);
  return {
    hosts: hosts.service,
    connections,
    vms: vms.service,
    usb: usb.service,
    catalogue: createCatalogue(deps),
    consoles: createVmConsoles({ store, connections, vms: vms.service, changes, libvirtUri, clock }),
    observe: (observer) => hosts.observe(observer),
    start: () => hosts.start(),
    async close() {
      usb.close();
      await vms.close();
      await hosts.close();
    },
  };
}
