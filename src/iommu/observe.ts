import type { RandomBytes } from '../base/random.ts';
import { newUuid, type Uuid } from '../base/uuid.ts';
import type { Host, HostObserver, RawProbe, VmInstance } from '../kvm/index.ts';
import { createCarryOut } from './attach/carry-out.ts';
import type { IommuDeps } from './attach/deps.ts';
import { followMoves, movesOf } from './attach/follow.ts';
import { withHolders } from './attach/given.ts';
import { isIn, presenceIn } from './attach/presence.ts';
import { settle } from './attach/settle.ts';
import { reconcileDevices } from './discovery/reconcile.ts';
import type { VmUse } from './discovery/status.ts';
import type { HostPci, PciAssignment, PciDevice } from './model.ts';
import { changeNotices, outsideNotices } from './notices.ts';

/** How a look is read, and who else is told. */
export interface LookReaders {
  readonly read: (probe: RawProbe, options: { readonly managementIp: string }) => HostPci;
  readonly seen: (hostUuid: Uuid, pci: HostPci, probe: RawProbe) => Promise<void>;
  readonly random: RandomBytes;
}

/**
 * Makes the rows of a host's PCI devices agree with what it says, tells what changed, and settles what was left half done. Domains are
 * taken from the VMs' rows of the same look, so it comes after the observer of the VMs.
 */
export function createPciObserver(deps: IommuDeps, readers: LookReaders): HostObserver {
  const { store, vmStore, notify, work } = deps;
  const carryOut = createCarryOut(deps);

  async function observe(host: Host, pci: HostPci, probe: RawProbe): Promise<void> {
    const stored = await store.listPciDevicesOf(host.uuid);
    const assignments = await store.listAssignmentsOf(host.uuid);
    // While libvirt does not answer these are as they were, and so is who has what.
    const known = await vmStore.listVmsOf(host.uuid);
    const { devices: found, events } = reconcileDevices({
      hostUuid: host.uuid,
      seen: pci,
      stored,
      assignments,
      vmsByAddress: usesOf(known),
      now: deps.clock.now(),
      newUuid: () => newUuid(readers.random),
    });
    const silent = probe.domains === undefined;
    const moves = movesOf(events, assignments);
    const vms = silent ? known : await followMoves(deps, host.uuid, known, moves);
    // A move that no definition could follow yet must be found again at the next look.
    const isHeld = (uuid: Uuid): boolean => silent && moves.some(({ device }) => device.uuid === uuid);
    const changed = found.filter(({ uuid }) => !isHeld(uuid));
    const devices = withHolders(merged(stored, changed), assignments, vms);
    const mustWait = silent || work.busy.has(host.uuid) || probe.time < (work.movedAt.get(host.uuid) ?? 0);
    const settlement = mustWait ? undefined : settle({ devices, assignments, vms });
    await store.savePci({
      devices: differing(stored, devices),
      assignments: (settlement?.assignments ?? []).filter((one) => !assignments.some(isSame(one))),
    });
    // Everything of a new host would be news: that is none.
    if (stored.length > 0) {
      for (const notice of changeNotices(events.filter(({ device }) => !isHeld(device.uuid)))) notify(notice);
      for (const notice of outsideNotices(settlement?.outside ?? [])) notify(notice);
    }
    if (settlement !== undefined) await carryOut(host.uuid, settlement);
  }

  return async (host, probe) => {
    const pci = readers.read(probe, { managementIp: host.managementIp });
    work.needs.set(host.uuid, pci.needs);
    if (probe.domains === undefined) work.answering.delete(host.uuid);
    else work.answering.add(host.uuid);
    await work.rows(host.uuid, () => observe(host, pci, probe));
    await readers.seen(host.uuid, pci, probe);
  };
}

function usesOf(vms: readonly VmInstance[]): ReadonlyMap<string, readonly VmUse[]> {
  const uses = new Map<string, readonly VmUse[]>();
  for (const vm of vms) {
    const { config = [], live = [] } = vm.domain?.pciAddresses ?? {};
    for (const address of new Set([...config, ...live])) {
      const presence = presenceIn(vm, address);
      if (isIn(presence))
        uses.set(address, [...(uses.get(address) ?? []), { vmInstanceUuid: vm.uuid, ...presence }]);
    }
  }
  return uses;
}

/** All rows of the host: the changed ones in place of the stored ones, and the new ones. */
function merged(stored: readonly PciDevice[], changed: readonly PciDevice[]): readonly PciDevice[] {
  const rows = new Map(stored.map((device) => [device.uuid, device]));
  for (const device of changed) rows.set(device.uuid, device);
  return [...rows.values()];
}

function differing(stored: readonly PciDevice[], devices: readonly PciDevice[]): readonly PciDevice[] {
  const text = (device: PciDevice): string => JSON.stringify({ ...device, lastOpDate: 0 });
  const before = new Map(stored.map((device) => [device.uuid, text(device)]));
  return devices.filter((device) => before.get(device.uuid) !== text(device));
}

function isSame(one: { readonly pciDeviceUuid: Uuid }): (other: PciAssignment) => boolean {
  return (other) => JSON.stringify(other) === JSON.stringify(one);
}
