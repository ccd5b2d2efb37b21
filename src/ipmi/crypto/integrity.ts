import { createHash } from 'node:crypto';
import { hmac } from './hmac.ts';
import type { SessionKeys } from './rakp.ts';
import type { CipherSuite } from './suite.ts';

/**
 * Auth code behind a session packet, over `signed`: auth type to next header. Empty for a suite without integrity.
 * MD5-128 hashes the password, filled up to 20 bytes, in front and behind. IPMI 2.0 §13.28.4
 */
export function packetAuthCode(
  suite: Pick<CipherSuite, 'integrity'>,
  keys: SessionKeys,
  signed: Uint8Array,
): Uint8Array {
  const { integrity } = suite;
  if (integrity === undefined) return new Uint8Array();
  if (integrity.kind === 'hmac') return hmac(integrity, keys.k1, signed).subarray(0, integrity.codeBytes);
  const digest = createHash(integrity.hash).update(keys.kUid).update(signed).update(keys.kUid).digest();
  return new Uint8Array(digest).subarray(0, integrity.codeBytes);
}
