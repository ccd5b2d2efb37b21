import { type Ipv4, ipv4FromNumber, ipv4ToNumber, netmaskOfPrefix, parseIpv4 } from '../../base/ipv4.ts';
import { IpmiError } from '../types.ts';

/** The widest network that is swept: 65,536 addresses. */
const widestPrefix = 16;
const mostAddresses = 65_536;

/**
 * The addresses of a list of addresses, ranges (`192.0.2.10-192.0.2.20`, or `192.0.2.10-20`) and networks (`192.0.2.0/24`, from /16 on,
 * without network and broadcast address), each once and in order. IpmiError `bad-target` for anything else.
 */
export function addressesOf(ranges: readonly string[]): readonly Ipv4[] {
  const all = new Set<Ipv4>();
  for (const range of ranges) {
    const [first, last] = boundsOf(range.trim());
    if (last - first >= mostAddresses) throw tooMany(range);
    for (let number = first; number <= last; number++) all.add(ipv4FromNumber(number));
    if (all.size > mostAddresses) throw tooMany(range);
  }
  return [...all];
}

function boundsOf(range: string): readonly [number, number] {
  const [, base = '', sign, end = ''] = /^([\d.]+)(?:([-/])([\d.]+))?$/.exec(range) ?? [];
  const first = numberOf(base, range);
  if (sign === undefined) return [first, first];
  if (sign === '-') {
    const last = numberOf(end.includes('.') ? end : base.replace(/\d+$/, end), range);
    if (last < first) throw notAddresses(range);
    return [first, last];
  }
  const prefix = /^\d{1,2}$/.test(end) ? Number(end) : 33;
  if (prefix > 32) throw notAddresses(range);
  if (prefix < widestPrefix) throw tooMany(range);
  const mask = ipv4ToNumber(netmaskOfPrefix(prefix));
  const network = (first & mask) >>> 0;
  const broadcast = (network | ~mask) >>> 0;
  // Networks of one or two addresses have neither. RFC 3021 §2.1
  return prefix >= 31 ? [network, broadcast] : [network + 1, broadcast - 1];
}

function numberOf(text: string, range: string): number {
  const address = parseIpv4(text);
  if (address === undefined) throw notAddresses(range);
  return ipv4ToNumber(address);
}

const notAddresses = (range: string): IpmiError =>
  new IpmiError('bad-target', `"${range}" is no IPv4 address, range or network, such as 192.0.2.0/24`);

const tooMany = (range: string): IpmiError =>
  new IpmiError(
    'bad-target',
    `"${range}" has too many addresses; sweep networks of /${widestPrefix} at most`,
  );
