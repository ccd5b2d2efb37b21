import { CodedError } from '../base/errors.ts';
import type { Ipv4 } from '../base/ipv4.ts';
import type { Mac } from '../base/mac.ts';

/** Address settings of a NIC, a bond or a VLAN; `ip` and `netmask` come together or not at all. */
export interface AddressCfg {
  readonly ip: Ipv4 | undefined;
  readonly netmask: Ipv4 | undefined;
  readonly gateway: Ipv4 | undefined;
  readonly dns: Ipv4 | undefined;
}

export interface NicCfg extends AddressCfg {
  readonly mac: Mac;
  /** Exactly one NIC of a host has it: the one that boots from the network. */
  readonly pxe: boolean;
}

export interface BondingCfg extends AddressCfg {
  readonly name: string;
  readonly slaves: readonly Mac[];
  /** 0 balance-rr, 1 active-backup, 2 balance-xor, 3 broadcast, 4 802.3ad, 5 balance-tlb, 6 balance-alb. Linux bonding.rst */
  readonly mode: 0 | 1 | 2 | 3 | 4 | 5 | 6;
}

/** A VLAN on top of a NIC (by MAC) or a bond (by name). */
export interface VlanCfg extends AddressCfg {
  readonly parent: string;
  readonly vlanId: number;
}

/** The wished network of a host, checked. */
export interface HostNetwork {
  readonly nics: readonly NicCfg[];
  readonly bondings: readonly BondingCfg[];
  readonly vlans: readonly VlanCfg[];
}

/** `data.path` names the faulty place, e.g. `nicCfgs[0].netmask`. */
export class HostCfgError extends CodedError<'invalid'> {}

/** What a kickstart is rendered from. All values are checked and escaped for where they land. */
export interface KickstartInput {
  readonly hostname: string | undefined;
  /** SHA-512 crypt text (`$6$...`), or undefined: the root account is locked. */
  readonly rootPasswordCrypt: string | undefined;
  readonly vnc: boolean;
  readonly vncPassword: string | undefined;
  readonly unattended: boolean;
  readonly network: HostNetwork;
  /** Install tree, e.g. `http://192.0.2.1:8081/...`; undefined renders no `url` line. */
  readonly installUrl: string | undefined;
  readonly beginUrl: string;
  readonly endUrl: string;
  /** Where the installer tells in plain text why it stopped; undefined: it only shows it on its screen. */
  readonly failedUrl?: string | undefined;
}
