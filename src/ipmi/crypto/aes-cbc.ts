import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ByteReader, WireError } from '../../base/bytes.ts';
import { bytesOf } from './hmac.ts';

const blockBytes = 16;
const algorithm = 'aes-128-cbc';

/**
 * Encrypts a payload: IV, then AES-CBC-128 of data, pad 1,2,3..., pad length. `key` are the first 16 bytes of K2, `iv` 16
 * unpredictable bytes. IPMI 2.0 §13.29
 */
export function encryptPayload(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  // Whole blocks: `update` gives all of them, and nothing is left for `final`.
  return behind(iv, createCipheriv(algorithm, key, iv).setAutoPadding(false).update(padded(data)));
}

/** Data of an encrypted payload; WireError when its length or padding is not what IPMI 2.0 §13.29 says. */
export function decryptPayload(key: Uint8Array, payload: Uint8Array): Uint8Array {
  checkBlocks(payload);
  const [iv, body] = [payload.subarray(0, blockBytes), payload.subarray(blockBytes)];
  return unpadded(bytesOf(createDecipheriv(algorithm, key, iv).setAutoPadding(false).update(body)));
}

/** Both directions with one key. */
export interface PayloadCipher {
  readonly encrypt: (iv: Uint8Array, data: Uint8Array) => Uint8Array;
  readonly decrypt: (payload: Uint8Array) => Uint8Array;
}

/**
 * Does the same as `encryptPayload` and `decryptPayload`, for keys that are used hundreds of times a second: making Node's cipher objects
 * takes longer than their work. In CBC the block before is the IV of the rest, so one long chain can stand for many short ones.
 */
export function createPayloadCipher(key: Uint8Array): PayloadCipher {
  let last: Uint8Array = new Uint8Array(blockBytes);
  const cipher = createCipheriv(algorithm, key, last).setAutoPadding(false);
  const decipher = createDecipheriv(algorithm, key, last).setAutoPadding(false);
  return {
    encrypt(iv, data) {
      const plain = padded(data);
      // The chain goes on from `last`: taking that away and putting the IV in makes the first block as if it began with the IV.
      for (let at = 0; at < blockBytes; at++) plain[at] = (plain[at] ?? 0) ^ (iv[at] ?? 0) ^ (last[at] ?? 0);
      const payload = behind(iv, cipher.update(plain));
      last = payload.subarray(payload.length - blockBytes);
      return payload;
    },
    decrypt(payload) {
      checkBlocks(payload);
      // The IV goes in as a block of its own, whose plain text means nothing.
      return unpadded(bytesOf(decipher.update(payload)).subarray(blockBytes));
    },
  };
}

function padded(data: Uint8Array): Uint8Array {
  const pad = (blockBytes - ((data.length + 1) % blockBytes)) % blockBytes;
  const plain = new Uint8Array(data.length + pad + 1);
  plain.set(data);
  for (let value = 1; value <= pad; value++) plain[data.length + value - 1] = value;
  plain[plain.length - 1] = pad;
  return plain;
}

function behind(iv: Uint8Array, body: Uint8Array): Uint8Array {
  const payload = new Uint8Array(blockBytes + body.length);
  payload.set(iv);
  payload.set(body, blockBytes);
  return payload;
}

function checkBlocks(payload: Uint8Array): void {
  const r = new ByteReader(payload);
  r.skip(blockBytes, 'encrypted.iv');
  if (r.remaining === 0 || r.remaining % blockBytes !== 0)
    throw new WireError('bad-value', 'encrypted.data', 'is not whole AES blocks');
}

function unpadded(plain: Uint8Array): Uint8Array {
  const pad = new ByteReader(plain, plain.length - 1).u8('encrypted.padLength');
  if (pad >= blockBytes) throw new WireError('bad-value', 'encrypted.padLength', 'is over 15');
  const length = plain.length - 1 - pad;
  const r = new ByteReader(plain);
  r.skip(length, 'encrypted.data');
  for (let value = 1; value <= pad; value++) {
    if (r.u8('encrypted.pad') !== value)
      throw new WireError('bad-value', 'encrypted.pad', 'is not 1, 2, 3 ...');
  }
  return plain.subarray(0, length);
}
