import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Uuid } from '../base/uuid.ts';
import type { HostNetwork } from '../hostcfg/index.ts';
import type { QuirkName } from '../ipmi/index.ts';
import type { Firmware } from '../pxe/ports.ts';

/** The states a chassis shows; a user may set the first, third and fourth. */
export const chassisStatuses = [
  'Unprovisioned',
  'Rebooting',
  'Provisioning',
  'Provisioned',
  'PxeBootFailed',
] as const;
export type ChassisStatus = (typeof chassisStatuses)[number];

/**
 * What DHCP of a PXE server does: `serve` gives addresses and boot files; `proxy` gives boot files alone, beside somebody else's DHCP
 * server; `observe` answers nobody.
 */
export const dhcpModes = ['serve', 'proxy', 'observe'] as const;
export type DhcpMode = (typeof dhcpModes)[number];

/** A network behind a DHCP relay. */
export interface DhcpSubnet {
  readonly subnet: Ipv4;
  readonly netmask: Ipv4;
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
  readonly router?: Ipv4;
  readonly dns?: readonly Ipv4[];
}

export interface PxeServer {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly dhcpInterface: string;
  readonly dhcpRangeBegin: Ipv4;
  readonly dhcpRangeEnd: Ipv4;
  readonly dhcpRangeNetmask: Ipv4;
  /** The mode that was wished; while `dhcpHeldBy` is set it observes. */
  readonly dhcpMode: DhcpMode;
  /** A person named the mode: then it is not held back because another DHCP server is there. */
  readonly dhcpArmed: boolean;
  /** Answers nobody without a reservation. */
  readonly dhcpOnlyReserved: boolean;
  readonly dhcpSubnets: readonly DhcpSubnet[];
  /** `<mac>=<ip>` or `id:<hex of option 61>=<ip>`. */
  readonly dhcpReservations: readonly string[];
  /** `<first ip>-<last ip>`, or one address. */
  readonly dhcpExclusions: readonly string[];
  /** The other DHCP server because of which it observes instead of serving. */
  readonly dhcpHeldBy: Ipv4 | undefined;
  /** Why it gives nothing although nobody asked for that, with the way out. */
  readonly heldBack: string | undefined;
  readonly status: 'Running' | 'Stopped';
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** How one BMC is to be spoken to, where a person said so by system tags; absent members mean the usual. */
export interface IpmiOptions {
  readonly protocol?: '1.5';
  readonly cipherSuite?: number;
  readonly allowWeakSuites?: true;
  readonly quirks?: readonly QuirkName[];
}

/** A server behind a BMC. `ipmiPassword` and `ipmiKg` are clear here and encrypted in the store. */
export interface Chassis {
  readonly uuid: Uuid;
  readonly name: string;
  readonly description: string | undefined;
  readonly ipmiAddress: string;
  readonly ipmiPort: number;
  readonly ipmiUsername: string;
  readonly ipmiPassword: string;
  /** The BMC's own key for two-key logins; absent: it has none. IPMI 2.0 §13.33 */
  readonly ipmiKg?: string;
  readonly ipmiOptions?: IpmiOptions;
  readonly status: ChassisStatus;
  /** Why the last run failed; undefined when it did not. */
  readonly statusCause: string | undefined;
  /** `unknown` until a boot showed it or the tag `bootMode::legacy|uefi` said it. */
  readonly bootMode: 'unknown' | 'legacy' | 'uefi';
  /** Every reading of the BMC's System GUID; empty when the BMC gave none. */
  readonly systemUuids: readonly Uuid[];
  /** MAC addresses known to be this machine's: from tags, from runs, from hardware info. */
  readonly macs: readonly Mac[];
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** What a host shall be after installation. `password` is clear here and encrypted in the store. */
export interface HostCfg {
  readonly uuid: Uuid;
  readonly chassisUuid: Uuid;
  readonly password: string | undefined;
  readonly vnc: boolean;
  readonly unattended: boolean;
  readonly network: HostNetwork;
  readonly createDate: number;
  readonly lastOpDate: number;
}

export const hardwareInfoTypes = ['basic', 'nic', 'disk', 'pci', 'system'] as const;
export type HardwareInfoType = (typeof hardwareInfoTypes)[number];

/** One row of inspection results; `content` is a JSON text. */
export interface HardwareInfo {
  readonly uuid: Uuid;
  readonly chassisUuid: Uuid;
  readonly type: HardwareInfoType;
  readonly content: string;
  readonly createDate: number;
  readonly lastOpDate: number;
}

/** Stages of a run, in order; each late one has a cause of its own. */
export const runStages = [
  'powering', // the BMC is being told to boot from the network
  'awaiting-dhcp', // powered on, no DISCOVER yet
  'awaiting-loader', // DISCOVER seen, no loader fetched yet
  'awaiting-script', // loader on its way or done, iPXE has not asked for its script
  'awaiting-kernel', // script given
  'awaiting-initrd', // kernel on its way or done
  'awaiting-begin', // initrd done, the inspector or installer has not reported
  'working', // inspecting, or installing
  'finishing', // reported its end; power off (inspect) or nothing (install) is left
  'done',
  'failed',
] as const;
export type RunStage = (typeof runStages)[number];

/** Facts that the diagnosis looks at; they only grow during a run. */
export interface RunEvidence {
  readonly discovers: number;
  readonly offers: number;
  readonly acks: number;
  /** Address of another DHCP server whose offer the machine took. */
  readonly otherServer: Ipv4 | undefined;
  readonly poolFull: boolean;
  /** Name of another cluster whose PXE server the machine asked, in vain. */
  readonly barredCluster: string | undefined;
  readonly loaderStarted: boolean;
  readonly loaderBytes: number;
  readonly loaderTotal: number;
  readonly loaderFailure: string | undefined;
  readonly loaderDone: boolean;
  readonly ipxeDiscovers: number;
  readonly scriptReads: number;
  readonly kernelDone: boolean;
  readonly initrdBytes: number;
  readonly initrdTotal: number;
  readonly initrdDone: boolean;
  /** DHCP acks to a client that is no firmware: the booted inspector's or installer's own network is up. */
  readonly systemAcks: number;
  readonly kickstartReads: number;
  /** What the BMC answered when the boot flag was read back; undefined when it was not asked. */
  readonly bootFlagKept: boolean | undefined;
  readonly efiBitKept: boolean | undefined;
  /** Name of the known fault that its console showed when it was looked at last; undefined for none. */
  readonly consoleSign: string | undefined;
}

/** No evidence yet. */
export const noEvidence: RunEvidence = {
  discovers: 0,
  offers: 0,
  acks: 0,
  otherServer: undefined,
  poolFull: false,
  barredCluster: undefined,
  loaderStarted: false,
  loaderBytes: 0,
  loaderTotal: 0,
  loaderFailure: undefined,
  loaderDone: false,
  ipxeDiscovers: 0,
  scriptReads: 0,
  kernelDone: false,
  initrdBytes: 0,
  initrdTotal: 0,
  initrdDone: false,
  systemAcks: 0,
  kickstartReads: 0,
  bootFlagKept: undefined,
  efiBitKept: undefined,
  consoleSign: undefined,
};

/** One pass of a machine through inspection or installation. Tokens are 256-bit hex, unguessable, and die with the run. */
export interface Run {
  readonly uuid: Uuid;
  readonly chassisUuid: Uuid;
  /** The server that saw the machine; before that, the one expected to. */
  readonly pxeServerUuid: Uuid;
  readonly kind: 'inspect' | 'install';
  readonly stage: RunStage;
  /** When the stage began or last moved on (a download that makes progress moves on). */
  readonly stageSince: number;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** In the script URL that DHCP sends; anybody on the segment can see it, so it opens nothing secret. */
  readonly bootToken: string;
  /** In the kickstart's URL; handed out only inside the script. */
  readonly kickstartToken: string;
  /** In the URLs of reports; handed out only inside the script and the kickstart. */
  readonly reportToken: string;
  readonly kickstartConsumed: boolean;
  readonly mac: Mac | undefined;
  readonly address: Ipv4 | undefined;
  readonly firmware: Firmware | undefined;
  readonly evidence: RunEvidence;
  readonly cause: string | undefined;
}

/** One line of a boot timeline. */
export interface TimelineEntry {
  readonly runUuid: Uuid;
  readonly chassisUuid: Uuid;
  readonly at: number;
  /** e.g. `power`, `dhcp-discover`, `tftp-done`, `script`, `kernel-done`, `begin`, `end`, `failed`. */
  readonly step: string;
  readonly text: string;
  readonly bytes: number | undefined;
}

/** A machine that asked for a boot and was not known. */
export interface SeenMachine {
  readonly serverUuid: Uuid;
  readonly mac: Mac;
  readonly uuids: readonly Uuid[];
  readonly firmware: Firmware | undefined;
  readonly vendorClass: string | undefined;
  readonly reason: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly count: number;
}
