import type { PciAssignment, PciDevice } from '../../iommu/model.ts';
import type { IommuStore } from '../../iommu/ports.ts';
import type { Session } from '../group-commit.ts';
import { createRowTable } from '../row-table.ts';
import { createMatches } from './matches.ts';

type PciStore = Pick<
  IommuStore,
  'listPciDevicesOf' | 'getPciDevice' | 'savePci' | 'deletePciDevice' | 'listAssignmentsOf'
>;

/** PCI devices of hosts and what is meant for them. */
export function createPciStore({ db, read, write }: Session): PciStore {
  const devices = createRowTable<PciDevice>(db, 'pci_device', {
    uuid: 'plain',
    hostUuid: 'plain',
    vmInstanceUuid: 'plain',
    name: 'plain',
    description: 'plain',
    status: 'plain',
    state: 'plain',
    type: 'plain',
    kind: 'plain',
    identity: 'plain',
    pciDeviceAddress: 'plain',
    vendorId: 'plain',
    deviceId: 'plain',
    subvendorId: 'plain',
    subdeviceId: 'plain',
    metaData: 'plain',
    facts: 'json',
    createDate: 'plain',
    lastOpDate: 'plain',
  });
  const assignments = createRowTable<PciAssignment>(db, 'pci_assignment', {
    pciDeviceUuid: 'plain',
    vmInstanceUuid: 'plain',
    leaderUuid: 'plain',
    phase: 'plain',
    previousDriver: 'plain',
  });
  const matches = createMatches(db);
  const ofHost = devices.list('WHERE host_uuid = ? ORDER BY pci_device_address, uuid');
  const assignmentsOf = assignments.list(
    'JOIN pci_device ON pci_device.uuid = pci_device_uuid WHERE pci_device.host_uuid = ? ORDER BY pci_device_uuid',
  );
  return {
    listPciDevicesOf: (hostUuid) => read(() => ofHost(hostUuid)),
    getPciDevice: (uuid) => read(() => devices.get(uuid)),
    savePci: ({ devices: saved = [], assignments: meant = [] }) =>
      write(() => {
        for (const device of saved) {
          devices.save(device);
          matches.ofDevice(device.uuid);
        }
        for (const one of meant) {
          if (one.phase === undefined) assignments.delete(one.pciDeviceUuid);
          else assignments.save(one);
        }
      }),
    deletePciDevice: (uuid) => write(() => devices.delete(uuid)),
    listAssignmentsOf: (hostUuid) => read(() => assignmentsOf(hostUuid)),
  };
}
