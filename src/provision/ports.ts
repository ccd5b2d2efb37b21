import type { ProxySettings } from './images/download/proxy.ts';
import type { ImageFiles, ImageStore } from './images/ports.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';
import type { Uuid } from '../base/uuid.ts';
import type {
  BmcPool,
  BmcProfile,
  GuardEntry,
  LockoutFacts,
  MeasureOptions,
  PoolTarget,
  SweepOptions,
  SweepResult,
} from '../ipmi/index.ts';
import type { DhcpPlan } from './dhcp-plan.ts';
import type { Chassis, HardwareInfo, HostCfg, PxeServer, Run, SeenMachine, TimelineEntry } from './model.ts';

/**
 * Storage as the provisioning domain needs it. Every write resolves only when durable; `save*` inserts or replaces by uuid and
 * may be repeated. Uniqueness (chassis ipmiAddress+ipmiPort, pxe server dhcpInterface, one hostcfg a chassis, NIC MAC over all
 * hostcfgs) is enforced: a clash rejects with StoreError `conflict` whose data names the field. A full disk: `storage-full`.
 */
export interface ProvisionStore extends ImageStore {
  savePxeServer(server: PxeServer): Promise<void>;
  deletePxeServer(uuid: Uuid): Promise<void>;
  listPxeServers(): Promise<readonly PxeServer[]>;
  getPxeServer(uuid: Uuid): Promise<PxeServer | undefined>;
  /** Addresses that hostcfgs give to NICs, bonds and VLANs, each once. */
  listHostCfgAddresses(): Promise<readonly Ipv4[]>;

  saveChassis(chassis: Chassis): Promise<void>;
  /** Removes the chassis with its hardware info, hostcfg, runs and timeline in one transaction. */
  deleteChassis(uuid: Uuid): Promise<void>;
  listChassis(): Promise<readonly Chassis[]>;
  getChassis(uuid: Uuid): Promise<Chassis | undefined>;

  saveHostCfg(cfg: HostCfg): Promise<void>;
  deleteHostCfg(uuid: Uuid): Promise<void>;
  getHostCfg(uuid: Uuid): Promise<HostCfg | undefined>;
  getHostCfgOfChassis(chassisUuid: Uuid): Promise<HostCfg | undefined>;

  /** Replaces all hardware info of one chassis and saves the chassis and run that came with it, in one transaction. */
  saveInspection(rows: readonly HardwareInfo[], chassis: Chassis, run: Run): Promise<void>;
  listHardwareInfo(chassisUuid: Uuid): Promise<readonly HardwareInfo[]>;

  /**
   * A step of a run: the run, optionally its chassis, and new timeline lines, in one transaction. With `deleteHostCfg` the
   * chassis' hostcfg goes in the same transaction.
   */
  saveRunStep(step: {
    readonly run: Run;
    readonly chassis?: Chassis;
    readonly timeline: readonly TimelineEntry[];
    readonly deleteHostCfg?: boolean;
  }): Promise<void>;
  /** Runs that have not ended, for a restart. */
  listOpenRuns(): Promise<readonly Run[]>;
  /** The newest run of a chassis, ended or not. */
  latestRun(chassisUuid: Uuid): Promise<Run | undefined>;
  /** Lines of one run, oldest first. */
  listTimeline(runUuid: Uuid): Promise<readonly TimelineEntry[]>;

  saveSeenMachine(machine: SeenMachine): Promise<void>;
  listSeenMachines(): Promise<readonly SeenMachine[]>;
  /** Forgets a machine that was adopted. */
  deleteSeenMachine(mac: string): Promise<void>;

  /** What was measured at the BMC of a chassis; of one that is gone nothing is kept. */
  saveBmcProfile(chassisUuid: Uuid, profile: BmcProfile): Promise<void>;
  deleteBmcProfile(chassisUuid: Uuid): Promise<void>;
  listBmcProfiles(): Promise<ReadonlyMap<Uuid, BmcProfile>>;

  /** Failed logins to BMCs by account, never with a password; 0 failures remove the entry. */
  saveBmcGuard(entry: GuardEntry): Promise<void>;
  listBmcGuards(): Promise<readonly GuardEntry[]>;
}

export type { BmcProfile, GuardEntry } from '../ipmi/index.ts';

/** The BMCs of the domain, all behind one lock-out guard. Everything rejects with IpmiError. */
export interface BmcAccess extends Pick<BmcPool, 'use' | 'status' | 'forget' | 'close'> {
  /** Another try after failed logins: the credentials were changed, or a person wants it. */
  release(key: string, target: PoolTarget): Promise<void>;
  /** Failed logins in a row, and whether no more are tried. */
  lockOut(target: PoolTarget): Promise<{ readonly failures: number; readonly lockedOut: boolean }>;
  /** Learns how a BMC wants to be treated, over sessions of its own. */
  measure(key: string, target: PoolTarget, options: MeasureOptions): Promise<BmcProfile>;
  /** Looks for BMCs in networks. Closing ends it early. */
  sweep(options: SweepOptions): Promise<SweepResult>;
}

