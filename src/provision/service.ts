import type { ImportProgress } from './images/import.ts';
import type { InstallImageInput } from './images/input.ts';
import { CodedError } from '../base/errors.ts';
import type { Uuid } from '../base/uuid.ts';
import type { BmcService } from './bmc-report.ts';
import type { ChassisStatus, DhcpMode, Run, SeenMachine, TimelineEntry } from './model.ts';

/** What the provisioning domain refuses or fails with; the API maps each to a ZStack error code. */
export type ProvisionErrorCode =
  | 'invalid-argument'
  | 'not-found'
  | 'chassis-not-found'
  | 'hostcfg-not-found'
  | 'no-pxe-server'
  | 'pxe-server-stopped'
  | 'pxe-server-start-failed'
  | 'already-provisioned'
  | 'run-in-progress'
  | 'conflict'
  | 'bmc-failed'
  | 'power-on-failed'
  | 'power-off-failed'
  | 'power-reset-failed'
  | 'provision-failed'
  | 'storage-full';

/** A refusal or failure with a text that says what to do. */
export class ProvisionError extends CodedError<ProvisionErrorCode> {}

export interface PxeServerInput {
  readonly resourceUuid?: string;
  readonly name: string;
  readonly description?: string;
  readonly dhcpInterface: string;
  readonly dhcpRangeBegin?: string;
  readonly dhcpRangeEnd?: string;
  readonly dhcpRangeNetmask?: string;
  /** A mode that is named holds, whoever else answers there; without one `serve`, unless another DHCP server is found at the start. */
  readonly dhcpMode?: DhcpMode;
  readonly dhcpOnlyReserved?: boolean;
  /** Lists replace what was there; an empty one clears it. */
  readonly dhcpSubnets?: readonly DhcpSubnetInput[];
  readonly dhcpReservations?: readonly string[];
  readonly dhcpExclusions?: readonly string[];
}

/** A network behind a DHCP relay, unchecked. */
export interface DhcpSubnetInput {
  readonly subnet: string;
  readonly netmask: string;
  readonly rangeBegin: string;
  readonly rangeEnd: string;
  readonly router?: string;
  readonly dns?: readonly string[];
}

export interface ChassisInput {
  readonly resourceUuid?: string;
  readonly name: string;
  readonly description?: string;
  readonly ipmiAddress: string;
  /** "623" or 623; default 623. */
  readonly ipmiPort?: string | number;
  readonly ipmiUsername: string;
  readonly ipmiPassword: string;
  /** The BMC's own key K_G: up to 20 bytes as text, or as `0x` and hex digits; empty for none. */
  readonly ipmiKg?: string;
  /**
   * `skipIpmiCheck::true`, `bootMac::<mac>` (may repeat), `bootMode::legacy|uefi`, `ipmiProtocol::1.5|2.0`, `ipmiCipherSuite::<number>`,
   * `ipmiAllowWeakSuites::true`, `ipmiQuirk::<name>` (may repeat); others are ignored here.
   */
  readonly systemTags?: readonly string[];
}

export interface HostCfgInput {
  readonly resourceUuid?: string;
  readonly chassisUuid: string;
  readonly password?: string;
  readonly vnc?: string | boolean;
  readonly unattended?: string | boolean;
  /** Map with nicCfgs, bondings, vlans as design says; checked by hostcfg. */
  readonly cfgItems: unknown;
}

export type PowerAction = 'on' | 'off' | 'reset';

/** The provisioning domain as the API sees it. Every method rejects with ProvisionError. Creates answer the new uuid. */
export interface ProvisionService extends BmcService {
  createPxeServer(input: PxeServerInput): Promise<Uuid>;
  updatePxeServer(uuid: string, change: Partial<Omit<PxeServerInput, 'resourceUuid'>>): Promise<void>;
  /** Deleting what does not exist succeeds. */
  deletePxeServer(uuid: string): Promise<void>;
  startPxeServer(uuid: string): Promise<void>;
  stopPxeServer(uuid: string): Promise<void>;

  /** Records an image and reads it once; resolves when it is Ready. A failed import leaves it Failed, with its cause. */
  addImage(input: InstallImageInput, progress?: ImportProgress): Promise<Uuid>;
  /** Forgets an image, with what was downloaded for it but no file of yours; refused while a run uses it. Deleting what does not exist succeeds. */
  deleteImage(uuid: string): Promise<void>;

  createChassis(input: ChassisInput): Promise<Uuid>;
  /** `ipmiPassword` and `ipmiKg` of `******` leave the stored one. A change of how the BMC is reached allows another login. */
  updateChassis(
    uuid: string,
    change: Partial<Omit<ChassisInput, 'resourceUuid'>> & { readonly status?: ChassisStatus },
  ): Promise<void>;
  deleteChassis(uuid: string): Promise<void>;
  /**
   * Does to a chassis what a system tag means that came or went on its own: `bootMac` adds or takes a MAC, `bootMode` says or
   * forgets the mode, those of IPMI how to log in; other tags change nothing. May be repeated.
   */
  applyTag(
    uuid: string,
    change: { readonly added: string | undefined; readonly removed: string | undefined },
  ): Promise<void>;

  createHostCfg(input: HostCfgInput): Promise<Uuid>;
  deleteHostCfg(uuid: string): Promise<void>;

  /** Begins a run (inspect without hostcfg, install with) and resolves when the machine was told to boot. */
  provision(chassisUuid: string): Promise<void>;
  powerStatus(chassisUuid: string): Promise<'ON' | 'OFF' | 'UNKNOWN'>;
  power(chassisUuid: string, action: PowerAction): Promise<void>;

  /** The newest run of a chassis with its timeline; undefined before the first. No tokens in it. */
  timeline(chassisUuid: string): Promise<
    | {
        readonly run: Omit<Run, 'bootToken' | 'kickstartToken' | 'reportToken'>;
        readonly entries: readonly TimelineEntry[];
      }
    | undefined
  >;
  seenMachines(): Promise<readonly SeenMachine[]>;
}
