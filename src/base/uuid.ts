import { toHex } from './bytes.ts';
import type { RandomBytes } from './random.ts';

/** A resource id in ZStack's form: 32 lower-case hex digits, no dashes. */
export type Uuid = string & { readonly __brand: 'Uuid' };

/** A random (version 4) uuid in ZStack's form. RFC 9562 §5.4 */
export function newUuid(random: RandomBytes): Uuid {
  const bytes = random(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return toHex(bytes) as Uuid;
}

/** Accepts 32 hex digits, with or without the dashes of RFC 9562, any case; undefined otherwise. */
export function parseUuid(text: string): Uuid | undefined {
  const digits = text.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? (digits as Uuid) : undefined;
}

/**
 * The uuids that 16 bytes from firmware can mean: as written (RFC 9562), with the first three fields little-endian
 * (SMBIOS 2.6+ §7.2.1, DHCP option 97), and wholly reversed (IPMI 2.0 §20.8). Boards differ; compare sets, never one form.
 */
export function uuidReadings(bytes: Uint8Array): readonly Uuid[] {
  if (bytes.length !== 16) return [];
  const at = (order: readonly number[]): Uuid =>
    toHex(Uint8Array.from(order, (i) => bytes[i] as number)) as Uuid;
  const written = at([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  const smbios = at([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]);
  const reversed = at([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  return [...new Set([written, smbios, reversed])];
}
