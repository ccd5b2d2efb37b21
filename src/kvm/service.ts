import type { Duplex } from 'node:stream';
import type { Uuid } from '../base/uuid.ts';
import type { HostShell } from '../net/shell.ts';
import type { Host, VmInstance } from './model.ts';
import type { RawProbe } from './probe/raw.ts';

export interface AddHostInput {
  readonly resourceUuid?: string;
  readonly name: string;
  readonly description?: string;
  readonly managementIp: string;
  readonly clusterUuid: string;
  readonly username: string;
  /** Empty: Rackwright's own key. */
  readonly password: string;
  /** Default 22. */
  readonly sshPort?: number;
  /** `hostConnection::local` adds the machine that Rackwright runs on; `sshHostKey::SHA256:...` pins the key beforehand. */
  readonly systemTags?: readonly string[];
}

/** What a script on one host answered. */
export interface ShellAnswer {
  readonly returnCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be run or was ended; undefined when it ran to its end. */
  readonly failure: { readonly code: string; readonly text: string } | undefined;
}

/** KVM hosts. Everything rejects with KvmError. */
export interface HostService {
  /** Connects first; a host that does not answer is not added. */
  addHost(input: AddHostInput): Promise<Uuid>;
  /** A change of address, port, user or password connects anew. `password` of `******` leaves the stored one. */
  updateHost(
    uuid: string,
    change: Partial<Omit<AddHostInput, 'resourceUuid' | 'clusterUuid'>>,
  ): Promise<void>;
  /** `maintain` is refused while VMs run: nothing is migrated or stopped unasked. */
  changeHostState(uuid: string, event: 'enable' | 'disable' | 'maintain'): Promise<void>;
  /** Connects anew and looks at everything again. */
  reconnectHost(uuid: string): Promise<void>;
  /** Refused while devices are given to VMs; VMs stay on the machine, untouched. Deleting what does not exist succeeds. */
  deleteHost(uuid: string): Promise<void>;
  /** Runs a script as root by `sh -s`, everywhere at once; a host that fails has a failure in its answer. At most 1 MiB of output and 5 minutes each. */
  runShell(hostUuids: readonly string[], script: string): Promise<ReadonlyMap<Uuid, ShellAnswer>>;
  /** The public half of Rackwright's own SSH key, one line for authorized_keys. */
  publicKey(): Promise<string>;
}

/**
 * The connected hosts, for whoever works on them. One connection a host, at most six commands at a time on it. Rejects with KvmError
 * `host-disconnected` at once when there is no connection, and when it breaks.
 */
export interface HostConnections {
  /** Runs work on the host's shell. Not for anything that must not be repeated without looking first. */
  use<T>(hostUuid: Uuid, work: (shell: HostShell) => Promise<T>): Promise<T>;
  isConnected(hostUuid: Uuid): boolean;
  /** Looks at the host again and tells all listeners; resolves when they are done. Looks that wait are merged into one. */
  look(hostUuid: Uuid): Promise<void>;
  /** A byte stream to a port or socket of the host, for consoles and USB redirect. */
  stream(
    hostUuid: Uuid,
    target: { readonly host: string; readonly port: number } | { readonly socketPath: string },
  ): Promise<Duplex>;
}

/** Told of every look at a host, in the order of registration; a rejection fails the look. */
export type HostObserver = (host: Host, probe: RawProbe) => Promise<void>;

export interface CreateVmInput {
  readonly resourceUuid?: string;
  readonly name: string;
  readonly description?: string;
  readonly instanceOfferingUuid: string;
  readonly imageUuid: string;
  /** Bridges of the host, by name or by the uuid that VM NICs show. */
  readonly l3NetworkUuids: readonly string[];
  readonly hostUuid?: string;
  readonly clusterUuid?: string;
  readonly zoneUuid?: string;
  /** Bytes; needed for an ISO image. */
  readonly rootDiskSize?: number;
  readonly strategy?: 'InstantStart' | 'JustCreate' | 'CreateStopped';
  readonly platform?: string;
  readonly systemTags?: readonly string[];
}

/** Whether USB redirect is wished, and whether the running domain agrees. */
export interface UsbRedirectState {
  readonly enable: boolean;
  /** The running domain does not have it (or still has it); its next start by the API changes that. */
  readonly pending: boolean;
}

/** VMs. Everything rejects with KvmError. Progress texts go to `report`. */
export interface VmService {
  createVm(input: CreateVmInput, report: (text: string) => void): Promise<Uuid>;
  startVm(uuid: string, where?: { readonly hostUuid?: string }): Promise<void>;
  /** `grace` asks the guest and waits two minutes; `cold` pulls the plug. */
  stopVm(uuid: string, how: 'grace' | 'cold'): Promise<void>;
  rebootVm(uuid: string): Promise<void>;
  pauseVm(uuid: string): Promise<void>;
  resumeVm(uuid: string): Promise<void>;
  /** Pulls the plug and marks it Destroyed; definition and disks stay until it is expunged. */
  destroyVm(uuid: string): Promise<void>;
  recoverVm(uuid: string): Promise<void>;
  /** Removes the definition; deletes only disks that createVm made. */
  expungeVm(uuid: string): Promise<void>;
  updateVm(
    uuid: string,
    change: {
      readonly name?: string;
      readonly description?: string;
      readonly platform?: string;
      readonly cpuNum?: number;
      readonly memorySize?: number;
    },
  ): Promise<void>;
  changeInstanceOffering(uuid: string, instanceOfferingUuid: string): Promise<void>;
  attachIso(vmUuid: string, isoUuid: string): Promise<void>;
  detachIso(vmUuid: string): Promise<void>;
  /** Uuids of enabled ISO images that this VM could get. */
  isoCandidates(vmUuid: string): Promise<readonly Uuid[]>;
  /** Uuids of VMs that could get this ISO: Running or Stopped, on a connected host that has the file, with none attached. */
  vmCandidates(isoUuid: string): Promise<readonly Uuid[]>;
  usbRedirect(vmUuid: string): Promise<UsbRedirectState>;
  setUsbRedirect(vmUuid: string, enable: boolean): Promise<void>;
  /** Runs work while nothing else changes this VM; gives it as it is on the disk. */
  exclusive<T>(vmUuid: string, work: (vm: VmInstance) => Promise<T>): Promise<T>;
}

