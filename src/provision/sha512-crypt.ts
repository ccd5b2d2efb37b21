import { createHash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const rounds = { min: 1000, default: 5000, max: 999_999_999 } as const;

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** `source` repeated and cut to `length` bytes. */
function stretch(source: Uint8Array, length: number): Buffer {
  return Buffer.alloc(length, source);
}

/** Steps 9 to 12: digest A. */
function firstDigest(key: Buffer, salt: Buffer): Buffer {
  const b = sha512(key, salt, key);
  const parts: Uint8Array[] = [key, salt, stretch(b, key.length)];
  for (let bits = key.length; bits > 0; bits >>>= 1) parts.push((bits & 1) === 1 ? b : key);
  return sha512(...parts);
}

/** Step 22: groups of three bytes, lowest six bits first, in the order that the specification lists. */
function encode(digest: Buffer): string {
  let text = '';
  const put = (value: number, characters: number): void => {
    for (let i = 0; i < characters; i += 1) text += alphabet.charAt((value >>> (6 * i)) & 63);
  };
  for (let i = 0; i < 21; i += 1) {
    // 0-21-42, 22-43-1, 44-2-23, ...: each group begins 22 further, modulo 63.
    const first = (i * 22) % 63;
    put(
      digest.readUInt8(first) * 65_536 +
        digest.readUInt8((first + 21) % 63) * 256 +
        digest.readUInt8((first + 42) % 63),
      4,
    );
  }
  put(digest.readUInt8(63), 2);
  return text;
}

/**
 * `$6$` crypt text of a password (UTF-8). A salt is cut to 16 characters; `count` rounds outside of 1,000 to 999,999,999 are moved to the nearer end; without
 * it 5,000 are done and not named in the text. Throws RangeError for a salt with other characters than `./0-9A-Za-z`.
 * Unix crypt using SHA-256 and SHA-512, U. Drepper, version 0.6 (2016)
 */
export function sha512Crypt(password: string, salt: string, count?: number): string {
  if (!/^[./0-9A-Za-z]*$/.test(salt)) throw new RangeError('the salt has a character outside of ./0-9A-Za-z');
  const cut = salt.slice(0, 16);
  const key = Buffer.from(password, 'utf8');
  const saltBytes = Buffer.from(cut, 'latin1');
  const times =
    count === undefined ? rounds.default : Math.min(Math.max(Math.trunc(count), rounds.min), rounds.max);

  const a = firstDigest(key, saltBytes);
  const p = stretch(sha512(stretch(key, key.length * key.length)), key.length);
  const s = stretch(sha512(stretch(saltBytes, saltBytes.length * (16 + a.readUInt8(0)))), saltBytes.length);

  let digest = a;
  for (let round = 0; round < times; round += 1) {
    const odd = round % 2 === 1;
    const parts: Uint8Array[] = [odd ? p : digest];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(odd ? digest : p);
    digest = sha512(...parts);
  }
  const named = count === undefined ? '' : `rounds=${times}$`;
  return `$6$${named}${cut}$${encode(digest)}`;
}
