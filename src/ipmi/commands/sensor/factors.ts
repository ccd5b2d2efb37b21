import type { ByteReader, ByteWriter } from '../../../base/bytes.ts';

/** Factors of a raw reading x: y = L((M x + B 10^bExponent) 10^rExponent). IPMI 2.0 §36.3 */
export interface Factors {
  /** 10 bits with sign. */
  readonly m: number;
  /** 10 bits with sign. */
  readonly b: number;
  /** 4 bits with sign. */
  readonly rExponent: number;
  /** 4 bits with sign. */
  readonly bExponent: number;
  /** Half raw counts, 6 bits. */
  readonly tolerance: number;
  /** 1/100 percent times 10^accuracyExponent; 10 bits. */
  readonly accuracy: number;
  /** 2 bits. */
  readonly accuracyExponent: number;
}

/** A number of `bits` bits in two's complement. */
export const signed = (value: number, bits: number): number =>
  value >= 2 ** (bits - 1) ? value - 2 ** bits : value;

/** Reads the six bytes that full sensor records and Get Sensor Reading Factors share. IPMI 2.0 §35.5, §43.1 */
export function decodeFactors(r: ByteReader): Factors {
  const mLow = r.u8('factors.m');
  const mHigh = r.u8('factors.m');
  const bLow = r.u8('factors.b');
  const bHigh = r.u8('factors.b');
  const accuracy = r.u8('factors.accuracy');
  const exponents = r.u8('factors.exponents');
  return {
    m: signed(mLow | ((mHigh & 0xc0) << 2), 10),
    b: signed(bLow | ((bHigh & 0xc0) << 2), 10),
    rExponent: signed(exponents >> 4, 4),
    bExponent: signed(exponents & 0x0f, 4),
    tolerance: mHigh & 0x3f,
    accuracy: (bHigh & 0x3f) | ((accuracy & 0xf0) << 2),
    accuracyExponent: (accuracy >> 2) & 0x03,
  };
}

/** Writes the six bytes; the sensor direction bits are 0 (unspecified). */
export const encodeFactors = (w: ByteWriter, factors: Factors): ByteWriter =>
  w
    .u8(factors.m)
    .u8(((factors.m >> 2) & 0xc0) | (factors.tolerance & 0x3f))
    .u8(factors.b)
    .u8(((factors.b >> 2) & 0xc0) | (factors.accuracy & 0x3f))
    .u8(((factors.accuracy >> 2) & 0xf0) | ((factors.accuracyExponent & 0x03) << 2))
    .u8(((factors.rExponent & 0x0f) << 4) | (factors.bExponent & 0x0f));
