import type { PciAssignment, PciDevice } from '../model.ts';
import type { AttachmentPlan } from '../service.ts';
import type { PlannedVm } from './attachment.ts';
import type { Refusal } from './host-loss.ts';
import { byAddress, groupMates, isPresent, label } from './members.ts';
import { resetWarnings, type Warning } from './warnings.ts';

/** What taking a device back means. Nothing to move and no refusal: the VM does not have it. */
export interface DetachmentPlan {
  readonly pciDeviceUuid: AttachmentPlan['pciDeviceUuid'];
  readonly pciDeviceAddress: string;
  /** All devices that come back together; `driver` is the host's driver that they get back. */
  readonly moves: AttachmentPlan['moves'];
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly Warning[];
}

/** What taking a device back from a VM means: everything that went along comes back, whatever has become of the group since. */
export function planDetachment(input: {
  readonly device: PciDevice;
  readonly vm: PlannedVm;
  readonly devices: readonly PciDevice[];
  readonly assignments: readonly PciAssignment[];
}): DetachmentPlan {
  const { device, vm, devices, assignments } = input;
  const back = comingBack(input);
  const previous = new Map(assignments.map((a) => [a.pciDeviceUuid, a.previousDriver]));
  return {
    pciDeviceUuid: device.uuid,
    pciDeviceAddress: device.pciDeviceAddress,
    moves: back.map((one) => ({
      pciDeviceUuid: one.uuid,
      pciDeviceAddress: one.pciDeviceAddress,
      name: one.name,
      driver: previous.get(one.uuid),
    })),
    refusals: refusalsOf(device, vm, back.length),
    warnings: back.filter(isPresent).flatMap((one) => resetWarnings(one, back, devices)),
  };
}

function comingBack(input: Parameters<typeof planDetachment>[0]): readonly PciDevice[] {
  const { device, vm, devices, assignments } = input;
  const ofVm = assignments.filter((a) => a.vmInstanceUuid === vm.uuid);
  const given = new Set([
    ...ofVm.map((a) => a.pciDeviceUuid),
    ...[device, ...devices].filter((d) => d.vmInstanceUuid === vm.uuid).map((d) => d.uuid),
  ]);
  if (!given.has(device.uuid)) return [];
  const leader = ofVm.find((a) => a.pciDeviceUuid === device.uuid)?.leaderUuid;
  const together = new Set([
    device.uuid,
    ...ofVm.filter((a) => leader !== undefined && a.leaderUuid === leader).map((a) => a.pciDeviceUuid),
    ...groupMates(device, devices).map((mate) => mate.uuid),
  ]);
  const others = devices.filter((d) => d.uuid !== device.uuid && together.has(d.uuid) && given.has(d.uuid));
  return [device, ...others].toSorted(byAddress);
}

function refusalsOf(device: PciDevice, vm: PlannedVm, count: number): readonly Refusal[] {
  if (count === 0) {
    if (device.vmInstanceUuid === undefined) return [];
    return [
      {
        code: 'attached-elsewhere',
        text: `${label(device)} is given to VM ${device.vmInstanceUuid}, not to this one: detach it from there`,
      },
    ];
  }
  if (vm.state === 'Running' || vm.state === 'Stopped') return [];
  return [
    {
      code: 'vm-state',
      text: `the VM is ${vm.state}: devices come back only from a Running or Stopped VM; wait, resume or stop it first`,
    },
  ];
}
