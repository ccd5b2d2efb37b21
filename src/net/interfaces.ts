import { execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { type Ipv4, netmaskOfPrefix, parseIpv4 } from '../base/ipv4.ts';

/** One IPv4 address of one of this machine's interfaces. */
export interface Ipv4InterfaceAddress {
  readonly name: string;
  readonly address: Ipv4;
  readonly netmask: Ipv4;
}

interface IpAddress {
  readonly ifname?: unknown;
  readonly addr_info?: readonly { readonly local?: unknown; readonly prefixlen?: unknown }[];
}

/** Reads the answer of `ip -json -4 address show` (iproute2); entries that are not as expected are left out. */
export function parseIpAddresses(json: string): readonly Ipv4InterfaceAddress[] {
  const interfaces: unknown = JSON.parse(json);
  if (!Array.isArray(interfaces)) return [];
  return interfaces.flatMap(({ ifname, addr_info: addresses }: IpAddress) =>
    (addresses ?? []).flatMap(({ local, prefixlen }) => {
      const address = parseIpv4(String(local));
      const known = typeof ifname === 'string' && address !== undefined;
      if (!known || typeof prefixlen !== 'number' || prefixlen < 0 || prefixlen > 32) return [];
      return [{ name: ifname, address, netmask: netmaskOfPrefix(prefixlen) }];
    }),
  );
}

function fromNode(): readonly Ipv4InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).flatMap((one) => {
      const address = parseIpv4(one.address);
      const netmask = parseIpv4(one.netmask);
      return address === undefined || netmask === undefined ? [] : [{ name, address, netmask }];
    }),
  );
}

/**
 * IPv4 addresses of all interfaces, or of the one called `name`; empty when it has none or does not exist. Asks iproute2, because
 * Node leaves out interfaces without carrier, and the port to a rack whose machines are all off has none; without iproute2, Node.
 */
export function interfaceAddresses(name?: string): readonly Ipv4InterfaceAddress[] {
  let all: readonly Ipv4InterfaceAddress[];
  try {
    const json = execFileSync('ip', ['-json', '-4', 'address', 'show'], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    all = parseIpAddresses(json);
  } catch {
    all = fromNode();
  }
  return all.filter((one) => name === undefined || one.name === name);
}
