import { type Factors, signed } from '../commands/sensor/factors.ts';

/** How raw readings are to be read, bits 7:6 of the units byte. IPMI 2.0 §43.1, byte 21 */
export type AnalogFormat = 'unsigned' | 'ones-complement' | 'twos-complement' | 'none';

/** From the two bits. */
export const analogFormats = ['unsigned', 'ones-complement', 'twos-complement', 'none'] as const;

/** Functions of linearization 0 to 11. IPMI 2.0 §43.1, byte 24; §36.3 */
const functions: ReadonlyArray<(x: number) => number> = [
  (x) => x,
  Math.log,
  Math.log10,
  Math.log2,
  Math.exp,
  (x) => 10 ** x,
  (x) => 2 ** x,
  (x) => 1 / x,
  (x) => x * x,
  (x) => x ** 3,
  Math.sqrt,
  Math.cbrt,
];

/** Linearization 0x70 to 0x7f: each reading has factors of its own. */
export const isNonLinear = (linearization: number): boolean => linearization >= 0x70 && linearization <= 0x7f;

/** A raw byte as a number; -0 of one's complement is 0. IPMI 2.0 §36.3 */
export function rawNumber(raw: number, format: AnalogFormat): number {
  if (format === 'twos-complement') return signed(raw, 8);
  if (format === 'ones-complement' && raw >= 0x80) return -(raw ^ 0xff) || 0;
  return raw;
}

/** Digits that the raw step can tell apart stay; noise of floating point goes. */
const tidy = (value: number): number => Number(value.toPrecision(10));

/**
 * Value of a raw reading in the sensor's unit; undefined where there is none: format `none`, a function that the standard does not have,
 * or a result that is no finite number. Non-linear sensors: `factors` are those of the reading. IPMI 2.0 §36.3
 */
export function convertReading(
  raw: number,
  format: AnalogFormat,
  linearization: number,
  factors: Factors,
): number | undefined {
  if (format === 'none') return undefined;
  const linear = isNonLinear(linearization) ? functions[0] : functions[linearization];
  if (linear === undefined) return undefined;
  const x = rawNumber(raw, format);
  const y = linear((factors.m * x + factors.b * 10 ** factors.bExponent) * 10 ** factors.rExponent);
  return Number.isFinite(y) ? tidy(y) : undefined;
}
