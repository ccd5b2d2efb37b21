import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPayloadCipher, decryptPayload, encryptPayload } from '../../../src/ipmi/crypto/aes-cbc.ts';
import { WireError } from '../../../src/base/bytes.ts';
import { cases } from '../../support/cases.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const block = bytes(16);
const packets = fc.array(fc.record({ iv: block, data: fc.uint8Array({ maxLength: 100 }) }), { maxLength: 5 });

/** IPMI 2.0 §13.29 */
describe('cipher that is kept for many payloads', () => {
  it('gives the bytes of one made for each payload, in both directions and whatever came before', () => {
    fc.assert(
      fc.property(block, packets, (key, list) => {
        const kept = createPayloadCipher(key);
        for (const { iv, data } of list) {
          const payload = kept.encrypt(iv, data);
          expect(payload).toEqual(encryptPayload(key, iv, data));
          expect(kept.decrypt(payload)).toEqual(data);
        }
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('refuses what the other one refuses, and goes on', () => {
    fc.assert(
      fc.property(block, block, fc.uint8Array({ maxLength: 70 }), (key, iv, noise) => {
        const kept = createPayloadCipher(key);
        const outcome = (decrypt: () => Uint8Array): unknown => {
          try {
            return decrypt();
          } catch (error) {
            if (!(error instanceof WireError)) throw error;
            return error.message;
          }
        };
        expect(outcome(() => kept.decrypt(noise))).toEqual(outcome(() => decryptPayload(key, noise)));
        const data = Uint8Array.of(1, 2, 3);
        expect(kept.decrypt(encryptPayload(key, iv, data))).toEqual(data);
      }),
      { numRuns: cases(20_000) },
    );
  });
});
