import type { Uuid } from '../base/uuid.ts';
import type { PciType } from './model.ts';

/** What it means to give a device to a VM. */
export interface AttachmentPlan {
  readonly pciDeviceUuid: Uuid;
  readonly pciDeviceAddress: string;
  /** All devices that move together: the device and the endpoints of its IOMMU group. Bridges of the group stay. */
  readonly moves: readonly {
    readonly pciDeviceUuid: Uuid;
    readonly pciDeviceAddress: string;
    readonly name: string;
    readonly driver: string | undefined;
  }[];
  readonly driver: 'vfio-pci';
  /** Why it cannot be done; empty when it can. */
  readonly refusals: readonly { readonly code: RefusalCode; readonly text: string }[];
  /** What a person should know before. */
  readonly warnings: readonly { readonly code: WarningCode; readonly text: string }[];
}

export type RefusalCode =
  | 'iommu-inactive'
  | 'no-group'
  | 'boot-disk'
  | 'mounted-disk'
  | 'management-nic'
  | 'host-console'
  | 'bridge'
  | 'disabled'
  | 'inactive'
  | 'attached-elsewhere'
  | 'other-host'
  | 'vm-state'
  | 'has-vfs';
export type WarningCode =
  | 'no-reset'
  | 'bus-reset'
  | 'numa'
  | 'group'
  | 'loses-interface'
  | 'loses-disk'
  | 'loses-console'
  | 'driver-busy';

/** Answer of a change of the IOMMU wish. */
export interface IommuChange {
  readonly state: 'Enabled' | 'Disabled';
  /** The running kernel does not agree yet: reboot the host. */
  readonly rebootPending: boolean;
  /** Unified diff of the boot loader's file; empty when nothing had to change. */
  readonly diff: string;
  /** Nothing was written: it was only asked for. */
  readonly dryRun: boolean;
}

/** PCI devices and the IOMMU of hosts. Everything rejects with IommuError. */
export interface IommuService {
  /** What AttachPciDeviceToVm would do. */
  planAttachment(pciUuid: string, vmUuid: string): Promise<AttachmentPlan>;
  /** Gives the device and its group to the VM; done already is a success. */
  attachPciDevice(pciUuid: string, vmUuid: string, report: (text: string) => void): Promise<void>;
  /** Takes the device and its group back and restores the host's drivers; done already is a success. */
  detachPciDevice(pciUuid: string, vmUuid: string, report: (text: string) => void): Promise<void>;
  updatePciDevice(
    uuid: string,
    change: {
      readonly state?: 'Enabled' | 'Disabled';
      readonly description?: string;
      readonly metaData?: string;
    },
  ): Promise<void>;
  /** Only Inactive devices; deleting what does not exist succeeds. */
  deletePciDevice(uuid: string): Promise<void>;
  /** Uuids of devices that the VM could get now, with all that moves along. */
  candidates(vmUuid: string, types?: readonly PciType[]): Promise<readonly Uuid[]>;
  generateVfs(pciUuid: string, count: number): Promise<void>;
  /** Refused while a VF is given to a VM. */
  removeVfs(pciUuid: string): Promise<void>;

  createPciDeviceOffering(input: {
    readonly resourceUuid?: string;
    readonly name: string;
    readonly description?: string;
    readonly type?: string;
    readonly vendorId: string;
    readonly deviceId: string;
    readonly subvendorId?: string;
    readonly subdeviceId?: string;
  }): Promise<Uuid>;
  deletePciDeviceOffering(uuid: string): Promise<void>;

  iommuState(hostUuid: string): Promise<'Enabled' | 'Disabled'>;
  iommuStatus(hostUuid: string): Promise<{
    readonly status: 'Active' | 'Inactive';
    readonly details: string;
    readonly rebootPending: boolean;
  }>;
  updateIommuState(
    hostUuid: string,
    state: 'Enabled' | 'Disabled',
    options?: { readonly dryRun?: boolean },
  ): Promise<IommuChange>;
}
