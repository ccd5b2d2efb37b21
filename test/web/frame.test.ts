import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/bytes.ts';
import { decodeOutput } from '../../web/state/frame.ts';
import { cases } from '../support/cases.ts';

describe('frames of serial output', () => {
  it('have their offset in front, also one beyond 4 GiB', () => {
    const frame = Buffer.from('00000001000000026869', 'hex');
    expect(decodeOutput(frame)).toEqual({ offset: 2 ** 32 + 2, bytes: new Uint8Array([0x68, 0x69]) });
  });

  it('are refused when they are too short for it', () => {
    expect(() => decodeOutput(new Uint8Array(7))).toThrow(WireError);
    expect(decodeOutput(new Uint8Array(8))).toEqual({ offset: 0, bytes: new Uint8Array(0) });
  });

  it('any offset and bytes come out as they went in', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: Number.MAX_SAFE_INTEGER }),
        fc.uint8Array({ maxLength: 64 }),
        (offset, bytes) => {
          const frame = Buffer.alloc(8 + bytes.length);
          frame.writeBigUInt64BE(BigInt(offset));
          frame.set(bytes, 8);
          expect(decodeOutput(frame)).toEqual({ offset, bytes });
        },
      ),
      { numRuns: cases(2000) },
    );
  });
});
