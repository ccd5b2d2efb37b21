import type { Uuid } from '../../base/uuid.ts';
import type { VmInstance } from '../../kvm/index.ts';
import type { PciAssignment, PciDevice } from '../model.ts';
import { byAddress } from '../plan/members.ts';
import type { Presence } from './commands.ts';
import { holderOf, isIn, isWholly, presenceIn } from './presence.ts';

/** An assignment to write, or one to remove. */
export type AssignmentChange = PciAssignment | { readonly pciDeviceUuid: Uuid; readonly phase: undefined };

/** What a host says against what was meant. */
export interface Settlement {
  readonly assignments: readonly AssignmentChange[];
  /** Devices that are to leave a VM, and where it still has them. */
  readonly takeOut: readonly {
    readonly device: PciDevice;
    readonly vm: VmInstance;
    readonly from: Presence;
  }[];
  /** Devices that are in no VM any more and get their driver back; then their assignments go. */
  readonly restore: readonly { readonly device: PciDevice; readonly previousDriver: string | undefined }[];
  /** Changes that somebody made outside. */
  readonly outside: readonly {
    readonly kind: 'lost' | 'taken-over';
    readonly device: PciDevice;
    readonly vmUuid: Uuid;
  }[];
}

/** The host's PCI side as kept after a look, with its VMs of the same look. */
export interface SettleInput {
  readonly devices: readonly PciDevice[];
  readonly assignments: readonly PciAssignment[];
  readonly vms: readonly VmInstance[];
}

interface Member {
  readonly device: PciDevice;
  readonly assignment: PciAssignment;
}

/**
 * Compares intents with what the host says: an attachment that is half done is taken back, a detachment that is half done goes on,
 * what was given or taken outside is adopted. Nothing in the host is touched here.
 */
export function settle({ devices, assignments, vms }: SettleInput): Settlement {
  const byUuid = new Map(devices.map((device) => [device.uuid, device]));
  const members = assignments
    .flatMap((assignment): Member[] => {
      const device = byUuid.get(assignment.pciDeviceUuid);
      return device === undefined ? [] : [{ device, assignment }];
    })
    .toSorted((a, b) => byAddress(a.device, b.device));
  const there = isThere(devices);
  const elsewhere = members.filter((member) => !there(member.device) || isElsewhere(member, vms));
  const groups = groupsOf(members.filter((member) => !elsewhere.includes(member)));
  const settled = [...groups.map((group) => settleGroup(group, devices, vms)), ...elsewhere.map(gaveAway)];
  const closed = new Set(elsewhere.map(({ device }) => device.uuid));
  const adopted = adopt(
    devices,
    assignments.filter((a) => !closed.has(a.pciDeviceUuid)),
    vms,
  );
  return {
    // What is adopted comes last: it replaces the removal of what somebody else had.
    assignments: [...settled.flatMap((s) => s.assignments), ...adopted.assignments],
    takeOut: settled.flatMap((s) => s.takeOut),
    restore: settled.flatMap((s) => s.restore),
    outside: [...settled.flatMap((s) => s.outside), ...adopted.outside],
  };
}

const nothing: Settlement = { assignments: [], takeOut: [], restore: [], outside: [] };

/** Only another VM than the one it was meant for has it. A device whose address another one has now is in no VM at all. */
function isElsewhere({ device, assignment }: Member, vms: readonly VmInstance[]): boolean {
  const holder = holderOf(device, vms, assignment.vmInstanceUuid);
  const meant = vms.find((vm) => vm.uuid === assignment.vmInstanceUuid);
  if (meant !== undefined && (meant.domain === undefined || isIn(presenceIn(meant, device.pciDeviceAddress))))
    return false;
  return holder !== undefined;
}

function gaveAway({ device, assignment }: Member): Settlement {
  return {
    ...nothing,
    assignments: [{ pciDeviceUuid: device.uuid, phase: undefined }],
    outside:
      assignment.phase === 'attached' ? [{ kind: 'lost', device, vmUuid: assignment.vmInstanceUuid }] : [],
  };
}

function groupsOf(members: readonly Member[]): readonly (readonly Member[])[] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const key = `${member.assignment.leaderUuid} ${member.assignment.vmInstanceUuid}`;
    groups.set(key, [...(groups.get(key) ?? []), member]);
  }
  return [...groups.values()];
}

function settleGroup(
  group: readonly Member[],
  devices: readonly PciDevice[],
  vms: readonly VmInstance[],
): Settlement {
  const vm = vms.find((one) => one.uuid === group[0]?.assignment.vmInstanceUuid);
  // A definition that could not be read says nothing about what is in it.
  if (vm !== undefined && vm.domain === undefined) return nothing;
  const phases = group.map(({ assignment }) => assignment.phase);
  if (phases.every((phase) => phase === 'attached')) return settleAttached(group, vm, devices, vms);
  if (
    vm !== undefined &&
    !phases.includes('detaching') &&
    group.every(({ device }) => isWholly(vm, device))
  ) {
    return { ...nothing, assignments: inPhase(group, 'attached') };
  }
  return comeBack(group, vm, devices, vms);
}

