import type { Ipv4 } from '../../base/ipv4.ts';
import type { Uuid } from '../../base/uuid.ts';
import type { Firmware } from '../ports.ts';

/** What a decision needs to know of its server and of the client's network. */
export interface ReplyConfig {
  readonly serverUuid: Uuid;
  readonly serverAddress: Ipv4;
  /** Any address of the client's network. */
  readonly subnet: Ipv4;
  readonly netmask: Ipv4;
  readonly router: Ipv4 | undefined;
  readonly dns: readonly Ipv4[];
  readonly onlyReserved: boolean;
  readonly rapidCommit: boolean;
  readonly bootp: boolean;
  /** Lease of network-boot firmware: it soon boots on or gives up, so that a mass reboot does not hold a day of addresses. */
  readonly firmwareLeaseSeconds: number;
  readonly installerLeaseSeconds: number;
  /** Lease of everything else. */
  readonly hostLeaseSeconds: number;
  /** 68, and for relays 67 (RFC 2131 §4.1); others only in tests. */
  readonly clientPort: number;
  readonly relayPort: number;
  /** TFTP name of the first loader; undefined when there is none for that firmware. */
  readonly loaderFor: (firmware: Firmware) => string | undefined;
  /** URL of the first loader for UEFI HTTP boot. */
  readonly httpLoaderUrl: (firmware: Firmware) => string | undefined;
}
