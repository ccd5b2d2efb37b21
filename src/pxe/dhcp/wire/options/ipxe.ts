import { decodeOptions, encodeOptions } from '../option-area.ts';

/** Sub-options of option 175. https://ipxe.org/howto/dhcpd and iPXE's include/ipxe/dhcp.h, `DHCP_EB_*` */
const sub = { http: 0x13, noPxeDhcp: 0xb0 } as const;

/** What an iPXE says about itself. */
export interface IpxeFeatures {
  /** Built with HTTP; the one in a NIC's ROM often is not. */
  readonly http: boolean;
}

/** Option 175 of a request. Throws WireError when it does not hold options. */
export function decodeIpxeFeatures(value: Uint8Array): IpxeFeatures {
  return { http: decodeOptions([value]).has(sub.http) };
}

/** Option 175 of an answer: "don't wait for a ProxyDHCP server", which saves a second and a half for every boot. */
export function encodeNoPxeDhcp(): Uint8Array {
  return encodeOptions(new Map([[sub.noPxeDhcp, Uint8Array.of(1)]]));
}
