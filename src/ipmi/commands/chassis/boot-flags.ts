import { ByteReader, ByteWriter } from '../../../base/bytes.ts';

/** Boot flags, boot option parameter 5. IPMI 2.0 §28.13, table 28-14 */
export interface BootFlags {
  /** The flags hold for the next boot. */
  readonly valid: boolean;
  readonly persistent: boolean;
  /** Boot type EFI instead of PC compatible ("legacy"). */
  readonly efi: boolean;
  /** Device selector, 4 bits; see `bootSelector`. */
  readonly selector: number;
}

/** Boot device selectors in use. IPMI 2.0 §28.13, table 28-14 */
export const bootSelector = { none: 0, pxe: 1, disk: 2, cdrom: 5, biosSetup: 6 } as const;

/** The five bytes of the parameter; everything else in it is "as the firmware is set up". */
export function encodeBootFlags(flags: BootFlags): Uint8Array {
  return new ByteWriter(5)
    .u8((flags.valid ? 0x80 : 0) | (flags.persistent ? 0x40 : 0) | (flags.efi ? 0x20 : 0))
    .u8((flags.selector & 0x0f) << 2)
    .fill(3)
    .done();
}

/** Reads the parameter; WireError when it is shorter than its first two bytes. */
export function decodeBootFlags(value: Uint8Array): BootFlags {
  const r = new ByteReader(value);
  const flags = r.u8('bootFlags.flags');
  return {
    valid: (flags & 0x80) !== 0,
    persistent: (flags & 0x40) !== 0,
    efi: (flags & 0x20) !== 0,
    selector: (r.u8('bootFlags.device') >> 2) & 0x0f,
  };
}
