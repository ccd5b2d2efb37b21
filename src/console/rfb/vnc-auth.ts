import { createCipheriv } from 'node:crypto';

/**
 * The 16-byte answer to a server's 16-byte challenge: DES with the password's first 8 bytes as key, the bits of each mirrored as all
 * servers have it. RFC 6143 §7.2.2
 */
export function answerChallenge(password: string, challenge: Uint8Array): Uint8Array {
  const key = Buffer.alloc(8);
  key.set(Buffer.from(password, 'utf8').subarray(0, 8));
  const mirrored = key.map(mirror);
  // OpenSSL 3 has single DES in its legacy provider only; encrypting, decrypting, encrypting with one key is the same.
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([mirrored, mirrored, mirrored]), null);
  cipher.setAutoPadding(false);
  return new Uint8Array(Buffer.concat([cipher.update(challenge), cipher.final()]));
}

function mirror(byte: number): number {
  let mirrored = 0;
  for (let bit = 0; bit < 8; bit += 1) mirrored |= ((byte >> bit) & 1) << (7 - bit);
  return mirrored;
}