/** Builds the access; `lockedOut` is told once for each account at which logins are not tried any more. */
export type OpenBmcAccess = (lockedOut: (key: string, facts: LockoutFacts) => void) => BmcAccess;

/** An address of one of this machine's network interfaces. */
export interface InterfaceAddress {
  readonly name: string;
  readonly address: Ipv4;
  readonly netmask: Ipv4;
}

/** Another DHCP server on the segment of one of ours. */
export interface OtherDhcpServer {
  readonly server: Ipv4;
  readonly mac: Mac | undefined;
  readonly offered: Ipv4 | undefined;
}

/** The network services of one PXE server: DHCP, TFTP and boot HTTP on one interface. */
export interface NetbootServices {
  /** IPv4 addresses of the interface now; empty when there is no such interface or it has none. */
  interfaceAddresses(name: string): readonly InterfaceAddress[];
  /**
   * Starts all three, or none: a failure closes what was opened and rejects with NetError or the service's own error. What runs stays as
   * it is. With `patient` an interface that is not there yet is waited for.
   */
  start(server: PxeServer, plan: DhcpPlan, options: { readonly patient: boolean }): Promise<void>;
  /** Does something else at once, without a gap; nothing where it does not run. Throws the service's own error and changes nothing then. */
  update(serverUuid: Uuid, plan: DhcpPlan): void;
  /**
   * Looks for other DHCP servers on the segment, or joins a look that is under way; [] when none answered within the time (five seconds tell
   * all). Never rejects.
   */
  otherServers(serverUuid: Uuid, withinMs: number): Promise<readonly OtherDhcpServer[]>;
  /** Stops them; stopping what does not run is fine. */
  stop(serverUuid: Uuid): Promise<void>;
  /** Base of boot URLs on that server, e.g. `http://192.0.2.1:8081`; undefined while it is not running. */
  bootUrl(serverUuid: Uuid): string | undefined;
}

/** How provisioning gets at images: their files, and which one was chosen. */
export interface ImageAccess {
  readonly files: ImageFiles;
  /** The data directory; nothing in it is served but images that were downloaded into it. */
  readonly keepOut: string;
  /** The HTTP proxy that downloads go through; undefined: none. */
  readonly proxy?: ProxySettings | undefined;
  /** Uuid of the image that a hostcfg names (system tag `bootImage::{uuid}`), else that of the configuration; undefined without both. */
  imageOf(hostCfgUuid: Uuid): Promise<string | undefined>;
}

/** What the consoles of a machine show; a member is absent where nobody could look. */
export interface ConsoleLook {
  /** PNG of the screen. */
  readonly screenshot?: Uint8Array | undefined;
  /**
   * What came over the serial console since the run began, its last lines, without escape sequences and control characters; empty when nothing
   * did.
   */
  readonly consoleTail?: string | undefined;
}

/** Pictures of screens, a few for each chassis. Rejects with what the disk says. */
export interface ScreenFiles {
  /** Keeps a PNG and answers its name; the oldest of the chassis go when there are too many. */
  save(chassisUuid: Uuid, runUuid: Uuid, png: Uint8Array): Promise<string>;
  /** Undefined when there is no such picture, whatever the texts are. */
  read(chassisUuid: string, name: string): Promise<Uint8Array | undefined>;
  forget(chassisUuid: Uuid): Promise<void>;
}

/** How a run in trouble gets at what its machine shows. */
export interface Evidence {
  look(chassisUuid: Uuid): Promise<ConsoleLook>;
  readonly screens: ScreenFiles;
  /** Part of a stage's limit without progress after which the consoles are looked at, percent; 0: only at its end. Asked again and again. */
  readonly quietPercent: number;
}

/** Something that a person should see; `facts` never hold a secret. */
export interface Notice {
  readonly name:
    | 'boot-failed'
    | 'rogue-dhcp'
    | 'kickstart-second-reader'
    | 'dhcp-pool-full'
    | 'dhcp-pool-forecast'
    | 'dhcp-conflict'
    | 'foreign-dhcp'
    | 'duplicate-machine'
    | 'bmc-locked-out'
    | 'power-changed';
  readonly severity: 'Warning' | 'Error';
  /** What happened and what to do. */
  readonly text: string;
  readonly about: { readonly type: 'chassis' | 'pxeServer'; readonly uuid: string };
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Tells a person; never throws and never blocks. The same again may be told as often as it is seen. */
export type Notify = (notice: Notice) => void;

/** A cluster: machines that are provisioned together. */
export interface ClusterRef {
  readonly uuid: Uuid;
  readonly name: string;
}

/** Where a chassis stands, asked when a run of it is to begin. */
export interface Placement {
  /** The cluster of the chassis; undefined when it belongs to none. */
  readonly cluster: ClusterRef | undefined;
  /** Why nothing may be provisioned there now, with the way out; undefined when it may. */
  readonly refusal: string | undefined;
  /** The cluster of every PXE server that belongs to one. */
  readonly serverClusters: ReadonlyMap<Uuid, ClusterRef>;
}

/** Says where a chassis stands; asking changes nothing. */
export type PlacementOf = (chassisUuid: Uuid) => Promise<Placement>;
export type { InstallImage } from './images/model.ts';
