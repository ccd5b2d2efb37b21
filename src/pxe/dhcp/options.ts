import { type Ipv4, ipv4ToNumber, prefixOfNetmask, sameSubnet } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import type { Uuid } from '../../base/uuid.ts';
import { PxeError } from '../errors.ts';

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
  /** Addresses of the range that clients never get. */
  readonly excluded?: readonly Ipv4[] | undefined;
  /** Addresses of the subnet that are kept for one client each. */
  readonly reservations?: ReadonlyMap<Mac, Ipv4> | undefined;
  /** Default 600: a boot takes minutes, and a mass reboot must not hold a day of addresses. */
  readonly firmwareLeaseSeconds?: number | undefined;
  /** Default 86400: an installed host keeps its address over a night in which this server is down. */
  readonly hostLeaseSeconds?: number | undefined;
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
  /** Requests that may wait for the lease store; more are dropped, and their clients ask again. Default 4096. */
  readonly maxPending?: number | undefined;
}

export const dhcpDefaults = {
  firmwareLeaseSeconds: 600,
  hostLeaseSeconds: 86_400,
  bindAddress: '0.0.0.0' as Ipv4,
  port: 67,
  clientPort: 68,
  maxPending: 4096,
} as const;

/** Throws PxeError `bad-dhcp-settings` that names what is wrong; a range that the subnet does not hold would confuse a LAN. */
export function checkSettings(settings: DhcpSettings): void {
  const { serverAddress, netmask, rangeBegin, rangeEnd } = settings;
  const refuse = (text: string): never => {
    throw new PxeError('bad-dhcp-settings', text, {
      data: { serverAddress, netmask, rangeBegin, rangeEnd },
    });
  };
  const prefix = prefixOfNetmask(netmask);
  if (prefix === undefined || prefix < 8 || prefix > 30) {
    refuse(`netmask ${netmask} is none of 255.0.0.0 to 255.255.255.252`);
  }
  for (const [name, ip] of [
    ['range begin', rangeBegin],
    ['range end', rangeEnd],
    ...[...(settings.reservations?.values() ?? [])].map((ip) => ['reserved address', ip] as const),
  ] as const) {
    if (!sameSubnet(ip, serverAddress, netmask)) {
      refuse(
        `${name} ${ip} is not in the subnet of the server's address ${serverAddress}, netmask ${netmask}`,
      );
    }
  }
  if (ipv4ToNumber(rangeBegin) > ipv4ToNumber(rangeEnd)) {
    refuse(`range begin ${rangeBegin} is behind range end ${rangeEnd}`);
  }
  for (const seconds of [settings.firmwareLeaseSeconds, settings.hostLeaseSeconds]) {
    if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 60)) {
      refuse(`a lease of ${seconds} seconds is under 60, or no whole number`);
    }
  }
}
