import type { Uuid } from '../../../src/base/uuid.ts';
import { type PciChange, type PciLook, reconcileDevices } from '../../../src/iommu/discovery/reconcile.ts';
import type { VmUse } from '../../../src/iommu/discovery/status.ts';
import type { HostPci, PciAssignment, PciDevice } from '../../../src/iommu/model.ts';
import { readHostPci } from '../../../src/iommu/parse/host-pci.ts';
import { type FixtureDevice, probeOf, type Topology } from '../../fixtures/kvm/topology.ts';

export const hostUuid = 'a'.repeat(32) as Uuid;
export const vmA = '1'.repeat(32) as Uuid;
export const vmB = '2'.repeat(32) as Uuid;

/** Looks at made-up hosts one after the other, keeping rows as the store would. */
export class Rows {
  rows = new Map<Uuid, PciDevice>();
  #uuids = 0;
  #now = 0;

  look(
    seen: HostPci | Topology,
    more: Partial<Pick<PciLook, 'assignments' | 'vmsByAddress'>> = {},
  ): PciChange {
    const change = reconcileDevices({
      hostUuid,
      seen: 'needs' in seen ? seen : pciOf(seen),
      stored: [...this.rows.values()],
      assignments: [],
      vmsByAddress: new Map(),
      now: (this.#now += 1000),
      newUuid: () => (this.#uuids += 1).toString(16).padStart(32, '0') as Uuid,
      ...more,
    });
    for (const device of change.devices) this.rows.set(device.uuid, device);
    return change;
  }

  /** The row at an address that is not Inactive. */
  at(address: string): PciDevice {
    const found = [...this.rows.values()].find(
      (row) => row.pciDeviceAddress === address && row.status !== 'Inactive',
    );
    if (found === undefined) throw new Error(`no row at ${address}`);
    return found;
  }
}

export function pciOf(topology: Topology): HostPci {
  return readHostPci(probeOf(topology), {
    managementIp: topology.addresses[1]?.[1].split('/')[0] ?? '127.0.0.1',
  });
}

/** A card with one function in each of the given slots of a board. */
export function board(
  cards: readonly { slot: number; bus: number; serial?: string; ids?: string; driver?: string }[],
): Topology {
  const devices = cards.map(({ slot, bus, serial, ids = '8086:1572', driver = 'i40e' }): FixtureDevice => {
    const port = `0000:00:${slot.toString(16).padStart(2, '0')}.0`;
    const address = `0000:${bus.toString(16).padStart(2, '0')}:00.0`;
    return {
      path: [port, address],
      class: '020000',
      className: 'Ethernet controller',
      ids,
      driver,
      ...(serial === undefined ? {} : { serial }),
    };
  });
  return {
    cpu: 'GenuineIntel',
    cpuModel: 'x',
    commandLine: '',
    console: 'ttyS0',
    iommuUnits: [],
    roots: { 'pci0000:00': '\\_SB_.PC00' },
    devices,
    blocks: [],
    mounts: [],
    addresses: [
      ['lo', '127.0.0.1/8'],
      ['lo', '127.0.0.1/8'],
    ],
    defaultRoute: '',
  };
}

export function uses(
  address: string,
  vmInstanceUuid: Uuid,
  where: 'config' | 'live' | 'both',
): Map<string, VmUse[]> {
  return new Map([[address, [{ vmInstanceUuid, config: where !== 'live', live: where !== 'config' }]]]);
}

export function assignment(
  device: PciDevice,
  vmInstanceUuid: Uuid,
  phase: PciAssignment['phase'],
): PciAssignment {
  return {
    pciDeviceUuid: device.uuid,
    vmInstanceUuid,
    leaderUuid: device.uuid,
    phase,
    previousDriver: undefined,
  };
}
