import { describe, expect, it } from 'vitest';
import { ByteReader, WireError } from '../../../../src/base/bytes.ts';
import {
  decodeOptionFields,
  decodeOptions,
  encodeOptions,
} from '../../../../src/pxe/dhcp/wire/option-area.ts';

const area = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

describe('option areas', () => {
  it('skip pads, stop at the end option and do without one', () => {
    const read = [...decodeOptions([area(0, 0, 12, 1, 65, 0, 255, 60, 1, 66)])];
    expect(read).toEqual([[12, area(65)]]);
    expect([...decodeOptions([area(12, 1, 65)])]).toEqual([[12, area(65)]]);
  });

  it('keep an empty option apart from an absent one', () => {
    const read = decodeOptions([area(60, 0, 255)]);
    expect(read.get(60)).toEqual(area());
    expect(read.has(61)).toBe(false);
  });

  it('join the pieces of one option, also over several fields (RFC 3396 §5)', () => {
    const read = decodeOptions([area(12, 2, 65, 66, 60, 1, 9, 12, 1, 67, 255), area(12, 1, 68)]);
    expect(read.get(12)).toEqual(area(65, 66, 67, 68));
    expect(read.get(60)).toEqual(area(9));
  });

  it('split a value over 255 bytes into pieces that follow each other (RFC 3396 §6)', () => {
    const bytes = encodeOptions(new Map([[12, new Uint8Array(300)]]));
    expect([bytes[0], bytes[1], bytes[257], bytes[258], bytes.length]).toEqual([12, 255, 12, 45, 305]);
  });

  it('refuse an option that runs over its field', () => {
    for (const bytes of [area(12), area(12, 2, 65), area(12, 255)]) {
      expect(() => decodeOptions([bytes])).toThrow(WireError);
    }
  });

  it('put message type and server first and relay information last', () => {
    const value = area(1);
    const bytes = encodeOptions(new Map([82, 12, 54, 200, 53].map((option) => [option, value])));
    expect([...bytes]).toEqual([53, 1, 1, 54, 1, 1, 12, 1, 1, 200, 1, 1, 82, 1, 1, 255]);
  });

  it('tell which fields are overloaded', () => {
    const none = () => area(255);
    const overloadOf = (...bytes: number[]) =>
      decodeOptionFields(new ByteReader(area(...bytes)), none, none).overload;
    expect(overloadOf(255)).toEqual({ file: false, sname: false });
    expect(overloadOf(52, 1, 1, 255)).toEqual({ file: true, sname: false });
    expect(overloadOf(52, 1, 2)).toEqual({ file: false, sname: true });
    expect(overloadOf(52, 1, 3)).toEqual({ file: true, sname: true });
    for (const bytes of [
      [52, 1, 4],
      [52, 1, 0],
      [52, 0],
      [52, 2, 1, 1],
    ]) {
      expect(() => overloadOf(...bytes)).toThrow(WireError);
    }
  });
});