function settleAttached(
  group: readonly Member[],
  vm: VmInstance | undefined,
  devices: readonly PciDevice[],
  vms: readonly VmInstance[],
): Settlement {
  const lost = group.filter(({ device }) => !isIn(presenceIn(vm, device.pciDeviceAddress)));
  if (lost.length === 0) return nothing;
  const outside = lost.map(({ device, assignment }) => ({
    kind: 'lost' as const,
    device,
    vmUuid: assignment.vmInstanceUuid,
  }));
  // A part of a group that somebody took out gets its driver back when the rest is out, too: until then it is a group of its own.
  const gone = comeBack(ledByFirst(lost), vm, devices, vms);
  const stays = ledByFirst(group.filter((member) => !lost.includes(member)));
  return { ...gone, assignments: [...gone.assignments, ...inPhase(stays, 'attached')], outside };
}

/** The same devices with a leader among them. */
function ledByFirst(group: readonly Member[]): readonly Member[] {
  const [first] = group;
  if (first === undefined || group.some(({ device, assignment }) => device.uuid === assignment.leaderUuid))
    return group;
  return group.map(({ device, assignment }) => ({
    device,
    assignment: { ...assignment, leaderUuid: first.device.uuid },
  }));
}

/** Out of the VM first, all of the group; then back to the host's drivers, all at once. */
function comeBack(
  group: readonly Member[],
  vm: VmInstance | undefined,
  devices: readonly PciDevice[],
  vms: readonly VmInstance[],
): Settlement {
  const takeOut = group.flatMap(({ device }) => {
    const from = presenceIn(vm, device.pciDeviceAddress);
    return vm !== undefined && isIn(from) ? [{ device, vm, from }] : [];
  });
  const free = takeOut.length === 0 && !group.some(({ device }) => isGroupInUse(device, devices, vms));
  return {
    ...nothing,
    assignments: inPhase(group, 'detaching'),
    takeOut,
    restore: free
      ? group.map(({ device, assignment }) => ({ device, previousDriver: assignment.previousDriver }))
      : [],
  };
}

/** A running VM has a device of the group: a driver of the host on another one would take the ground from under it. */
export function isGroupInUse(
  device: PciDevice,
  devices: readonly PciDevice[],
  vms: readonly VmInstance[],
): boolean {
  const group = device.facts?.iommuGroup;
  return devices.some(
    (other) =>
      (other.uuid === device.uuid || (group !== undefined && other.facts?.iommuGroup === group)) &&
      vms.some((vm) => presenceIn(vm, other.pciDeviceAddress).live),
  );
}

function inPhase(group: readonly Member[], phase: PciAssignment['phase']): readonly PciAssignment[] {
  return group.map(({ assignment }) => ({ ...assignment, phase }));
}

/** Devices that a definition has and nobody here gave; mates in the same VM share a leader. */
function adopt(
  devices: readonly PciDevice[],
  assignments: readonly PciAssignment[],
  vms: readonly VmInstance[],
): Pick<Settlement, 'assignments' | 'outside'> {
  const assigned = new Map(assignments.map((a) => [a.pciDeviceUuid, a]));
  const leaders = new Map<string, Uuid>();
  const leaderKey = (device: PciDevice, vmUuid: Uuid): string =>
    `${device.facts?.iommuGroup ?? device.uuid} ${vmUuid}`;
  for (const device of devices) {
    const known = assigned.get(device.uuid);
    if (known?.phase === 'attached') leaders.set(leaderKey(device, known.vmInstanceUuid), known.leaderUuid);
  }
  const outside: Settlement['outside'][number][] = [];
  const added: PciAssignment[] = [];
  for (const device of devices.filter(isThere(devices)).toSorted(byAddress)) {
    const vm = assigned.has(device.uuid) ? undefined : holderOf(device, vms, undefined);
    if (vm === undefined) continue;
    const key = leaderKey(device, vm.uuid);
    const leaderUuid = leaders.get(key) ?? device.uuid;
    leaders.set(key, leaderUuid);
    const driver = device.facts?.driver;
    added.push({
      pciDeviceUuid: device.uuid,
      vmInstanceUuid: vm.uuid,
      leaderUuid,
      phase: 'attached',
      previousDriver: driver === 'vfio-pci' ? undefined : driver,
    });
    outside.push({ kind: 'taken-over', device, vmUuid: vm.uuid });
  }
  return { assignments: added, outside };
}

/** An address means the device that is there now; one that is gone has it only when no other took its place. */
export function isThere(devices: readonly PciDevice[]): (device: PciDevice) => boolean {
  const present = new Map(
    devices.filter((d) => d.status !== 'Inactive').map((d) => [d.pciDeviceAddress, d.uuid]),
  );
  return (device) => (present.get(device.pciDeviceAddress) ?? device.uuid) === device.uuid;
}
