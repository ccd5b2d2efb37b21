import { broadcastOf, type Ipv4, ipv4ToNumber } from '../../base/ipv4.ts';
import type { Mac } from '../../base/mac.ts';

/** Which addresses of a subnet clients may get. */
export interface PoolConfig {
  readonly serverAddress: Ipv4;
  readonly netmask: Ipv4;
  /** First and last address for clients, both in it. */
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
  readonly excluded?: readonly Ipv4[] | undefined;
  /** Addresses kept for one client each; in the subnet, in the range or not. */
  readonly reservations?: ReadonlyMap<Mac, Ipv4> | undefined;
}

/** A pool made ready for quick questions; addresses are numbers here. */
export interface AddressPool {
  readonly begin: number;
  readonly end: number;
  /** The address that belongs to this client alone. */
  reservedFor(mac: Mac): number | undefined;
  /** True when this client may have the address: its reservation, or one of the range that is nobody's. */
  admits(address: number, mac: Mac): boolean;
  /** True when the address is free for anybody. */
  isDynamic(address: number): boolean;
}

/** Leaves out the server, the network and broadcast addresses (RFC 1122 §3.2.1.3), what is excluded and what is reserved. */
export function createPool(config: PoolConfig): AddressPool {
  const mask = ipv4ToNumber(config.netmask);
  const server = ipv4ToNumber(config.serverAddress);
  const network = (server & mask) >>> 0;
  const taken = new Set([
    server,
    network,
    ipv4ToNumber(broadcastOf(config.serverAddress, config.netmask)),
    ...(config.excluded ?? []).map(ipv4ToNumber),
  ]);
  const reservations = new Map<Mac, number>();
  for (const [mac, ip] of config.reservations ?? []) {
    const address = ipv4ToNumber(ip);
    if (!taken.has(address) && (address & mask) >>> 0 === network) reservations.set(mac, address);
  }
  const reserved = new Set(reservations.values());
  const begin = Math.max(ipv4ToNumber(config.rangeBegin), network);
  const end = Math.min(
    ipv4ToNumber(config.rangeEnd),
    ipv4ToNumber(broadcastOf(config.serverAddress, config.netmask)),
  );
  const isDynamic = (address: number): boolean =>
    address >= begin && address <= end && !taken.has(address) && !reserved.has(address);
  return {
    begin,
    end,
    reservedFor: (mac) => reservations.get(mac),
    isDynamic,
    admits: (address, mac) => reservations.get(mac) === address || isDynamic(address),
  };
}
