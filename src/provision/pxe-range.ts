import {
  broadcastOf,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  prefixOfNetmask,
  sameSubnet,
} from '../base/ipv4.ts';
import { badArgument, checkIpv4 } from './checks.ts';
import type { PxeServer } from './model.ts';
import type { InterfaceAddress } from './ports.ts';
import type { PxeServerInput } from './service.ts';

type Range = Pick<PxeServer, 'dhcpRangeBegin' | 'dhcpRangeEnd' | 'dhcpRangeNetmask'>;

/** Without a wish the last quarter of the subnet, where static addresses are rarest. */
function defaultRange(address: InterfaceAddress): Range {
  const mask = ipv4ToNumber(address.netmask);
  const network = (ipv4ToNumber(address.address) & mask) >>> 0;
  const size = (~mask >>> 0) + 1;
  if (size < 8)
    throw badArgument('dhcpInterface', `its subnet has only ${size} addresses; give a larger one`);
  return {
    dhcpRangeBegin: ipv4FromNumber(network + Math.floor((size * 3) / 4)),
    dhcpRangeEnd: ipv4FromNumber(network + size - 2),
    dhcpRangeNetmask: address.netmask,
  };
}

/** The wished range checked against the interface: none, begin and end, or all three. */
export function checkRange(
  wish: Pick<PxeServerInput, 'dhcpRangeBegin' | 'dhcpRangeEnd' | 'dhcpRangeNetmask'>,
  address: InterfaceAddress,
): Range {
  const { dhcpRangeBegin: begin, dhcpRangeEnd: end, dhcpRangeNetmask: netmask } = wish;
  if (begin === undefined && end === undefined && netmask === undefined) return defaultRange(address);
  if (begin === undefined || end === undefined) {
    throw badArgument(
      'dhcpRangeBegin',
      'give dhcpRangeBegin and dhcpRangeEnd, or these and dhcpRangeNetmask, or none of them',
    );
  }
  const range = {
    dhcpRangeBegin: checkIpv4('dhcpRangeBegin', begin),
    dhcpRangeEnd: checkIpv4('dhcpRangeEnd', end),
    dhcpRangeNetmask: netmask === undefined ? address.netmask : checkIpv4('dhcpRangeNetmask', netmask),
  };
  if (prefixOfNetmask(range.dhcpRangeNetmask) === undefined)
    throw badArgument('dhcpRangeNetmask', 'is no netmask');
  if (range.dhcpRangeNetmask !== address.netmask) {
    throw badArgument('dhcpRangeNetmask', `must be that of ${address.name}, ${address.netmask}`);
  }
  if (ipv4ToNumber(range.dhcpRangeBegin) > ipv4ToNumber(range.dhcpRangeEnd)) {
    throw badArgument('dhcpRangeBegin', 'must not be above dhcpRangeEnd');
  }
  for (const [parameter, ip] of [
    ['dhcpRangeBegin', range.dhcpRangeBegin],
    ['dhcpRangeEnd', range.dhcpRangeEnd],
  ] as const) {
    if (!sameSubnet(ip, address.address, address.netmask)) {
      throw badArgument(
        parameter,
        `${ip} is not in the subnet of ${address.name}, ${address.address}/${prefixOfNetmask(address.netmask)}`,
      );
    }
    if (ip === broadcastOf(address.address, address.netmask) || isNetwork(ip, address.netmask)) {
      throw badArgument(parameter, `${ip} is the network's own or its broadcast address`);
    }
  }
  return range;
}

function isNetwork(ip: Ipv4, netmask: Ipv4): boolean {
  return (ipv4ToNumber(ip) & ~ipv4ToNumber(netmask)) >>> 0 === 0;
}
