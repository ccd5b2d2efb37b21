import type { Uuid } from '../../base/uuid.ts';
import type { HostIommu, HostNeeds, PciDevice } from '../model.ts';
import type { AttachmentPlan } from '../service.ts';
import { hostLosses, type Refusal } from './host-loss.ts';
import { byAddress, groupMates, isBridge, isPresent, label, type PresentDevice } from './members.ts';
import { attachmentWarnings } from './warnings.ts';

/** The VM as far as a plan depends on it. */
export interface PlannedVm {
  readonly uuid: Uuid;
  readonly state: string;
  /** Where it runs, or where its definition lies while it is stopped. */
  readonly hostUuid: Uuid | undefined;
  /** Nodes of the host that its memory and CPUs are on, when that is known. */
  readonly numaNodes?: readonly number[];
}

/** The host as it was last seen. */
export interface PlannedHost {
  /** All PCI devices of the host. */
  readonly devices: readonly PciDevice[];
  readonly needs: HostNeeds;
  readonly iommu: Pick<HostIommu, 'state' | 'status'> & Partial<Pick<HostIommu, 'details' | 'rebootPending'>>;
}

/**
 * What giving a device to a VM means: its IOMMU group's endpoints move together, or nothing moves. A device that this VM has already
 * is no refusal. The same whatever the order of `devices`.
 */
export function planAttachment(
  input: PlannedHost & { readonly device: PciDevice; readonly vm: PlannedVm },
): AttachmentPlan {
  const { device, vm, devices, needs } = input;
  const mates = groupMates(device, devices);
  const members = isPresent(device) && !isBridge(device) ? [device, ...mates] : [];
  const moves = members.filter((member) => !isBridge(member)).toSorted(byAddress);
  const stays = devices.filter((other) => !moves.some((move) => move.uuid === other.uuid));
  const refusals = [
    ...hostRefusals(input),
    ...vmRefusals(device, vm),
    ...ownRefusals(device, vm, needs, stays),
    ...mates.flatMap((mate) => mateRefusals(mate, vm, needs, stays)),
  ];
  return {
    pciDeviceUuid: device.uuid,
    pciDeviceAddress: device.pciDeviceAddress,
    moves: moves.map(moveOf),
    driver: 'vfio-pci',
    refusals,
    warnings:
      isPresent(device) && !isBridge(device)
        ? attachmentWarnings({ leader: device, moves, devices, needs, numaNodes: vm.numaNodes ?? [] })
        : [],
  };
}

/** Devices that the VM could get now and has not, with all that moves along; by address. */
export function candidatesFor(vm: PlannedVm, host: PlannedHost): readonly PciDevice[] {
  return host.devices
    .filter(
      (device) =>
        device.vmInstanceUuid === undefined && planAttachment({ ...host, device, vm }).refusals.length === 0,
    )
    .toSorted(byAddress);
}

function moveOf(device: PresentDevice): AttachmentPlan['moves'][number] {
  return {
    pciDeviceUuid: device.uuid,
    pciDeviceAddress: device.pciDeviceAddress,
    name: device.name,
    driver: device.facts.driver,
  };
}

function hostRefusals({ iommu }: PlannedHost): readonly Refusal[] {
  if (iommu.state === 'Enabled' && iommu.status === 'Active') return [];
  const because = iommu.details === undefined || iommu.details === '' ? '' : ` (${iommu.details})`;
  const todo =
    iommu.state === 'Disabled'
      ? 'enable it with UpdateHostIommuState'
      : iommu.rebootPending === true
        ? 'it is enabled in the boot loader: reboot the host'
        : 'look at its status';
  return [
    {
      code: 'iommu-inactive',
      text: `the IOMMU of the host is ${iommu.state} and ${iommu.status}${because}: ${todo}`,
    },
  ];
}

function vmRefusals(device: PciDevice, vm: PlannedVm): readonly Refusal[] {
  const refusals: Refusal[] = [];
  if (vm.state !== 'Running' && vm.state !== 'Stopped') {
    refusals.push({
      code: 'vm-state',
      text: `the VM is ${vm.state}: devices go only to a Running or Stopped VM; wait or start it first`,
    });
  }
  if (vm.hostUuid !== device.hostUuid) {
    refusals.push({
      code: 'other-host',
      text: `${label(device)} is in another host than the VM: choose a device of the VM's host`,
    });
  }
  return refusals;
}

function ownRefusals(
  device: PciDevice,
  vm: PlannedVm,
  needs: HostNeeds,
  stays: readonly PciDevice[],
): readonly Refusal[] {
  if (!isPresent(device)) {
    return [
      {
        code: 'inactive',
        text: `the host does not report ${label(device)} any more: put it back and reconnect the host, or delete the entry`,
      },
    ];
  }
  if (isBridge(device)) {
    return [
      {
        code: 'bridge',
        text: `${label(device)} is a bridge; bridges stay with the host: choose a device behind it`,
      },
    ];
  }
  const refusals = stateRefusals(device, vm, needs, stays);
  if (device.facts.iommuGroup !== undefined) return refusals;
  return [
    {
      code: 'no-group',
      text: `${label(device)} has no IOMMU group, so its memory accesses cannot be confined: it hangs on no IOMMU of this machine`,
    },
    ...refusals,
  ];
}

function mateRefusals(
  mate: PresentDevice,
  vm: PlannedVm,
  needs: HostNeeds,
  stays: readonly PciDevice[],
): readonly Refusal[] {
  const found = isBridge(mate) ? chipsetRefusals(mate) : stateRefusals(mate, vm, needs, stays);
  return found.map(({ code, text }) => ({
    code,
    text: `${label(mate)} is in the same IOMMU group and cannot go along: ${text}`,
  }));
}

/**
 * A bridge between buses (0604, 0609) may keep its driver; a driver on a bridge that is an endpoint (host, ISA) makes the kernel refuse
 * the whole group, and the host needs that one. Linux Documentation/driver-api/vfio.rst
 */
function chipsetRefusals(bridge: PresentDevice): readonly Refusal[] {
  const { classCode, driver } = bridge.facts;
  if (/^06(?:04|09)/.test(classCode)) return [];
  if (driver === undefined || driver === 'pci-stub' || driver === 'pcieport' || driver === 'vfio-pci')
    return [];
  return [
    {
      code: 'bridge',
      text: `the host's driver ${driver} has it, and it must stay: the kernel gives a group only as a whole; try another slot`,
    },
  ];
}

/** What speaks against one endpoint, whether it was asked for or goes along. */
function stateRefusals(
  device: PresentDevice,
  vm: PlannedVm,
  needs: HostNeeds,
  stays: readonly PciDevice[],
): readonly Refusal[] {
  const refusals: Refusal[] = [];
  if (device.state === 'Disabled') {
    refusals.push({
      code: 'disabled',
      text: `${label(device)} is Disabled: enable it with UpdatePciDevice`,
    });
  }
  if (device.vmInstanceUuid !== undefined && device.vmInstanceUuid !== vm.uuid) {
    refusals.push({
      code: 'attached-elsewhere',
      text: `${label(device)} is given to VM ${device.vmInstanceUuid}: detach it from there first`,
    });
  }
  const vfs = device.facts.sriov?.numVfs ?? 0;
  if (vfs > 0) {
    refusals.push({
      code: 'has-vfs',
      text: `${label(device)} has ${vfs} virtual functions, which would go away with it: remove them first, or give one of them to the VM`,
    });
  }
  return [...refusals, ...hostLosses(device, needs, stays)];
}
