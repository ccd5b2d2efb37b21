import { createHash, scrypt, timingSafeEqual } from 'node:crypto';
import { fromHex, toHex } from '../../base/bytes.ts';
import type { RandomBytes } from '../../base/random.ts';

const blockSize = 8;
const keyBytes = 32;

/**
 * What ZStack clients send: the lower-case hex SHA-512 of the clear password. 128 hex digits are taken as that hash already,
 * anything else as the clear password.
 */
export function passwordDigest(given: string): string {
  if (/^[0-9a-f]{128}$/i.test(given)) return given.toLowerCase();
  return createHash('sha512').update(given, 'utf8').digest('hex');
}

function derive(digest: string, salt: Uint8Array, n: number, r: number, p: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // scrypt needs 128*N*r bytes (RFC 7914 §5); Node refuses above maxmem.
    const options = { N: n, r, p, maxmem: 128 * n * r * 2 };
    scrypt(digest, salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** `scrypt$N$r$p$<salt hex>$<hash hex>` of a password digest; `cost` is log2 of N. RFC 7914 */
export async function hashPassword(digest: string, random: RandomBytes, cost: number): Promise<string> {
  const salt = random(16);
  const n = 2 ** cost;
  const key = await derive(digest, salt, n, blockSize, 1);
  return ['scrypt', n, blockSize, 1, toHex(salt), toHex(key)].join('$');
}

/** Compares in constant time; false for a stored text that is none of ours or asks for more than 1 GiB of work. */
export async function verifyPassword(digest: string, stored: string): Promise<boolean> {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([0-9a-f]{2,128})\$([0-9a-f]{64})$/.exec(stored);
  if (!match) return false;
  const [, n, r, p, salt, hash] = match;
  if (Number(n) > 2 ** 20) return false;
  const key = await derive(digest, fromHex(salt ?? ''), Number(n), Number(r), Number(p));
  return timingSafeEqual(key, fromHex(hash ?? ''));
}
