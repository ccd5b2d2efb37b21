import type { Uuid } from '../../base/uuid.ts';
import type { HostPci, PciAssignment, PciDevice, PciFacts } from '../model.ts';
import { kindOf, nameOf, typeOf } from './classify.ts';
import { eventsOf, type PciEvent } from './events.ts';
import { identityOf, type Identity, matchIdentities, readIdentity, writeIdentity } from './identity.ts';
import { type Claims, systemAddresses, type VmUse, vmOf } from './status.ts';

/** One look at a host's PCI side and what was known before. */
export interface PciLook {
  readonly hostUuid: Uuid;
  readonly seen: HostPci;
  readonly stored: readonly PciDevice[];
  readonly assignments: readonly PciAssignment[];
  /** By address; only VMs of this host. */
  readonly vmsByAddress: ReadonlyMap<string, readonly VmUse[]>;
  /** ms since the epoch. */
  readonly now: number;
  readonly newUuid: () => Uuid;
}

/** Rows to save, new and changed ones only, and what a person may want to know. */
export interface PciChange {
  readonly devices: readonly PciDevice[];
  readonly events: readonly PciEvent[];
}

/**
 * Makes the rows of a host agree with what it says. A device keeps its uuid as long as it is the same device, wherever it is; what the
 * administrator wrote (state, description, metaData) is never touched. Status: Attached when a VM has it, System when the host cannot
 * spare it, Inactive when it is not reported any more, Active otherwise. A device on its way to or from a VM keeps its status until that
 * is settled. The first look at a host has no events.
 */
export function reconcileDevices(look: PciLook): PciChange {
  const { assignments, seen, stored, vmsByAddress } = look;
  const matches = matchIdentities(
    [...stored].sort(presentFirst).flatMap((device) => {
      const identity = readIdentity(device.identity);
      return identity === undefined ? [] : [{ item: device, address: device.pciDeviceAddress, identity }];
    }),
    seen.devices.map((facts) => ({ item: facts, address: facts.address, identity: identityOf(facts) })),
  );
  const claims: Claims = {
    vmsByAddress,
    assignments: new Map(assignments.map((assignment) => [assignment.pciDeviceUuid, assignment])),
  };
  const moved = new Map<string, Uuid>();
  for (const [facts, device] of matches) {
    if (device.pciDeviceAddress !== facts.address) moved.set(device.pciDeviceAddress, device.uuid);
  }
  const system = systemAddresses(seen);
  const devices: PciDevice[] = [];
  const events: PciEvent[] = [];
  const keep = (before: PciDevice | undefined, after: PciDevice): void => {
    if (before !== undefined && isSame(before, after)) return;
    const device = { ...after, lastOpDate: look.now };
    devices.push(device);
    if (stored.length > 0) events.push(...eventsOf(before, device, claims.assignments.get(device.uuid)));
  };
  for (const facts of seen.devices) {
    const before = matches.get(facts);
    const uuid = before?.uuid ?? look.newUuid();
    const vm = vmOf({ uuid, address: facts.address, stored: before }, claims, moved);
    const fresh = rowOf(facts, uuid, before, look);
    keep(before, withStatus(fresh, vm, system.has(facts.address), before, claims.assignments.get(uuid)));
  }
  const present = new Set([...matches.values()].map(({ uuid }) => uuid));
  for (const device of stored) {
    if (!present.has(device.uuid)) keep(device, withoutDevice(device, claims.assignments.has(device.uuid)));
  }
  return { devices, events };
}

/** Of several rows that may be one device, the one that is there counts, then the one that was there last. */
function presentFirst(a: PciDevice, b: PciDevice): number {
  const gone = (device: PciDevice): number => (device.status === 'Inactive' ? 1 : 0);
  return gone(a) - gone(b) || b.lastOpDate - a.lastOpDate || (a.uuid < b.uuid ? -1 : 1);
}

function rowOf(facts: PciFacts, uuid: Uuid, before: PciDevice | undefined, look: PciLook): PciDevice {
  const hasNames = facts.vendorName !== undefined || facts.deviceName !== undefined;
  return {
    uuid,
    hostUuid: look.hostUuid,
    vmInstanceUuid: undefined,
    // A look without pciutils must not take the names away.
    name: before !== undefined && !hasNames ? before.name : nameOf(facts),
    description: before?.description,
    status: 'Active',
    state: before?.state ?? 'Enabled',
    type: typeOf(facts),
    kind: kindOf(facts),
    identity: writeIdentity(lasting(identityOf(facts), before)),
    pciDeviceAddress: facts.address,
    vendorId: facts.vendorId,
    deviceId: facts.deviceId,
    subvendorId: facts.subvendorId,
    subdeviceId: facts.subdeviceId,
    metaData: before?.metaData,
    facts,
    createDate: before?.createDate ?? look.now,
    lastOpDate: before?.lastOpDate ?? look.now,
  };
}

/** A serial that was read once stays: not every look can read it (a sleeping device, no pciutils). */
function lasting(identity: Identity, before: PciDevice | undefined): Identity {
  return {
    ...identity,
    serial: identity.serial ?? (before === undefined ? undefined : readIdentity(before.identity)?.serial),
  };
}

function withStatus(
  device: PciDevice,
  vm: Uuid | undefined,
  isSystem: boolean,
  before: PciDevice | undefined,
  assignment: PciAssignment | undefined,
): PciDevice {
  const isOnItsWay = assignment?.phase === 'attaching' || assignment?.phase === 'detaching';
  if (isOnItsWay && before !== undefined && before.status !== 'Inactive') {
    return { ...device, status: before.status, vmInstanceUuid: before.vmInstanceUuid };
  }
  if (vm !== undefined) return { ...device, status: 'Attached', vmInstanceUuid: vm };
  return { ...device, status: isSystem ? 'System' : 'Active' };
}

/** Its VM is remembered while it is meant to have the device, so that the device comes back to it. */
function withoutDevice(device: PciDevice, isAssigned: boolean): PciDevice {
  return {
    ...device,
    status: 'Inactive',
    vmInstanceUuid: isAssigned ? device.vmInstanceUuid : undefined,
  };
}

function isSame(before: PciDevice, after: PciDevice): boolean {
  return JSON.stringify(sortedEntries(before)) === JSON.stringify(sortedEntries(after));
}

/** Rows from the database may have their members in another order. */
function sortedEntries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedEntries);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sortedEntries(item)]);
}
