import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomBytes } from '../../base/random.ts';
import { createTurns } from '../../base/turns.ts';
import type { HostShell } from '../../net/shell.ts';
import { createConnections } from '../connection/manager.ts';
import type { HostFacts } from '../model.ts';
import type { KvmStore, Notify } from '../ports.ts';
import type { RawProbe } from '../probe/raw.ts';
import type { HostConnections, HostObserver, HostService } from '../service.ts';
import { type OpenDeps, openHost } from './open.ts';
import { createHostService } from './service.ts';

/** What hosts need of others. */
export interface HostsDeps extends OpenDeps {
  readonly store: KvmStore;
  /** Looks at a host once. */
  readonly probe: (shell: HostShell) => Promise<RawProbe>;
  readonly readFacts: (probe: RawProbe) => HostFacts;
  /** `qemu:///system` as a rule. */
  readonly libvirtUri: string;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** How often a host is looked at without any event; default 10 minutes. */
  readonly lookEveryMs?: number;
}

/** KVM hosts: what people do with them, and their connections for others. */
export interface Hosts {
  readonly service: HostService;
  readonly connections: HostConnections;
  /** Before `start`: who is told of every look, after the hosts themselves. */
  observe(observer: HostObserver): void;
  /** Begins to connect all stored hosts; does not wait for them. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the host service and the connections that it shares with VMs, devices and consoles. */
export function createHosts(deps: HostsDeps): Hosts {
  const { store } = deps;
  const turns = createTurns();
  const saveStatus: KvmStore['saveHostStatus'] = (uuid, change) =>
    // A person's change of the same row is read and written whole: nothing may come in between.
    turns(uuid, () => store.saveHostStatus(uuid, change));
  const connections = createConnections({
    ...deps,
    store: {
      getHost: (uuid) => store.getHost(uuid),
      listHosts: () => store.listHosts(),
      saveHostStatus: saveStatus,
    },
    open: (host, signal) => openHost(deps, host, signal),
  });
  connections.observe((host, probe) => {
    const facts = deps.readFacts(probe);
    return turns(host.uuid, async () => {
      // Read anew: while the host was looked at, it may have been lost.
      const { status, statusCause } = (await store.getHost(host.uuid)) ?? host;
      await store.saveHostStatus(host.uuid, { status, statusCause, facts });
    });
  });
  return {
    service: createHostService({ ...deps, turns, connections }),
    connections,
    observe: connections.observe,
    start: connections.start,
    close: connections.close,
  };
}
