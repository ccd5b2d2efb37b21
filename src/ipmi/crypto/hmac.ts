import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CipherSuite } from './suite.ts';

/** HMAC of the joined parts with the suite's hash. RFC 2104 */
export function hmac(
  suite: Pick<CipherSuite, 'hash'>,
  key: Uint8Array,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const mac = createHmac(suite.hash, key);
  for (const part of parts) mac.update(part);
  return bytesOf(mac.digest());
}

/** The same bytes without the Buffer around them. */
export const bytesOf = ({ buffer, byteOffset, length }: Buffer): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);

/** Compares secrets in a time that depends on their length only. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
