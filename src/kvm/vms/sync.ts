import { parseUuid, type Uuid } from '../../base/uuid.ts';
import type { Host, VmInstance } from '../model.ts';
import { readDomains } from '../parse/domains.ts';
import type { HostObserver } from '../service.ts';
import type { VmContext } from './context.ts';
import { reconcileDomains } from './reconcile.ts';

function uuidsOf(domains: readonly { readonly uuid: string }[]): ReadonlySet<Uuid> {
  return new Set(domains.map(({ uuid }) => parseUuid(uuid)).filter((uuid) => uuid !== undefined));
}

/** Keeps the VM rows of a host as the host says. */
export function createVmSync(context: VmContext): {
  readonly observer: HostObserver;
  /** The host cannot be seen any more: what ran on it is Unknown until the next look. */
  hostGone(hostUuid: Uuid): Promise<void>;
} {
  const { store, connections, clock, notify } = context.deps;
  const read = context.deps.readDomains ?? readDomains;

  async function storedFor(host: Host, seen: readonly Uuid[]): Promise<readonly VmInstance[]> {
    const own = await store.listVmsOf(host.uuid);
    const known = new Set(own.map((vm) => vm.uuid));
    const others = await Promise.all(
      seen.filter((uuid) => !known.has(uuid)).map((uuid) => store.getVm(uuid)),
    );
    return [...own, ...others.filter((vm) => vm !== undefined)];
  }

  const hostGone = (hostUuid: Uuid): Promise<void> =>
    context.rows(async () => {
      const vms = await store.listVmsOf(hostUuid);
      const saved = vms
        .filter((vm) => vm.hostUuid === hostUuid && vm.state !== 'Unknown')
        .map((vm) => ({ ...vm, state: 'Unknown' as const, lastOpDate: clock.now() }));
      if (saved.length > 0) await store.saveDomains({ saved, gone: [] });
    });

  return {
    hostGone,
    async observer(host, probe) {
      // A libvirt that does not answer is no host without VMs.
      if (probe.domains === undefined) return await hostGone(host.uuid);
      const domains = read(probe);
      const listed = uuidsOf([...probe.domains, ...domains]);
      const notices = await context.rows(async () => {
        const cluster = await store.clusterOf(host.clusterUuid);
        const change = reconcileDomains({
          host,
          zoneUuid: cluster?.zoneUuid,
          domains,
          listed,
          stored: await storedFor(host, [...listed]),
          busy: context.busy,
          isConnected: (uuid) => connections.isConnected(uuid),
          isos: await store.listImages(),
          now: clock.now(),
        });
        if (change.saved.length + change.gone.length > 0) {
          await store.saveDomains({ saved: change.saved, gone: change.gone });
        }
        return change.notices;
      });
      for (const notice of notices) notify(notice);
    },
  };
}
