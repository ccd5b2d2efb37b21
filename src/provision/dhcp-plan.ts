import { type Ipv4, sameSubnet } from '../base/ipv4.ts';
import { type AddressRange, parseExclusion, parseReservation, type Reservation } from './dhcp-texts.ts';
import type { DhcpMode, DhcpSubnet, PxeServer } from './model.ts';

/** What DHCP of one PXE server shall do now. */
export interface DhcpPlan {
  readonly mode: DhcpMode;
  readonly onlyReserved: boolean;
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
  readonly subnets: readonly DhcpSubnet[];
  readonly reservations: readonly Reservation[];
  /** What a person excluded, and the addresses of hostcfgs. */
  readonly excluded: readonly AddressRange[];
}

/** The mode in effect. */
export function effectiveMode(server: Pick<PxeServer, 'dhcpMode' | 'dhcpHeldBy'>): DhcpMode {
  return server.dhcpHeldBy === undefined ? server.dhcpMode : 'observe';
}

/**
 * The plan of a server. Addresses that hostcfgs give to hosts are kept out of its ranges, except those reserved for a client: an operator
 * who boots a host by DHCP with the address that it shall have means that.
 */
export function dhcpPlanOf(server: PxeServer, hostCfgAddresses: readonly Ipv4[]): DhcpPlan {
  const reservations = server.dhcpReservations.map(parseReservation);
  const reserved = new Set(reservations.map(({ ip }) => ip));
  const networks = [
    { subnet: server.dhcpRangeBegin, netmask: server.dhcpRangeNetmask },
    ...server.dhcpSubnets,
  ];
  const taken = hostCfgAddresses.filter(
    (ip) => !reserved.has(ip) && networks.some(({ subnet, netmask }) => sameSubnet(ip, subnet, netmask)),
  );
  return {
    mode: effectiveMode(server),
    onlyReserved: server.dhcpOnlyReserved,
    rangeBegin: server.dhcpRangeBegin,
    rangeEnd: server.dhcpRangeEnd,
    subnets: server.dhcpSubnets,
    reservations,
    excluded: [...server.dhcpExclusions.map(parseExclusion), ...taken.map((ip) => ({ begin: ip, end: ip }))],
  };
}
