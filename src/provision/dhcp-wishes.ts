import { type Ipv4, ipv4FromNumber, ipv4ToNumber, sameSubnet } from '../base/ipv4.ts';
import { badArgument } from './checks.ts';
import {
  checkSubnet,
  exclusionText,
  isHost,
  parseExclusion,
  parseReservation,
  reservationText,
} from './dhcp-texts.ts';
import type { PxeServer } from './model.ts';
import type { PxeServerInput } from './service.ts';

type Wishes = Pick<PxeServer, 'dhcpOnlyReserved' | 'dhcpSubnets' | 'dhcpReservations' | 'dhcpExclusions'>;

/** Nothing wished. */
export const noDhcpWishes: Wishes = {
  dhcpOnlyReserved: false,
  dhcpSubnets: [],
  dhcpReservations: [],
  dhcpExclusions: [],
};

interface Network {
  readonly subnet: Ipv4;
  readonly netmask: Ipv4;
}

/**
 * The wishes after a change, checked as a whole against the range of the server; `ownAddresses` are those of its interface. Texts come out
 * in one form. Throws ProvisionError `invalid-argument` that names the parameter and what is wrong with it.
 */
export function checkDhcpWishes(
  change: Pick<PxeServerInput, 'dhcpOnlyReserved' | 'dhcpSubnets' | 'dhcpReservations' | 'dhcpExclusions'>,
  before: Wishes,
  own: Pick<PxeServer, 'dhcpRangeBegin' | 'dhcpRangeNetmask'>,
  ownAddresses: readonly Ipv4[],
): Wishes {
  const wishes = {
    dhcpOnlyReserved: change.dhcpOnlyReserved ?? before.dhcpOnlyReserved,
    dhcpSubnets: (change.dhcpSubnets ?? before.dhcpSubnets).map(checkSubnet),
    reservations: (change.dhcpReservations ?? before.dhcpReservations).map(parseReservation),
    exclusions: (change.dhcpExclusions ?? before.dhcpExclusions).map(parseExclusion),
  };
  const networks = checkNetworks(
    { subnet: networkOf(own.dhcpRangeBegin, own.dhcpRangeNetmask), netmask: own.dhcpRangeNetmask },
    wishes.dhcpSubnets,
  );
  checkExclusions(wishes.exclusions, networks);
  checkReservations(wishes.reservations, wishes.exclusions, networks, ownAddresses);
  return {
    dhcpOnlyReserved: wishes.dhcpOnlyReserved,
    dhcpSubnets: wishes.dhcpSubnets,
    dhcpReservations: wishes.reservations.map(reservationText),
    dhcpExclusions: wishes.exclusions.map(exclusionText),
  };
}

function networkOf(ip: Ipv4, netmask: Ipv4): Ipv4 {
  return ipv4FromNumber((ipv4ToNumber(ip) & ipv4ToNumber(netmask)) >>> 0);
}

function checkNetworks(own: Network, others: readonly Network[]): readonly Network[] {
  const networks = [own];
  for (const { subnet, netmask } of others) {
    const twin = networks.find(
      (one) => sameSubnet(one.subnet, subnet, netmask) || sameSubnet(one.subnet, subnet, one.netmask),
    );
    if (twin) {
      const what = twin === own ? "the interface's own subnet" : `subnet ${twin.subnet}`;
      throw badArgument('dhcpSubnets', `subnet ${subnet} overlaps ${what}`);
    }
    networks.push({ subnet, netmask });
  }
  return networks;
}

type Ranges = readonly ReturnType<typeof parseExclusion>[];

function checkExclusions(exclusions: Ranges, networks: readonly Network[]): void {
  const taken: { begin: number; end: number; text: string }[] = [];
  for (const range of exclusions) {
    const text = exclusionText(range);
    const isInside = networks.some(
      ({ subnet, netmask }) =>
        sameSubnet(range.begin, subnet, netmask) && sameSubnet(range.end, subnet, netmask),
    );
    if (!isInside) throw badArgument('dhcpExclusions', `${text} is not in one subnet of this server`);
    const [begin, end] = [ipv4ToNumber(range.begin), ipv4ToNumber(range.end)];
    const twin = taken.find((one) => begin <= one.end && one.begin <= end);
    if (twin) throw badArgument('dhcpExclusions', `${text} overlaps ${twin.text}`);
    taken.push({ begin, end, text });
  }
}

function checkReservations(
  reservations: readonly ReturnType<typeof parseReservation>[],
  exclusions: Ranges,
  networks: readonly Network[],
  ownAddresses: readonly Ipv4[],
): void {
  const seen = new Set<string>();
  for (const reservation of reservations) {
    const { ip, mac, clientId } = reservation;
    const refuse = (text: string): never => {
      throw badArgument('dhcpReservations', text);
    };
    const network = networks.find(({ subnet, netmask }) => isHost(ip, subnet, netmask));
    if (network === undefined) return refuse(`${ip} is no host address of a subnet of this server`);
    if (ownAddresses.includes(ip)) refuse(`${ip} is this server's own address`);
    const number = ipv4ToNumber(ip);
    const excluded = exclusions.find(
      ({ begin, end }) => ipv4ToNumber(begin) <= number && number <= ipv4ToNumber(end),
    );
    if (excluded) refuse(`${ip} is excluded by ${exclusionText(excluded)}; give one of the two up`);
    for (const key of [ip, `${mac ?? clientId} in ${network.subnet}`]) {
      if (seen.has(key)) refuse(`there are two reservations for ${key}`);
      seen.add(key);
    }
  }
}
