import { networkInterfaces } from 'node:os';
import { parseIpv4, type Ipv4 } from '../base/ipv4.ts';

/** One IPv4 address of one of this machine's interfaces. */
export interface Ipv4InterfaceAddress {
  readonly name: string;
  readonly address: Ipv4;
  readonly netmask: Ipv4;
}

/** IPv4 addresses of all interfaces that are up, or of the one called `name`; empty when it has none or does not exist. */
export function interfaceAddresses(name?: string): readonly Ipv4InterfaceAddress[] {
  const all = Object.entries(networkInterfaces());
  return all
    .filter(([device]) => name === undefined || device === name)
    .flatMap(([device, addresses]) =>
      (addresses ?? []).flatMap((one) => {
        const address = parseIpv4(one.address);
        const netmask = parseIpv4(one.netmask);
        return address === undefined || netmask === undefined ? [] : [{ name: device, address, netmask }];
      }),
    );
}
