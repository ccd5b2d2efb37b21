import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/bytes.ts';
import { cases } from './cases.ts';

/** A codec and how to make values of its type. */
export interface CodecUnderTest<T> {
  readonly name: string;
  readonly values: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
}

/** The three properties of every codec: round trip, the same inside a larger buffer, and any bytes give a value or a WireError. */
export function describeCodec<T>({ name, values, encode, decode }: CodecUnderTest<T>): void {
  describe(`codec: ${name}`, () => {
    it('decode(encode(x)) is x, and encoding is deterministic', () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = encode(value);
          expect(decode(bytes)).toEqual(value);
          expect(encode(value)).toEqual(bytes);
        }),
        { numRuns: cases(2000) },
      );
    });

    it('reads the same inside a larger buffer', () => {
      fc.assert(
        fc.property(values, fc.nat(40), fc.nat(40), (value, before, after) => {
          const bytes = encode(value);
          const larger = new Uint8Array(before + bytes.length + after).fill(0xee);
          larger.set(bytes, before);
          expect(decode(larger.subarray(before, before + bytes.length))).toEqual(value);
        }),
        { numRuns: cases(2000) },
      );
    });

    it('any bytes, also damaged ones, give a value or a WireError', () => {
      const garbage = fc.uint8Array({ maxLength: 300 });
      const damaged = fc.tuple(values, fc.nat(), fc.nat(255), fc.nat(10)).map(([value, at, byte, cut]) => {
        const bytes = encode(value);
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes.subarray(0, bytes.length - (cut > 8 ? at % (bytes.length + 1) : 0));
      });
      fc.assert(
        fc.property(fc.oneof(garbage, damaged), (bytes) => {
          try {
            expect(decode(bytes)).not.toBeNull();
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }),
        { numRuns: cases(10_000) },
      );
    });
  });
}
