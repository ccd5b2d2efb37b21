import type { Mac } from '../base/mac.ts';
import type { Uuid } from '../base/uuid.ts';

export type HostState = 'Enabled' | 'Disabled' | 'PreMaintenance' | 'Maintenance';
export type HostStatus = 'Connecting' | 'Connected' | 'Disconnected';

/** What a host said about itself when it was last looked at. Sizes in bytes; versions as the programs print them. */
export interface HostFacts {
  readonly hostName: string;
  readonly osRelease: string;
  readonly kernelVersion: string;
  readonly architecture: string;
  readonly cpuModel: string;
  readonly cpuSockets: number;
  /** Logical CPUs. */
  readonly cpuNum: number;
  readonly memorySize: number;
  readonly libvirtVersion: string | undefined;
  readonly qemuVersion: string | undefined;
  /** /dev/kvm is there: domains run on the CPU; else they are emulated, which is slow. */
  readonly hasKvm: boolean;
  /** The machine's SMBIOS UUID. */
  readonly systemUuid: string | undefined;
  /** Bridges that VMs can be put on. */
  readonly bridges: readonly string[];
  /** ms since the epoch, by the host's clock. */
  readonly bootTime: number | undefined;
}

/** A KVM host. */
export interface Host {
  readonly uuid: Uuid;
  readonly clusterUuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  /** `local`: the machine that Rackwright runs on, no SSH. */
  readonly connection: 'ssh' | 'local';
  readonly managementIp: string;
  readonly sshPort: number;
  readonly username: string;
  /** Empty: log in with Rackwright's own key. */
  readonly password: string;
  /** `SHA256:...`; pinned at the first connection. */
  readonly hostKey: string | undefined;
  readonly hypervisorType: 'KVM';
  readonly state: HostState;
  readonly status: HostStatus;
  /** Why it is not Connected, for people. */
  readonly statusCause: string | undefined;
  readonly facts: HostFacts | undefined;
  readonly createDate: number;
  readonly lastOpDate: number;
}

export const vmStates = [
  'Created',
  'Starting',
  'Running',
  'Stopping',
  'Stopped',
  'Rebooting',
  'Paused',
  'Pausing',
  'Resuming',
  'Destroying',
  'Destroyed',
  'Crashed',
  'Unknown',
] as const;
export type VmState = (typeof vmStates)[number];

export interface VmNic {
  readonly uuid: Uuid;
  readonly mac: Mac;
  /** The bridge (or libvirt network) of the host. */
  readonly bridge: string | undefined;
  /** Made from the bridge's name, the same on every host. */
  readonly l3NetworkUuid: Uuid | undefined;
  readonly deviceId: number;
}

/** What a domain's definition says beyond the columns of a VM. Paths are of the host. */
export interface DomainDetails {
  readonly domainName: string;
  readonly persistent: boolean;
  /** Made by CreateVmInstance: its root disk is ours to delete. */
  readonly ours: boolean;
  readonly disks: readonly {
    readonly device: 'disk' | 'cdrom' | 'floppy' | 'lun';
    /** `vda`, `sdb`. */
    readonly target: string;
    readonly source: string | undefined;
    readonly format: string | undefined;
  }[];
  /** Host PCI devices in the persistent definition and in the running domain, `dddd:bb:dd.f`. */
  readonly pciAddresses: { readonly config: readonly string[]; readonly live: readonly string[] };
  /** Host USB devices, by bus and device number or by ids as the definition has them. */
  readonly usbDevices: readonly {
    readonly bus?: number;
    readonly device?: number;
    readonly vendorId?: string;
    readonly productId?: string;
  }[];
  /** USB redirect channels of the running domain: where each listens. */
  readonly redirections: readonly (
    | { readonly kind: 'spicevmc' }
    | { readonly kind: 'unix'; readonly path: string }
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  )[];
  /** The same in the persistent definition: what the next start has. */
  readonly configuredRedirections: number;
  readonly graphics: readonly {
    readonly kind: 'vnc' | 'spice';
    readonly listen: string | undefined;
    readonly port: number | undefined;
    readonly tlsPort: number | undefined;
    readonly socket: string | undefined;
  }[];
  /** Its first serial port: a pty, unix socket or TCP port of the host. */
  readonly serial: { readonly kind: string; readonly source: string | undefined } | undefined;
  readonly emulator: string | undefined;
  /** `kvm` or `qemu` (emulated). */
  readonly virtualization: string | undefined;
}

/** A VM: a libvirt domain of a host; its uuid is the domain's, without dashes. */
export interface VmInstance {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  /** Undefined while it is stopped (ZStack's way); `lastHostUuid` then says where its definition lies. */
  readonly hostUuid: Uuid | undefined;
  readonly lastHostUuid: Uuid | undefined;
  readonly clusterUuid: Uuid | undefined;
  readonly zoneUuid: Uuid | undefined;
  readonly instanceOfferingUuid: Uuid | undefined;
  readonly imageUuid: Uuid | undefined;
  /** The attached ISO. */
  readonly isoUuid: Uuid | undefined;
  readonly platform: string | undefined;
  readonly type: 'UserVm';
  readonly hypervisorType: 'KVM';
  readonly memorySize: number;
  readonly cpuNum: number;
  readonly allocatorStrategy: string | undefined;
  readonly state: VmState;
  readonly nics: readonly VmNic[];
  readonly domain: DomainDetails | undefined;
  readonly createDate: number;
  readonly lastOpDate: number;
}

export interface InstanceOffering {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly cpuNum: number;
  readonly cpuSpeed: number | undefined;
  readonly memorySize: number;
  readonly type: string;
  readonly allocatorStrategy: string | undefined;
  readonly sortKey: number | undefined;
  readonly state: 'Enabled' | 'Disabled';
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** A disk image or ISO: a file that lies, at the same path, on the hosts that shall use it. */
export interface Image {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  /** `file:///absolute/path`. */
  readonly url: string;
  readonly mediaType: 'RootVolumeTemplate' | 'DataVolumeTemplate' | 'ISO';
  readonly format: 'raw' | 'qcow2' | 'iso';
  readonly platform: string | undefined;
  readonly guestOsType: string | undefined;
  readonly type: string;
  readonly system: boolean;
  readonly state: 'Enabled' | 'Disabled';
  readonly status: 'Ready';
  readonly size: number | undefined;
  readonly actualSize: number | undefined;
  readonly md5Sum: string | undefined;
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** A CloudFormation-style template; kept, checked and handed out, not run. */
export interface StackTemplate {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly type: 'zstack';
  readonly version: string;
  readonly state: boolean;
  readonly content: string;
  /** Of the content's UTF-8 bytes, hex. */
  readonly md5sum: string;
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** A USB device of a host. Its place and serial tell it from its twins; bus and device number change with each replug. */
export interface UsbDevice {
  readonly uuid: Uuid;
  readonly hostUuid: Uuid;
  readonly name: string;
  /** The port as the kernel names it: `1-4.2`. */
  readonly portPath: string;
  readonly serial: string | undefined;
  readonly vendorId: string;
  readonly productId: string;
  readonly manufacturer: string | undefined;
  readonly product: string | undefined;
  readonly usbVersion: string | undefined;
  readonly deviceClass: string | undefined;
  readonly busNum: number;
  readonly devNum: number;
  readonly state: 'Enabled' | 'Disabled';
  /** `Absent`: unplugged now; an attached one comes back to its VM when it is plugged in again. */
  readonly status: 'Present' | 'Absent';
  /** The VM that it is given to. */
  readonly vmInstanceUuid: Uuid | undefined;
  readonly createDate: number;
  readonly lastOpDate: number;
}
