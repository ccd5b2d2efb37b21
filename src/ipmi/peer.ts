import { parseIpv4 } from '../base/ipv4.ts';
import type { UdpPeer } from '../net/udp.ts';
import { type BmcTarget, IpmiError } from './types.ts';

/** UDP peer of a target; IpmiError `bad-target` when its address is none. */
export function peerOf(target: Pick<BmcTarget, 'address' | 'port'>): UdpPeer {
  const address = parseIpv4(target.address);
  if (address === undefined) throw new IpmiError('bad-target', `"${target.address}" is no IPv4 address`);
  if (!Number.isInteger(target.port) || target.port < 1 || target.port > 65_535)
    throw new IpmiError('bad-target', `${target.port} is no UDP port (1-65535)`);
  return { address, port: target.port };
}
