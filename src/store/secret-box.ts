import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { messageOf } from '../base/errors.ts';
import type { RandomBytes } from '../base/random.ts';
import { StoreError } from './errors.ts';

/** Where a secret lives; bound into the seal, so that a blob moved to another row or column does not open. */
export interface SecretPlace {
  readonly table: string;
  readonly uuid: string;
  readonly column: string;
}

/** Seals short texts with AES-256-GCM. NIST SP 800-38D */
export interface SecretBox {
  /** version(1) nonce(12) tag(16) ciphertext. */
  seal(place: SecretPlace, text: string): Uint8Array;
  /** Throws StoreError `damaged` when key, place or bytes are not those of the seal. */
  open(place: SecretPlace, sealed: Uint8Array): string;
}

const version = 1;
/** Random nonces of 96 bits are safe for 2^32 seals under one key. NIST SP 800-38D §8.3 */
const nonceLength = 12;
const tagLength = 16;

/** A NUL cannot occur in a table, uuid or column, so two places never give the same bytes. */
function placeBytes(place: SecretPlace): Uint8Array {
  return new TextEncoder().encode([place.table, place.uuid, place.column].join('\0'));
}

/** A box over a key of 32 bytes. */
export function createSecretBox(key: Uint8Array, random: RandomBytes): SecretBox {
  return {
    seal(place, text) {
      const nonce = random(nonceLength);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
      cipher.setAAD(placeBytes(place));
      const ciphertext = cipher.update(text, 'utf8');
      cipher.final();
      return new ByteWriter().u8(version).bytes(nonce).bytes(cipher.getAuthTag()).bytes(ciphertext).done();
    },
    open(place, sealed) {
      try {
        const reader = new ByteReader(sealed);
        if (reader.u8('sealed.version') !== version) throw new Error('unknown version');
        const nonce = reader.bytes(nonceLength, 'sealed.nonce');
        const tag = reader.bytes(tagLength, 'sealed.tag');
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
        decipher.setAAD(placeBytes(place));
        decipher.setAuthTag(tag);
        const text = decipher.update(reader.rest());
        decipher.final();
        return text.toString('utf8');
      } catch (error) {
        throw new StoreError(
          'damaged',
          `the secret in ${place.table}.${place.column} of ${place.uuid} does not open (${messageOf(error)}): its row or the key file was changed`,
          { data: { table: place.table, uuid: place.uuid, column: place.column } },
        );
      }
    },
  };
}
