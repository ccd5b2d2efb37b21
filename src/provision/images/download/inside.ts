import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';

/** How hosts become addresses, and which of these are this machine itself or only on its links. */
export interface Addresses {
  /** Addresses of a name or of an address without brackets; rejects as getaddrinfo does. */
  resolve(host: string): Promise<readonly LookupAddress[]>;
  isInside(address: LookupAddress): boolean;
}

/** This machine itself and its links, where services listen that trust whoever reaches them. RFC 6890 §2.2 */
const inside = new BlockList();
inside.addSubnet('0.0.0.0', 8);
inside.addSubnet('127.0.0.0', 8);
inside.addSubnet('169.254.0.0', 16);
inside.addAddress('::', 'ipv6');
inside.addAddress('::1', 'ipv6');
inside.addSubnet('fe80::', 10, 'ipv6');

/** The addresses that this machine's resolver knows. */
export const systemAddresses: Addresses = {
  resolve: (host) => lookup(host, { all: true }),
  isInside: ({ address, family }) => inside.check(address, family === 6 ? 'ipv6' : 'ipv4'),
};
