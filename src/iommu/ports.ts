import type { Uuid } from '../base/uuid.ts';
import type { HostIommu, PciAssignment, PciDevice, PciDeviceOffering } from './model.ts';

/**
 * Storage of PCI devices, offerings and IOMMU wishes. Writes resolve when durable; `save*` inserts or replaces by uuid; deleting
 * what is not there changes nothing. Which devices match which offerings is kept by the store with every write of either.
 */
export interface IommuStore {
  listPciDevicesOf(hostUuid: Uuid): Promise<readonly PciDevice[]>;
  getPciDevice(uuid: string): Promise<PciDevice | undefined>;
  /** What one look or one attachment changed, in one transaction. An assignment of phase undefined is removed. */
  savePci(change: {
    readonly devices?: readonly PciDevice[];
    readonly assignments?: readonly (
      | PciAssignment
      | { readonly pciDeviceUuid: Uuid; readonly phase: undefined }
    )[];
  }): Promise<void>;
  deletePciDevice(uuid: string): Promise<void>;
  listAssignmentsOf(hostUuid: Uuid): Promise<readonly PciAssignment[]>;

  /** The wish is Disabled and the status Inactive until something is saved. */
  getHostIommu(hostUuid: string): Promise<HostIommu | undefined>;
  saveHostIommu(iommu: HostIommu): Promise<void>;

  savePciDeviceOffering(offering: PciDeviceOffering): Promise<void>;
  getPciDeviceOffering(uuid: string): Promise<PciDeviceOffering | undefined>;
  deletePciDeviceOffering(uuid: string): Promise<void>;
}
