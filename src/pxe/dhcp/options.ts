import type { Ipv4 } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';

/**
 * `serve` gives addresses and boot files; `proxy` gives boot files alone, beside somebody else's DHCP server; `observe` answers
 * nobody and only tells what it sees.
 */
export type DhcpMode = 'serve' | 'proxy' | 'observe';

/** Addresses from the first to the last, both in it. */
export interface AddressRange {
  readonly begin: Ipv4;
  readonly end: Ipv4;
}

/** An address kept for one client, by its MAC, its client id (hex of option 61), or either of them. */
export interface DhcpReservation {
  readonly mac?: Mac | undefined;
  readonly clientId?: string | undefined;
  readonly ip: Ipv4;
}

/** A network behind a relay. */
export interface DhcpSubnet {
  /** Its network address, e.g. 198.51.100.0. */
  readonly subnet: Ipv4;
  readonly netmask: Ipv4;
  /** First and last address for clients, both in it. */
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
  readonly router?: Ipv4 | undefined;
  readonly dns?: readonly Ipv4[] | undefined;
}

/** What may change while the server runs. */
export interface DhcpSettings {
  /** This server's address on the segment: option 54, siaddr, and the subnet of the range. */
  readonly serverAddress: Ipv4;
  readonly netmask: Ipv4;
  /** First and last address for clients, both in it. */
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
  readonly router?: Ipv4 | undefined;
  readonly dns?: readonly Ipv4[] | undefined;
  /** Default 'serve'. */
  readonly mode?: DhcpMode | undefined;
  /** Answers nobody without a reservation. Default false. */
  readonly onlyReserved?: boolean | undefined;
  /** Networks behind relays, each with a range of its own. Default none. */
  readonly subnets?: readonly DhcpSubnet[] | undefined;
  /** Addresses of the server's subnet or of `subnets`, in a range or not. Default none. */
  readonly reservations?: readonly DhcpReservation[] | undefined;
  /** Addresses of the ranges that clients never get. Default none. */
  readonly excluded?: readonly AddressRange[] | undefined;
  /** Default 300: firmware soon boots on or gives up, and a mass reboot must not hold a day of addresses. */
  readonly firmwareLeaseSeconds?: number | undefined;
  /** Default 3600: an installation takes minutes, and its address is then the installed system's. */
  readonly installerLeaseSeconds?: number | undefined;
  /** Default 86400: an installed host keeps its address over a night in which this server is down. */
  readonly hostLeaseSeconds?: number | undefined;
  /** Two messages in place of four for clients that ask for it (RFC 4039). Default false: only for the one server of a segment. */
  readonly rapidCommit?: boolean | undefined;
  /** Answers BOOTP clients too; they never give an address back (RFC 1534 §2). Default false. */
  readonly bootp?: boolean | undefined;
}

export interface DhcpServerOptions extends DhcpSettings {
  readonly serverUuid: Uuid;
  /** Interface to bind to; without it the server hears every interface, which only tests on loopback want. */
  readonly device?: string | undefined;
  /** Default 0.0.0.0: limited broadcasts reach no other. */
  readonly bindAddress?: Ipv4 | undefined;
  /** Default 67. */
  readonly port?: number | undefined;
  /** Default 68. */
  readonly clientPort?: number | undefined;
  /** Where PXE clients ask in proxy mode (PXE 2.1 §2.2.3). Default 4011. */
  readonly proxyPort?: number | undefined;
  /** Requests that may wait for the lease store; more are dropped, and their clients ask again. Default 4096. */
  readonly maxPending?: number | undefined;
}

/** What holds where an option is not given; the reasons stand at the options. */
export const dhcpDefaults = {
  mode: 'serve',
  firmwareLeaseSeconds: 300,
  installerLeaseSeconds: 3600,
  hostLeaseSeconds: 86_400,
  bindAddress: '0.0.0.0' as Ipv4,
  port: 67,
  clientPort: 68,
  proxyPort: 4011,
  maxPending: 4096,
} as const;
