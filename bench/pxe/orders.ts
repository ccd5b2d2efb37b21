import type { Ipv4 } from '../../src/base/ipv4.ts';
import { type Mac, macFromBytes } from '../../src/base/mac.ts';
import { ipv4FromNumber, ipv4ToNumber } from '../../src/base/ipv4.ts';

/** The network of all these benchmarks: room for 100,000 leases and as many new ones. */
export const network = {
  server: '10.78.0.1' as Ipv4,
  /** Our own address on the machines' side. */
  client: '10.78.0.2' as Ipv4,
  subnet: '10.78.0.0' as Ipv4,
  netmask: '255.254.0.0' as Ipv4,
  prefix: 15,
  rangeBegin: '10.78.1.0' as Ipv4,
  rangeEnd: '10.79.255.0' as Ipv4,
} as const;

export const leaseSeconds = 86_400;

/** perfdhcp counts its clients up from a first MAC; so do we. */
export const macBases = { known: 0x00_0c_01_02_03_04, fresh: 0x00_0c_40_00_00_00 } as const;

/** The n-th MAC from `base` on. */
export function macOf(base: number, n: number): Mac {
  const value = base + n;
  return macFromBytes(Uint8Array.from([40, 32, 24, 16, 8, 0], (bits) => (value / 2 ** bits) & 255)) as Mac;
}

/** The address that the n-th known client has. */
export function addressOf(n: number): Ipv4 {
  return ipv4FromNumber(ipv4ToNumber(network.rangeBegin) + n);
}

/** What our own server process does; on its command line as JSON. */
export interface ServerOrder {
  /** For the database. */
  readonly folder: string;
  readonly device: string;
  /** Leases that clients have before the start. */
  readonly known: number;
  /** Writes these leases into the database and ends, so that this does not count as the server's memory. */
  readonly onlySeed?: true;
  /** What everybody gets: an address alone, or a boot. `first`: a boot for this many MACs, and nothing for others. */
  readonly policy: 'address' | 'boot' | { readonly first: number };
  /** Served as the kernel and the initrd. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly kernelArguments?: readonly string[];
}

/** What the DHCP load client does. */
export interface LoadOrder {
  readonly macBase: number;
  /** MACs in use, the first of them `firstClient`; each client asks again when its turn comes. */
  readonly clients: number;
  readonly firstClient: number;
  /** The clients ask for a time, so that a server gives each a new lease. */
  readonly asksTime: boolean;
  /** Exchanges under way at a time. */
  readonly outstanding: number;
  readonly seconds: number;
}

/** What it saw. */
export interface LoadReport {
  /** Four messages each, with the right address where it is known. */
  readonly exchanges: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Messages that had to be sent once more. */
  readonly repeats: number;
  readonly refused: number;
}
