/** An IPv4 address in canonical dotted form, e.g. `192.0.2.1`. */
export type Ipv4 = string & { readonly __brand: 'Ipv4' };

const [DOT, ZERO] = [0x2e, 0x30];

/** Strict dotted quad (four decimal octets, no leading zeros); undefined otherwise. */
export function parseIpv4(text: string): Ipv4 | undefined {
  return numberOf(text) === undefined ? undefined : (text as Ipv4);
}

/** The address as an unsigned 32-bit number; NaN for what was never one. */
export function ipv4ToNumber(ip: Ipv4): number {
  return numberOf(ip) ?? Number.NaN;
}

/** The address of an unsigned 32-bit number. */
export function ipv4FromNumber(value: number): Ipv4 {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4;
}

/** Undefined for what is no dotted quad. A loop: this runs several times for each packet, and splitting took a fifth of an answer. */
function numberOf(text: string): number | undefined {
  let number = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || dots === 3) return undefined;
      number = number * 256 + octet;
      octet = 0;
      digits = 0;
      dots += 1;
    } else {
      // A zero stands alone.
      if (code < ZERO || code > ZERO + 9 || (digits > 0 && octet === 0)) return undefined;
      octet = octet * 10 + code - ZERO;
      digits += 1;
      if (octet > 255) return undefined;
    }
  }
  return dots === 3 && digits > 0 ? number * 256 + octet : undefined;
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
