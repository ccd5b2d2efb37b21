import { type Ipv4, ipv4ToNumber, parseIpv4, prefixOfNetmask, sameSubnet } from '../base/ipv4.ts';
import { type Mac, parseMac } from '../base/mac.ts';
import { badArgument, checkIpv4 } from './checks.ts';
import type { DhcpSubnet } from './model.ts';
import type { DhcpSubnetInput } from './service.ts';

/** Addresses from the first to the last, both in it. */
export interface AddressRange {
  readonly begin: Ipv4;
  readonly end: Ipv4;
}

/** An address kept for one client. */
export interface Reservation {
  readonly mac?: Mac;
  readonly clientId?: string;
  readonly ip: Ipv4;
}

/** Reads `192.0.2.10-192.0.2.20` or `192.0.2.10`. Throws ProvisionError that names the parameter. */
export function parseExclusion(text: string): AddressRange {
  const [first = '', last = first, ...more] = text.split('-').map((part) => part.trim());
  const begin = parseIpv4(first);
  const end = parseIpv4(last);
  if (begin === undefined || end === undefined || more.length > 0) {
    throw badArgument('dhcpExclusions', `"${text}" must be an address, or two like 192.0.2.10-192.0.2.20`);
  }
  if (ipv4ToNumber(begin) > ipv4ToNumber(end)) {
    throw badArgument('dhcpExclusions', `"${text}" begins behind its end`);
  }
  return { begin, end };
}

/** The one text of a range. */
export function exclusionText({ begin, end }: AddressRange): string {
  return begin === end ? begin : `${begin}-${end}`;
}

/** Reads `<mac>=<ip>` or `id:<hex>=<ip>`, whose hex is all of option 61. Throws ProvisionError that names the parameter. */
export function parseReservation(text: string): Reservation {
  const [client = '', address = '', ...more] = text.split('=').map((part) => part.trim());
  const ip = parseIpv4(address);
  const clientId = /^id:((?:[0-9a-f]{2}){2,255})$/i.exec(client)?.[1]?.toLowerCase();
  const mac = parseMac(client);
  if (ip === undefined || more.length > 0 || (clientId === undefined && mac === undefined)) {
    throw badArgument(
      'dhcpReservations',
      `"${text}" must be like 52:54:00:12:34:56=192.0.2.9, or id:<hex of the client identifier>=192.0.2.9`,
    );
  }
  if (clientId !== undefined) return { clientId, ip };
  if (mac === undefined || (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
    throw badArgument('dhcpReservations', `"${client}" is a group address, which no machine has`);
  }
  return { mac, ip };
}

/** The one text of a reservation. */
export function reservationText({ mac, clientId, ip }: Reservation): string {
  return `${mac ?? `id:${clientId}`}=${ip}`;
}

/** A subnet behind a relay, checked by itself. Throws ProvisionError that names the parameter. */
export function checkSubnet(input: DhcpSubnetInput): DhcpSubnet {
  const parameter = 'dhcpSubnets';
  const subnet = checkIpv4(parameter, input.subnet);
  const netmask = checkIpv4(parameter, input.netmask);
  const prefix = prefixOfNetmask(netmask);
  if (prefix === undefined || prefix < 8 || prefix > 30) {
    throw badArgument(
      parameter,
      `netmask ${netmask} of ${subnet} must be one of 255.0.0.0 to 255.255.255.252`,
    );
  }
  if ((ipv4ToNumber(subnet) & ~ipv4ToNumber(netmask)) >>> 0 !== 0) {
    throw badArgument(parameter, `${subnet} is no network address of netmask ${netmask}`);
  }
  const host = (name: string, text: string): Ipv4 => {
    const ip = checkIpv4(parameter, text);
    if (!isHost(ip, subnet, netmask)) {
      throw badArgument(parameter, `${name} ${ip} is no host address of ${subnet}/${prefix}`);
    }
    return ip;
  };
  const rangeBegin = host('rangeBegin', input.rangeBegin);
  const rangeEnd = host('rangeEnd', input.rangeEnd);
  if (ipv4ToNumber(rangeBegin) > ipv4ToNumber(rangeEnd)) {
    throw badArgument(parameter, `rangeBegin ${rangeBegin} is above rangeEnd ${rangeEnd}`);
  }
  return {
    subnet,
    netmask,
    rangeBegin,
    rangeEnd,
    ...(input.router === undefined ? {} : { router: host('router', input.router) }),
    ...(input.dns === undefined ? {} : { dns: input.dns.map((text) => checkIpv4(parameter, text)) }),
  };
}

/** True for an address of the subnet that a host may have: neither the network's own nor its broadcast address. */
export function isHost(ip: Ipv4, subnet: Ipv4, netmask: Ipv4): boolean {
  const hostBits = ~ipv4ToNumber(netmask) >>> 0;
  const host = (ipv4ToNumber(ip) & hostBits) >>> 0;
  return sameSubnet(ip, subnet, netmask) && host !== 0 && host !== hostBits;
}