/** USB devices of hosts, and redirect channels. Everything rejects with KvmError. */
export interface UsbService {
  attachUsbDevice(usbUuid: string, vmUuid: string): Promise<void>;
  detachUsbDevice(usbUuid: string): Promise<void>;
  updateUsbDevice(usbUuid: string, change: { readonly state?: 'Enabled' | 'Disabled' }): Promise<void>;
  /** Uuids of devices that this VM could get: Present, Enabled, given to nobody, on its host. */
  usbCandidates(vmUuid: string): Promise<readonly Uuid[]>;
  /** A ticket for one WebSocket to a free redirect channel of a running VM; 256 random bits, good once, for 60 s. */
  createRedirectTicket(vmUuid: string, owner: string): Promise<RedirectTicket>;
  /** The stream that a ticket opens; undefined when the ticket is unknown, used or expired. */
  openRedirect(ticket: string): Promise<RedirectStream | undefined>;
  /** Makes the unused tickets of an owner worthless, e.g. when the account is deleted. */
  revokeTickets(owner: string): void;
}

export interface RedirectTicket {
  /** 64 hex digits. */
  readonly ticket: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
  /** What the stream speaks: usbredir packets, or SPICE, whose viewers open one stream (and so take one ticket) a channel. */
  readonly protocol: RedirectProtocol;
}
export type RedirectProtocol = 'usbredir' | 'spice';

/** An open redirect channel; its end frees the channel. */
export interface RedirectStream {
  readonly stream: Duplex;
  readonly protocol: RedirectProtocol;
  readonly owner: string;
  readonly vmInstanceUuid: Uuid;
}

/** Offerings, images and stack templates. Everything rejects with KvmError. Creates answer the uuid; deleting what does not exist succeeds. */
export interface CatalogueService {
  createInstanceOffering(input: {
    readonly resourceUuid?: string;
    readonly name: string;
    readonly description?: string;
    readonly cpuNum: number;
    readonly memorySize: number;
    readonly allocatorStrategy?: string;
    readonly sortKey?: number;
    readonly type?: string;
  }): Promise<Uuid>;
  updateInstanceOffering(
    uuid: string,
    change: { readonly name?: string; readonly description?: string },
  ): Promise<void>;
  changeInstanceOfferingState(uuid: string, event: 'enable' | 'disable'): Promise<void>;
  deleteInstanceOffering(uuid: string): Promise<void>;
  addImage(input: {
    readonly resourceUuid?: string;
    readonly name: string;
    readonly description?: string;
    readonly url: string;
    readonly mediaType?: 'RootVolumeTemplate' | 'DataVolumeTemplate' | 'ISO';
    readonly format: string;
    readonly platform?: string;
    readonly guestOsType?: string;
    readonly system?: boolean;
  }): Promise<Uuid>;
  updateImage(
    uuid: string,
    change: {
      readonly name?: string;
      readonly description?: string;
      readonly guestOsType?: string;
      readonly platform?: string;
    },
  ): Promise<void>;
  changeImageState(uuid: string, event: 'enable' | 'disable'): Promise<void>;
  deleteImage(uuid: string): Promise<void>;
  addStackTemplate(input: {
    readonly resourceUuid?: string;
    readonly name: string;
    readonly description?: string;
    readonly templateContent: string;
  }): Promise<Uuid>;
  deleteStackTemplate(uuid: string): Promise<void>;
}

/** What a viewer of a console is shown of a VM. */
export interface VmConsoleView {
  readonly name: string;
  readonly status: string;
  readonly power: 'on' | 'off' | 'unknown';
}

/** Screens and serial consoles of VMs. Everything rejects with KvmError. */
export interface ConsoleService {
  name(vmUuid: string): Promise<string | undefined>;
  view(vmUuid: string): Promise<VmConsoleView>;
  /** Whether it has a serial port that can be opened, as its host was last seen; the text says why not. */
  serialState(
    vmUuid: string,
  ): Promise<{ readonly yes: true } | { readonly yes: false; readonly text: string }>;
  /**
   * Bytes of its first serial port; the stream ends when the VM stops or moves. `conflict` while another client of libvirt has it, who
   * loses it by `takeOver`.
   */
  openSerial(vmUuid: string, options?: { readonly takeOver?: boolean }): Promise<Duplex>;
  hasScreen(vmUuid: string): Promise<boolean>;
  /** Its VNC screen before the greeting, with the password that its definition has at this moment. `refused` without one. */
  openScreen(vmUuid: string): Promise<{ readonly stream: Duplex; readonly password: string | undefined }>;
  /** As the buttons of a machine do it: `off` pulls the plug, `reset` asks nobody. */
  power(vmUuid: string, action: 'on' | 'off' | 'reset'): Promise<void>;
  /** Calls back after a VM's row changed; the answer stops it. */
  watch(changed: (vmUuid: Uuid) => void): () => void;
}
