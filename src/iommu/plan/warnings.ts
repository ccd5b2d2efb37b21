import type { HostNeeds, PciDevice } from '../model.ts';
import type { WarningCode } from '../service.ts';
import { deviceName, hasConsole } from './host-loss.ts';
import { isBridge, label, listed, othersOnHost, sorted, type PresentDevice } from './members.ts';

/** What a person should know before. */
export interface Warning {
  readonly code: WarningCode;
  readonly text: string;
}

/** Drivers that are known to hang in unbinding while a program has the device open. */
const heavyDrivers: ReadonlySet<string> = new Set(['nvidia', 'amdgpu', 'radeon', 'nouveau', 'i915', 'xe']);

/** Warnings of giving `moves` to a VM that lives on `numaNodes` of the host. */
export function attachmentWarnings(input: {
  readonly leader: PresentDevice;
  readonly moves: readonly PresentDevice[];
  readonly devices: readonly PciDevice[];
  readonly needs: HostNeeds;
  readonly numaNodes: readonly number[];
}): readonly Warning[] {
  const { leader, moves, devices, needs, numaNodes } = input;
  return [
    ...groupWarning(leader, moves),
    ...moves.flatMap((move) => [
      ...resetWarnings(move, moves, devices),
      ...numaWarning(move, numaNodes),
      ...lossWarnings(move, needs),
    ]),
  ];
}

function groupWarning(leader: PresentDevice, moves: readonly PresentDevice[]): readonly Warning[] {
  const mates = moves.filter((move) => move.uuid !== leader.uuid);
  if (mates.length === 0) return [];
  const verb = mates.length === 1 ? 'is' : 'are';
  return [
    {
      code: 'group',
      text: `${listed(mates.map(label))} ${verb} in the same IOMMU group (${leader.facts.iommuGroup ?? '?'}) and will go to the VM as well`,
    },
  ];
}

/** Whether the device can be made new between two owners, and whom its reset hits. */
export function resetWarnings(
  device: PresentDevice,
  moves: readonly PciDevice[],
  devices: readonly PciDevice[],
): readonly Warning[] {
  const methods = device.facts.resetMethods;
  if (methods.length === 0) {
    return [
      {
        code: 'no-reset',
        text: `the kernel has no way to reset ${label(device)}: after the VM has used it, it may not work again until the host is rebooted`,
      },
    ];
  }
  if (methods.some((method) => method !== 'bus')) return [];
  const siblings = busSiblings(device, devices).filter((other) => !moves.some((m) => m.uuid === other.uuid));
  if (siblings.length === 0) return [];
  return [
    {
      code: 'bus-reset',
      text:
        `${label(device)} can only be reset together with ${listed(siblings.map(label))}, which would stay where it is now: ` +
        'the reset is left out, and the device may keep the state that its last owner left',
    },
  ];
}

/** Endpoints below the same bridge: a reset of the bus hits them all, whatever their groups. */
function busSiblings(device: PresentDevice, devices: readonly PciDevice[]): readonly PciDevice[] {
  const bridge = device.facts.parents.at(-1);
  if (bridge === undefined) return [];
  return othersOnHost(device, devices, (other) => other.facts.parents.includes(bridge) && !isBridge(other));
}

function numaWarning(device: PresentDevice, numaNodes: readonly number[]): readonly Warning[] {
  const node = device.facts.numaNode;
  if (node === undefined || node < 0 || numaNodes.length === 0 || numaNodes.includes(node)) return [];
  const nodes = [...new Set(numaNodes)].toSorted((a, b) => a - b).map(String);
  return [
    {
      code: 'numa',
      text: `${label(device)} hangs on NUMA node ${node}, the VM on node ${listed(nodes)}: it works, but slower; pin the VM to node ${node}`,
    },
  ];
}

function lossWarnings(device: PresentDevice, needs: HostNeeds): readonly Warning[] {
  const { drm } = device.facts.uses;
  // What the host needs is a refusal already.
  const netInterfaces = device.facts.uses.netInterfaces.filter(
    (name) => !needs.netInterfaces.some((need) => need.name === name),
  );
  const disks = device.facts.uses.blockDevices
    .map(deviceName)
    .filter((name) => !needs.disks.some((need) => deviceName(need.device) === name));
  const warnings: Warning[] = [];
  if (hasConsole(device, needs))
    warnings.push({ code: 'loses-console', text: `the host's console moves away from ${label(device)}` });
  if (netInterfaces.length > 0) {
    warnings.push({
      code: 'loses-interface',
      text: `the host loses its network interface ${listed(sorted(netInterfaces))} of ${label(device)}`,
    });
  }
  if (disks.length > 0) {
    warnings.push({
      code: 'loses-disk',
      text: `the host loses its disk ${listed(sorted(disks))} of ${label(device)}, which is not mounted`,
    });
  }
  if (drm.length > 0 && device.facts.driver !== undefined && heavyDrivers.has(device.facts.driver)) {
    warnings.push({
      code: 'driver-busy',
      text: `the host's driver ${device.facts.driver} has ${label(device)}: end the programs of the host that use it first, or taking it may hang`,
    });
  }
  return warnings;
}
