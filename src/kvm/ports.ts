import type { Uuid } from '../base/uuid.ts';
import type { Host, Image, InstanceOffering, StackTemplate, UsbDevice, VmInstance } from './model.ts';

/**
 * Storage of KVM hosts and what is on them. Writes resolve when durable; `save*` inserts or replaces by uuid; deleting what is not
 * there changes nothing. Rejects with StoreError (`conflict` for a management address that another host has, or a missing cluster).
 */
export interface KvmStore {
  saveHost(host: Host): Promise<void>;
  /** Only status, cause, pinned key and facts: what the connection learns must not undo what a person changes meanwhile. */
  saveHostStatus(
    uuid: Uuid,
    change: Pick<Host, 'status' | 'statusCause'> & Partial<Pick<Host, 'hostKey' | 'facts'>>,
  ): Promise<void>;
  getHost(uuid: string): Promise<Host | undefined>;
  listHosts(): Promise<readonly Host[]>;
  /** Its VMs, PCI and USB devices go with it. */
  deleteHost(uuid: string): Promise<void>;
  /** Cluster and zone, for placing a host. */
  clusterOf(clusterUuid: string): Promise<
    | {
        readonly uuid: Uuid;
        readonly zoneUuid: Uuid;
        readonly state: 'Enabled' | 'Disabled';
        readonly hypervisorType: string;
      }
    | undefined
  >;

  saveVm(vm: VmInstance): Promise<void>;
  getVm(uuid: string): Promise<VmInstance | undefined>;
  /** Those that run on the host or whose definition lies there. */
  listVmsOf(hostUuid: Uuid): Promise<readonly VmInstance[]>;
  listVms(): Promise<readonly VmInstance[]>;
  deleteVm(uuid: string): Promise<void>;
  /** What one look at a host changed, in one transaction: rows saved whole, and rows whose domain is gone. */
  saveDomains(change: {
    readonly saved: readonly VmInstance[];
    readonly gone: readonly Uuid[];
  }): Promise<void>;

  saveInstanceOffering(offering: InstanceOffering): Promise<void>;
  getInstanceOffering(uuid: string): Promise<InstanceOffering | undefined>;
  deleteInstanceOffering(uuid: string): Promise<void>;

  saveImage(image: Image): Promise<void>;
  getImage(uuid: string): Promise<Image | undefined>;
  listImages(): Promise<readonly Image[]>;
  deleteImage(uuid: string): Promise<void>;

  saveStackTemplate(template: StackTemplate): Promise<void>;
  deleteStackTemplate(uuid: string): Promise<void>;
  getStackTemplate(uuid: string): Promise<StackTemplate | undefined>;

  saveUsbDevices(change: {
    readonly saved: readonly UsbDevice[];
    readonly gone: readonly Uuid[];
  }): Promise<void>;
  getUsbDevice(uuid: string): Promise<UsbDevice | undefined>;
  listUsbDevicesOf(hostUuid: Uuid): Promise<readonly UsbDevice[]>;
}

/** The tags of a VM or offering that this room heeds, e.g. `usbRedirect`. */
export interface TagReader {
  /** The value of `name::value`; undefined when there is no such tag. */
  valueOf(resourceUuid: Uuid, name: string): Promise<string | undefined>;
  /** Sets it; undefined takes it away. */
  set(
    resourceType: 'VmInstanceVO' | 'HostVO',
    resourceUuid: Uuid,
    name: string,
    value: string | undefined,
  ): Promise<void>;
}

/** Something that a person should see. */
export interface KvmNotice {
  readonly name:
    | 'host-disconnected'
    | 'host-key-changed'
    | 'vm-changed'
    | 'usb-device-changed'
    | 'pci-device-changed';
  readonly severity: 'Info' | 'Warning' | 'Error';
  /** What happened and what to do. */
  readonly text: string;
  readonly about: { readonly type: 'HostVO' | 'VmInstanceVO' | 'PciDeviceVO'; readonly uuid: string };
  readonly facts: Readonly<Record<string, unknown>>;
}
export type Notify = (notice: KvmNotice) => void;
