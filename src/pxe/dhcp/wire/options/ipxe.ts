import { decodeOptions, encodeOptions, type Options } from '../option-area.ts';

/** Sub-options of option 175. https://ipxe.org/howto/dhcpd and iPXE's include/ipxe/dhcp.h, features.h: `DHCP_EB_*` */
const sub = { http: 0x13, bzImage: 0x18, efi: 0x24, noPxeDhcp: 0xb0 } as const;
/** Every image format that an iPXE may list: bzImage, Multiboot, NBI, PXE, ELF, COMBOOT, EFI. */
const formats = [sub.bzImage, 0x19, 0x20, 0x21, 0x22, 0x23, sub.efi];

/** What an iPXE says about itself. */
export interface IpxeFeatures {
  /** Built with all that a boot script needs: HTTP, and an image format that a Linux kernel has. One in a NIC's ROM may not be. */
  readonly complete: boolean;
}

/** Option 175 of a request. Throws WireError when it does not hold options. */
export function decodeIpxeFeatures(value: Uint8Array): IpxeFeatures {
  const listed = decodeOptions([value]);
  return { complete: listed.has(sub.http) && startsLinux(listed) };
}

/** Option 175 of an answer: "don't wait for a ProxyDHCP server", which saves a second and a half for every boot. */
export function encodeNoPxeDhcp(): Uint8Array {
  return encodeOptions(new Map([[sub.noPxeDhcp, Uint8Array.of(1)]]));
}

/** One that lists no format at all says nothing about them. */
function startsLinux(listed: Options): boolean {
  const named = formats.filter((format) => listed.has(format));
  return named.length === 0 || listed.has(sub.bzImage) || listed.has(sub.efi);
}
