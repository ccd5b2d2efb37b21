import { lastPartOf, readSysfsLinks } from '../../kvm/index.ts';
import type { HostNeeds } from '../model.ts';
import { pciAddressesIn } from './address.ts';

/** The network interfaces of a host. */
export interface Interfaces {
  /** Of interfaces that hang on PCI: the functions from the root to the NIC. */
  readonly pciPaths: ReadonlyMap<string, readonly string[]>;
  /** The physical interfaces under a bridge, bond, team or VLAN; itself for a physical one. */
  physicalUnder(name: string): readonly string[];
}

/** Reads the `net-sysfs` section. */
export function readInterfaces(text: string | undefined): Interfaces {
  const links = readSysfsLinks(text, 'sys/class/net');
  const lower = new Map<string, Set<string>>();
  const pciPaths = new Map<string, readonly string[]>();
  const below = (upper: string, name: string): void => {
    lower.set(upper, (lower.get(upper) ?? new Set()).add(name));
  };
  for (const [path, target] of links) {
    const [name = '', file] = path.split('/');
    const hops = file === undefined ? pciAddressesIn(target) : [];
    if (hops.length > 0) pciPaths.set(name, hops);
    if (file?.startsWith('lower_') === true) below(name, file.slice('lower_'.length));
    const master = file === 'master' ? lastPartOf(target) : undefined;
    if (master !== undefined) below(master, name);
  }
  // Open vSwitch does not say which physical ports serve its internal ports; each may.
  const switched = lower.get('ovs-system') ?? new Set<string>();
  const physicalUnder = (name: string): readonly string[] => {
    const seen = new Set([name]);
    for (const one of seen) {
      if (pciPaths.has(one) || !links.has(one)) continue;
      for (const next of lower.get(one) ?? (one === 'lo' ? [] : switched)) seen.add(next);
    }
    return [...seen].filter((one) => pciPaths.has(one));
  };
  return { pciPaths, physicalUnder };
}

/**
 * The physical interfaces that carry a default route or the management address. When no interface has that address (the host is
 * reached through a translation or by name), every interface with an address that reaches beyond its link counts.
 */
export function readNeededInterfaces(
  sections: { readonly addresses: string | undefined; readonly routes: string | undefined },
  managementIp: string,
  interfaces: Interfaces,
): HostNeeds['netInterfaces'] {
  const needed = new Map<string, string>();
  const add = (name: string, why: string): void => {
    for (const physical of interfaces.physicalUnder(name)) {
      const through = physical === name ? '' : ` of ${name}`;
      if (!needed.has(physical)) needed.set(physical, `${why}${through}`);
    }
  };
  const addresses = readAddresses(sections.addresses);
  const own = addresses.filter(({ address }) => address === managementIp.toLowerCase());
  for (const { name } of own) add(name, `management address ${managementIp}`);
  for (const name of defaultRouteInterfaces(sections.routes)) add(name, 'default route');
  if (own.length === 0) {
    for (const { name, address } of addresses) {
      if (!/^(?:127\.|169\.254\.|::1$|fe80:)/.test(address)) add(name, `address ${address}`);
    }
  }
  return [...needed].map(([name, why]) => ({ name, why })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Lines of `ip -o addr`: `2: eth0    inet 192.0.2.1/24 ...`. */
function readAddresses(
  text: string | undefined,
): readonly { readonly name: string; readonly address: string }[] {
  return (text ?? '').split('\n').flatMap((line) => {
    const [, name, address] = /^\d+:\s+([^\s@]+)\S*\s+inet6?\s+([0-9a-fA-F.:]+)/.exec(line) ?? [];
    return name === undefined || address === undefined ? [] : [{ name, address: address.toLowerCase() }];
  });
}

/** Interfaces of default routes, from `ip -o route show default` or from /proc/net/route and /proc/net/ipv6_route. */
function defaultRouteInterfaces(text: string | undefined): readonly string[] {
  return (text ?? '').split('\n').flatMap((line) => {
    if (line.startsWith('default')) return [...line.matchAll(/\bdev (\S+)/g)].map(([, name = '']) => name);
    const v4 = /^proc\/net\/route:(\S+)\t0{8}\t\S+\t\S+\t\S+\t\S+\t\S+\t0{8}\t/.exec(line)?.[1];
    const v6 = /^proc\/net\/ipv6_route:0{32} 00 .* (\S+)$/.exec(line)?.[1];
    return [v4, v6].filter((name) => name !== undefined);
  });
}
