import {
  broadcastOf,
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  prefixOfNetmask,
  sameSubnet,
} from '../../base/ipv4.ts';
import { PxeError } from '../errors.ts';
import type { DhcpSettings } from './options.ts';

interface Subnet {
  readonly what: string;
  readonly address: Ipv4;
  readonly netmask: Ipv4;
  readonly rangeBegin: Ipv4;
  readonly rangeEnd: Ipv4;
}

/** Throws PxeError `bad-dhcp-settings` that names what is wrong; a range that the subnet does not hold would confuse a LAN. */
export function checkSettings(settings: DhcpSettings): void {
  const { serverAddress, netmask, rangeBegin, rangeEnd } = settings;
  const own: Subnet = { what: "the server's subnet", address: serverAddress, netmask, rangeBegin, rangeEnd };
  const subnets = [
    own,
    ...(settings.subnets ?? []).map((one) => ({ ...one, what: `subnet ${one.subnet}`, address: one.subnet })),
  ];
  const wrong =
    first(subnets, wrongRange) ??
    first(subnets, (one, i) => overlap(one, subnets.slice(0, i))) ??
    first(settings.subnets ?? [], ({ subnet, netmask: mask }) =>
      ipv4FromNumber((ipv4ToNumber(subnet) & ipv4ToNumber(mask)) >>> 0) === subnet
        ? undefined
        : `${subnet} is no network address of netmask ${mask}`,
    ) ??
    wrongReservation(settings, subnets) ??
    first(settings.excluded ?? [], ({ begin, end }) =>
      ipv4ToNumber(begin) > ipv4ToNumber(end)
        ? `excluded range begins at ${begin}, behind its end ${end}`
        : undefined,
    ) ??
    wrongTime(settings);
  if (wrong !== undefined) {
    throw new PxeError('bad-dhcp-settings', wrong, {
      data: { serverAddress, netmask, rangeBegin, rangeEnd },
    });
  }
}

function first<T>(
  items: readonly T[],
  complaint: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const text = complaint(item, index);
    if (text !== undefined) return text;
  }
  return undefined;
}

function wrongRange({ what, address, netmask, rangeBegin, rangeEnd }: Subnet): string | undefined {
  const prefix = prefixOfNetmask(netmask);
  if (prefix === undefined || prefix < 8 || prefix > 30) {
    return `netmask ${netmask} of ${what} is none of 255.0.0.0 to 255.255.255.252`;
  }
  for (const [name, ip] of [
    ['range begin', rangeBegin],
    ['range end', rangeEnd],
  ] as const) {
    if (!sameSubnet(ip, address, netmask))
      return `${name} ${ip} is not in ${what} (${address}, netmask ${netmask})`;
  }
  return ipv4ToNumber(rangeBegin) > ipv4ToNumber(rangeEnd)
    ? `range begin ${rangeBegin} is behind range end ${rangeEnd}`
    : undefined;
}

function overlap(one: Subnet, others: readonly Subnet[]): string | undefined {
  const other = others.find(
    ({ address, netmask }) =>
      sameSubnet(address, one.address, netmask) || sameSubnet(address, one.address, one.netmask),
  );
  return other && `${one.what} and ${other.what} overlap`;
}

function wrongReservation(
  { reservations = [] }: DhcpSettings,
  subnets: readonly Subnet[],
): string | undefined {
  const owners = new Set<string>();
  return first(reservations, ({ mac, clientId, ip }) => {
    if (mac === undefined && clientId === undefined)
      return `the reservation of ${ip} names neither a MAC nor a client id`;
    const subnet = subnets.find(({ address, netmask }) => sameSubnet(ip, address, netmask));
    if (subnet === undefined) return `reserved address ${ip} is in no subnet of this server`;
    const network = ipv4FromNumber((ipv4ToNumber(ip) & ipv4ToNumber(subnet.netmask)) >>> 0);
    if (ip === network || ip === broadcastOf(ip, subnet.netmask))
      return `reserved address ${ip} is no host of ${subnet.what}`;
    const keys = [ip, ...[mac, clientId].flatMap((id) => (id === undefined ? [] : [`${id} in ${network}`]))];
    const twice = keys.find((key) => owners.has(key));
    for (const key of keys) owners.add(key);
    return twice && `two reservations for ${twice}`;
  });
}

function wrongTime(settings: DhcpSettings): string | undefined {
  const { firmwareLeaseSeconds, installerLeaseSeconds, hostLeaseSeconds } = settings;
  return first([firmwareLeaseSeconds, installerLeaseSeconds, hostLeaseSeconds], (seconds) =>
    seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 60)
      ? `a lease of ${seconds} seconds is under 60, or no whole number`
      : undefined,
  );
}
