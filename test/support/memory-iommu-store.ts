import type { HostIommu, PciAssignment, PciDevice, PciDeviceOffering } from '../../src/iommu/model.ts';
import type { IommuStore } from '../../src/iommu/ports.ts';

/** The store of PCI devices in memory: what it answers is what was saved, and a write is whole or not there. */
export interface MemoryIommuStore extends IommuStore {
  readonly devices: Map<string, PciDevice>;
  readonly assignments: Map<string, PciAssignment>;
  readonly offerings: Map<string, PciDeviceOffering>;
  readonly iommus: Map<string, HostIommu>;
}

/** An empty one. */
export function createMemoryIommuStore(): MemoryIommuStore {
  const devices = new Map<string, PciDevice>();
  const assignments = new Map<string, PciAssignment>();
  const offerings = new Map<string, PciDeviceOffering>();
  const iommus = new Map<string, HostIommu>();
  return {
    devices,
    assignments,
    offerings,
    iommus,
    listPciDevicesOf: async (hostUuid) => [...devices.values()].filter((d) => d.hostUuid === hostUuid),
    getPciDevice: async (uuid) => devices.get(uuid),
    async savePci(change) {
      for (const device of change.devices ?? []) devices.set(device.uuid, device);
      for (const assignment of change.assignments ?? []) {
        if (assignment.phase === undefined) assignments.delete(assignment.pciDeviceUuid);
        else assignments.set(assignment.pciDeviceUuid, assignment);
      }
    },
    async deletePciDevice(uuid) {
      devices.delete(uuid);
      assignments.delete(uuid);
    },
    listAssignmentsOf: async (hostUuid) =>
      [...assignments.values()].filter((a) => devices.get(a.pciDeviceUuid)?.hostUuid === hostUuid),
    getHostIommu: async (uuid) => iommus.get(uuid),
    async saveHostIommu(iommu) {
      iommus.set(iommu.hostUuid, iommu);
    },
    async savePciDeviceOffering(offering) {
      offerings.set(offering.uuid, offering);
    },
    getPciDeviceOffering: async (uuid) => offerings.get(uuid),
    async deletePciDeviceOffering(uuid) {
      offerings.delete(uuid);
    },
  };
}
