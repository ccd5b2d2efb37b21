import {
  broadcastOf,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  prefixOfNetmask,
  sameSubnet,
} from '../base/ipv4.ts';
import { invalid } from './errors.ts';
import { type Entry, ipv4Of } from './fields.ts';
import type { AddressCfg } from './types.ts';

/** Neither "this network", loopback, multicast nor reserved. RFC 6890 §2.2.2 */
function isHostAddress(ip: Ipv4): boolean {
  const first = ipv4ToNumber(ip) >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}

function checkPlace(path: string, what: string, ip: Ipv4, netmask: Ipv4, prefix: number): void {
  // Subnets of two addresses (/31) and of one (/32) have neither network nor broadcast address. RFC 3021 §2.1
  if (prefix >= 31) return;
  const network = ipv4FromNumber((ipv4ToNumber(ip) & ipv4ToNumber(netmask)) >>> 0);
  if (ip === network)
    throw invalid(path, `${what} ${ip} is the network address of its subnet; take a host address`);
  if (ip === broadcastOf(ip, netmask)) {
    throw invalid(path, `${what} ${ip} is the broadcast address of its subnet; take a host address`);
  }
}

/** The ip, netmask, gateway and dns of an entry, checked against each other; throws HostCfgError that names the member. */
export function addressOf(entry: Entry): AddressCfg {
  const at = (name: string): string => `${entry.path}.${name}`;
  const ip = ipv4Of(entry, 'ip');
  const netmask = ipv4Of(entry, 'netmask');
  const gateway = ipv4Of(entry, 'gateway');
  const dns = ipv4Of(entry, 'dns');
  if (dns !== undefined && ipv4ToNumber(dns) === 0)
    throw invalid(at('dns'), 'is no address of a name server');
  if (ip === undefined) {
    if (netmask !== undefined) throw invalid(at('ip'), 'is missing beside the netmask; give both or neither');
    if (gateway !== undefined) throw invalid(at('gateway'), 'needs an ip and a netmask beside it');
    return { ip, netmask: undefined, gateway: undefined, dns };
  }
  if (netmask === undefined) throw invalid(at('netmask'), 'is missing beside the ip; give both or neither');
  if (!isHostAddress(ip)) throw invalid(at('ip'), `${ip} is no address that a host can have`);
  const prefix = prefixOfNetmask(netmask);
  if (prefix === undefined || prefix === 0) {
    throw invalid(at('netmask'), `${netmask} is no netmask; write it like 255.255.255.0`);
  }
  checkPlace(at('ip'), 'ip', ip, netmask, prefix);
  if (gateway !== undefined) {
    if (!sameSubnet(ip, gateway, netmask)) {
      throw invalid(at('gateway'), `${gateway} is not in the subnet of ${ip} with netmask ${netmask}`);
    }
    if (gateway === ip) throw invalid(at('gateway'), `${gateway} is the host's own ip`);
    checkPlace(at('gateway'), 'gateway', gateway, netmask, prefix);
  }
  return { ip, netmask, gateway, dns };
}
