import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ByteReader, ByteWriter, WireError } from '../../base/bytes.ts';

const blockBytes = 16;

/**
 * Encrypts a payload: IV, then AES-CBC-128 of data, pad 1,2,3..., pad length. `key` are the first 16 bytes of K2, `iv` 16
 * unpredictable bytes. IPMI 2.0 §13.29
 */
export function encryptPayload(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const pad = (blockBytes - ((data.length + 1) % blockBytes)) % blockBytes;
  const plain = new ByteWriter(data.length + pad + 1).bytes(data);
  for (let value = 1; value <= pad; value++) plain.u8(value);
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  const body = cipher.update(plain.u8(pad).done());
  return new ByteWriter(blockBytes + body.length).bytes(iv).bytes(body).bytes(cipher.final()).done();
}

/** Data of an encrypted payload; WireError when its length or padding is not what IPMI 2.0 §13.29 says. */
export function decryptPayload(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const r = new ByteReader(payload);
  const iv = r.bytes(blockBytes, 'encrypted.iv');
  if (r.remaining === 0 || r.remaining % blockBytes !== 0)
    throw new WireError('bad-value', 'encrypted.data', 'is not whole AES blocks');
  const decipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  const plain = new ByteWriter(r.remaining).bytes(decipher.update(r.rest())).bytes(decipher.final()).done();
  const pad = new ByteReader(plain, plain.length - 1).u8('encrypted.padLength');
  if (pad >= blockBytes) throw new WireError('bad-value', 'encrypted.padLength', 'is over 15');
  const p = new ByteReader(plain);
  const data = p.bytes(plain.length - 1 - pad, 'encrypted.data');
  for (let value = 1; value <= pad; value++) {
    if (p.u8('encrypted.pad') !== value)
      throw new WireError('bad-value', 'encrypted.pad', 'is not 1, 2, 3 ...');
  }
  return data;
}
