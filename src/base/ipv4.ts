/** An IPv4 address in canonical dotted form, e.g. `192.0.2.1`. */
export type Ipv4 = string & { readonly __brand: 'Ipv4' };

/** Strict dotted quad (four decimal octets, no leading zeros); undefined otherwise. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  return octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)
    ? (text as Ipv4)
    : undefined;
}

/** The address as an unsigned 32-bit number. */
export function ipv4ToNumber(ip: Ipv4): number {
  return ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** The address of an unsigned 32-bit number. */
export function ipv4FromNumber(value: number): Ipv4 {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.') as Ipv4;
}

/** Number of leading one bits of a netmask, undefined when the ones are not contiguous. */
export function prefixOfNetmask(netmask: Ipv4): number | undefined {
  const inverted = ~ipv4ToNumber(netmask) >>> 0;
  return (inverted & (inverted + 1)) === 0 ? 32 - Math.round(Math.log2(inverted + 1)) : undefined;
}

/** Netmask of a prefix length 0..32. */
export function netmaskOfPrefix(prefix: number): Ipv4 {
  return ipv4FromNumber(prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0);
}

/** True when both addresses are in one subnet of `netmask`. */
export function sameSubnet(a: Ipv4, b: Ipv4, netmask: Ipv4): boolean {
  const mask = ipv4ToNumber(netmask);
  return (ipv4ToNumber(a) & mask) >>> 0 === (ipv4ToNumber(b) & mask) >>> 0;
}

/** Broadcast address of the subnet that `ip` is in. */
export function broadcastOf(ip: Ipv4, netmask: Ipv4): Ipv4 {
  return ipv4FromNumber((ipv4ToNumber(ip) | (~ipv4ToNumber(netmask) >>> 0)) >>> 0);
}
