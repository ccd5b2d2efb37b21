import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';

/** This machine itself and its links, where services listen that trust whoever reaches them. RFC 6890 §2.2 */
const inside = new BlockList();
inside.addSubnet('0.0.0.0', 8);
inside.addSubnet('127.0.0.0', 8);
inside.addSubnet('169.254.0.0', 16);
inside.addAddress('::', 'ipv6');
inside.addAddress('::1', 'ipv6');
inside.addSubnet('fe80::', 10, 'ipv6');

/** Whether a URL's host is this machine or only on its links; false for a name that does not resolve: the request tells that. */
export async function leadsInside({ hostname }: URL): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.some(({ address, family }) => inside.check(address, family === 6 ? 'ipv6' : 'ipv4'));
}
