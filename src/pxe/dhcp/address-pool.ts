import { broadcastOf, type Ipv4, ipv4ToNumber } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';
import { AddressRanges } from './address-ranges.ts';
import type { AddressRange, DhcpReservation } from './options.ts';

/** Which addresses of a subnet clients may get. */
export interface PoolConfig {
  /** Any address of the subnet. */
  readonly subnet: Ipv4;
  readonly netmask: Ipv4;
  /** First and last address for clients, both in it. */
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
  /** Addresses that machines of ours have: the server, the router, name servers. */
  readonly taken?: readonly Ipv4[] | undefined;
  readonly excluded?: readonly AddressRange[] | undefined;
  /** Addresses kept for one client each, in the range or not; those of other subnets are left out. */
  readonly reservations?: readonly DhcpReservation[] | undefined;
}

/** Who asks: reservations name one or the other. */
export interface Client {
  readonly mac: Mac;
  /** Hex of option 61. */
  readonly clientId: string | undefined;
}

/** A pool made ready for quick questions; addresses are numbers here. */
export interface AddressPool {
  readonly begin: number;
  readonly end: number;
  /** Addresses that are free for anybody. */
  readonly size: number;
  /** The address that belongs to this client alone; by its MAC before its client id, which changes during a boot. */
  reservedFor(client: Client): number | undefined;
  /** True when this client may have the address: its reservation, or one of the range that is nobody's. */
  admits(address: number, client: Client): boolean;
  /** True when the address is free for anybody. */
  isDynamic(address: number): boolean;
}

/** Leaves out the network and broadcast addresses (RFC 1122 §3.2.1.3), those of our own machines, what is excluded and what is reserved. */
export function createPool(config: PoolConfig): AddressPool {
  const mask = ipv4ToNumber(config.netmask);
  const network = (ipv4ToNumber(config.subnet) & mask) >>> 0;
  const broadcast = ipv4ToNumber(broadcastOf(config.subnet, config.netmask));
  const taken = new Set([network, broadcast, ...(config.taken ?? []).map(ipv4ToNumber)]);
  const byMac = new Map<Mac, number>();
  const byClientId = new Map<string, number>();
  const reserved = new Set<number>();
  for (const { mac, clientId, ip } of config.reservations ?? []) {
    const address = ipv4ToNumber(ip);
    if (taken.has(address) || (address & mask) >>> 0 !== network) continue;
    reserved.add(address);
    if (mac !== undefined) byMac.set(mac, address);
    if (clientId !== undefined) byClientId.set(clientId.toLowerCase(), address);
  }
  const begin = Math.max(ipv4ToNumber(config.rangeBegin), network);
  const end = Math.min(ipv4ToNumber(config.rangeEnd), broadcast);
  const reservedFor = ({ mac, clientId }: Client): number | undefined =>
    byMac.get(mac) ?? (clientId === undefined ? undefined : byClientId.get(clientId));
  const keptOut = new AddressRanges([
    ...[...taken, ...reserved].map((one) => [one, one] as const),
    ...(config.excluded ?? []).map((range) => [ipv4ToNumber(range.begin), ipv4ToNumber(range.end)] as const),
  ]);
  const isDynamic = (address: number): boolean => address >= begin && address <= end && !keptOut.has(address);
  return {
    begin,
    end,
    size: Math.max(0, end - begin + 1) - keptOut.countWithin(begin, end),
    reservedFor,
    isDynamic,
    admits: (address, client) => isDynamic(address) || reservedFor(client) === address,
  };
}
