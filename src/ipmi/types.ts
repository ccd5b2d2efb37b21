import type { Clock } from '../base/clock.ts';
import { CodedError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { RandomBytes } from '../base/random.ts';
import type { OpenUdp } from '../net/udp.ts';
import type { QuirkName } from './quirks.ts';

/** Where a BMC is and how to log in. Password and K_G never leave this object in clear: not in errors, logs or events. */
export interface BmcTarget {
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Session privilege. Default `operator`, which is enough for power and boot device; users and settings need `administrator`. */
  readonly privilege?: 'user' | 'operator' | 'administrator';
  /** Default `2.0`. The weaker 1.5 is used only when it is named here, never because a BMC says so. */
  readonly protocol?: '2.0' | '1.5';
  /** How an IPMI 1.5 login proves the password. Default `md5`; `straight` sends it in clear and `none` not at all. */
  readonly ipmi15Auth?: 'md5' | 'straight' | 'none';
  /** The only cipher suite to use. Without: 17, then 3, those first that the BMC lists. */
  readonly cipherSuite?: number;
  /** Suites without encryption, or with MD5, may be used as the last ones (8, 12, 2, 1). Default false. */
  readonly allowWeakSuites?: boolean;
  /** The BMC's own key K_G for a two-key login: up to 20 bytes as text, or as `0x` and hex digits. */
  readonly kg?: string;
  /** How the BMC finds the user: by name alone (default), or by name and privilege. IPMI 2.0 §13.20 */
  readonly userLookup?: 'name' | 'name-and-role';
  /** Deviations of this BMC from the standard. */
  readonly quirks?: readonly QuirkName[];
  /** Keeps an idle session open with a cheap command. Default false: the BMC drops it after 60 s. */
  readonly keepAlive?: boolean;
}

/** Why a command could not be done. */
export type IpmiErrorCode =
  | 'bad-target' // address, user name, password or profile that no BMC can have
  | 'unreachable' // no answer at all to the first packets
  | 'no-answer' // answered before, silent now
  | 'auth-failed' // wrong user, password or privilege (RAKP status, or RAKP 2 HMAC wrong)
  | 'locked-out' // no try was made: too many failed logins before, see pool/lockout-guard.ts
  | 'bmc-not-genuine' // RAKP 4 or a session packet failed its integrity check
  | 'suite-refused' // cipher suite not accepted
  | 'out-of-sessions' // RAKP status 0x01 or 0x0B
  | 'busy' // completion code 0xC0, 0xC3, or one that says starting or updating
  | 'privilege' // completion code 0xD4, or Set Session Privilege Level refused
  | 'command-failed' // any other completion code; data.completionCode
  | 'bad-reply' // malformed or hostile answer
  | 'closed';

/**
 * A BMC fault in words that a technician understands; `data.completionCode` or `data.rakpStatus` where there is one,
 * `data.mayHaveRun` true when a command that must not be repeated got no answer.
 */
export class IpmiError extends CodedError<IpmiErrorCode> {}

/** IPMI 2.0 §20.1 Get Device ID. */
export interface DeviceId {
  readonly deviceId: number;
  readonly firmwareMajor: number;
  readonly firmwareMinor: string;
  readonly ipmiVersion: string;
  readonly manufacturerId: number;
  readonly productId: number;
}

/** IPMI 2.0 §28.2 Get Chassis Status. */
export interface ChassisPower {
  readonly powerOn: boolean;
  readonly powerFault: boolean;
  readonly powerOverload: boolean;
  readonly lastPowerEvent: number;
}

/** IPMI 2.0 §28.3 Chassis Control. */
export type ChassisControl =
  | 'power-down'
  | 'power-up'
  | 'power-cycle'
  | 'hard-reset'
  | 'diagnostic-interrupt'
  | 'soft-shutdown';

/** IPMI 2.0 §28.12-28.13, parameter 5 (boot flags). */
export interface BootDevice {
  readonly device: 'none' | 'pxe' | 'disk' | 'cdrom' | 'bios-setup' | 'other';
  readonly efi: boolean;
  readonly persistent: boolean;
  /** False when the BMC says that its flags are not valid. */
  readonly valid: boolean;
}

/** One IPMI 2.0 session. Commands queue: one is in flight. Every method rejects with IpmiError. */
export interface BmcClient {
  deviceId(): Promise<DeviceId>;
  /** The 16 bytes as the BMC sent them; boards differ in their order (see uuidReadings). */
  systemGuid(): Promise<Uint8Array>;
  chassisStatus(): Promise<ChassisPower>;
  chassisControl(action: ChassisControl): Promise<void>;
  /** Sets the next boot (or every boot) and answers what the BMC says it kept. */
  setBootDevice(wish: {
    readonly device: 'pxe' | 'disk' | 'none';
    readonly efi: boolean;
    readonly persistent: boolean;
    /** The flags stay until the machine boots, where boards drop them after 60 seconds. Default false. */
    readonly keepUntilBoot?: boolean;
  }): Promise<BootDevice>;
  bootDevice(): Promise<BootDevice>;
  /** Close Session, best effort within one second; may be called twice. */
  close(): Promise<void>;
}

/** What a client needs from outside. */
export interface IpmiDeps {
  readonly openUdp: OpenUdp;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log?: Logger;
}
