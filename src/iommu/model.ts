import type { Uuid } from '../base/uuid.ts';

export const pciStatuses = ['Active', 'Inactive', 'Attached', 'System'] as const;
export type PciStatus = (typeof pciStatuses)[number];

/** The types of the contract. */
export const pciTypes = [
  'GPU_Video_Controller',
  'GPU_Audio_Controller',
  'GPU_3D_Controller',
  'Moxa_Device',
  'Generic',
] as const;
export type PciType = (typeof pciTypes)[number];

/** Finer than the contract's types, in a member of its own (`kind`). */
export const pciKinds = [
  'gpu-video',
  'gpu-audio',
  'gpu-3d',
  'moxa',
  'ethernet',
  'infiniband',
  'storage',
  'nvme',
  'usb-controller',
  'serial',
  'accelerator',
  'audio',
  'bridge',
  'host-bridge',
  'isa-bridge',
  'smbus',
  'other',
] as const;
export type PciKind = (typeof pciKinds)[number];

/** What a host says of one PCI function. Addresses are `dddd:bb:dd.f`, ids four lower-case hex digits. */
export interface PciFacts {
  readonly address: string;
  /** Six hex digits: base class, subclass, programming interface. */
  readonly classCode: string;
  readonly vendorId: string;
  readonly deviceId: string;
  readonly subvendorId: string | undefined;
  readonly subdeviceId: string | undefined;
  readonly revision: string | undefined;
  readonly className: string | undefined;
  readonly vendorName: string | undefined;
  readonly deviceName: string | undefined;
  readonly subdeviceName: string | undefined;
  readonly driver: string | undefined;
  /** Kernel modules that could drive it. */
  readonly modules: readonly string[];
  readonly iommuGroup: number | undefined;
  readonly numaNode: number | undefined;
  /** `reset_method` of the kernel, e.g. `flr`, `bus`; empty when it has none. */
  readonly resetMethods: readonly string[];
  readonly bootVga: boolean;
  readonly sriov: { readonly totalVfs: number; readonly numVfs: number } | undefined;
  /** The physical function of a virtual one. */
  readonly physicalFunction: string | undefined;
  /** Addresses of the bridges above it, the root port first. */
  readonly parents: readonly string[];
  /** The path of bridge device numbers: the same after a renumbering. */
  readonly slotPath: string;
  /** From vital product data or the device serial number capability. */
  readonly serial: string | undefined;
  /** Network interfaces, block devices (whole disks) and screens that hang on it now. */
  readonly uses: {
    readonly netInterfaces: readonly string[];
    readonly blockDevices: readonly string[];
    readonly drm: readonly string[];
  };
}

/** What the host itself needs: read from the same look. */
export interface HostNeeds {
  /** Whole disks under /, /boot, /boot/efi, swap and other mounted file systems. */
  readonly disks: readonly { readonly device: string; readonly mountPoint: string }[];
  /** Interfaces that carry the default route or the management address, with the bridges, bonds and VLANs resolved. */
  readonly netInterfaces: readonly { readonly name: string; readonly why: string }[];
  /** The host's console is on this screen. */
  readonly consoleOnVga: boolean;
}

/** Everything that one look says about the PCI side of a host. */
export interface HostPci {
  readonly devices: readonly PciFacts[];
  readonly needs: HostNeeds;
  readonly iommu: IommuFacts;
}

export interface IommuFacts {
  readonly vendor: 'intel' | 'amd' | 'other';
  /** Names in /sys/class/iommu: `dmar0`, `ivhd0`. */
  readonly units: readonly string[];
  readonly groups: number;
  /** The running kernel's command line. */
  readonly commandLine: string;
}

/** A PCI function as it is kept. */
export interface PciDevice {
  readonly uuid: Uuid;
  readonly hostUuid: Uuid;
  readonly vmInstanceUuid: Uuid | undefined;
  readonly name: string;
  readonly description: string | undefined;
  readonly status: PciStatus;
  readonly state: 'Enabled' | 'Disabled';
  readonly type: PciType;
  readonly kind: PciKind;
  /** What tells it from others of its host whatever its address: slot path, ids, serial. */
  readonly identity: string;
  readonly pciDeviceAddress: string;
  readonly vendorId: string;
  readonly deviceId: string;
  readonly subvendorId: string | undefined;
  readonly subdeviceId: string | undefined;
  /** JSON text: {metaData: as the administrator wrote it, metaDataEntries: its parts}. */
  readonly metaData: string | undefined;
  /** As last seen. */
  readonly facts: PciFacts | undefined;
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** A device on its way to or from a VM, or there. Written before the host is touched, so that a restart knows what was meant. */
export interface PciAssignment {
  readonly pciDeviceUuid: Uuid;
  readonly vmInstanceUuid: Uuid;
  /** The device that was asked for; its group mates go along. */
  readonly leaderUuid: Uuid;
  readonly phase: 'attaching' | 'attached' | 'detaching';
  /** The host's driver before; undefined when there was none. */
  readonly previousDriver: string | undefined;
}

/** The IOMMU of a host: what is wished and what is. */
export interface HostIommu {
  readonly hostUuid: Uuid;
  readonly state: 'Enabled' | 'Disabled';
  readonly status: 'Active' | 'Inactive';
  /** For people: why it is inactive; `reboot pending` while the running kernel does not agree with the boot loader. */
  readonly details: string;
  readonly rebootPending: boolean;
  /** What we wrote into the boot loader and what was there before; undefined when we changed nothing. */
  readonly change:
    | {
        readonly loader: string;
        readonly path: string;
        readonly before: string;
        readonly added: readonly string[];
      }
    | undefined;
}

export interface PciDeviceOffering {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly type: 'GPU_Video' | 'GPU_Audio' | 'Generic';
  readonly vendorId: string;
  readonly deviceId: string;
  readonly subvendorId: string | undefined;
  readonly subdeviceId: string | undefined;
  readonly createDate: number;
  readonly lastOpDate: number;
}
