import { describe, expect, it } from 'vitest';
import { ByteReader, fromHex } from '../../../src/base/bytes.ts';
import { convertReading, rawNumber } from '../../../src/ipmi/sdr/conversion.ts';
import { decodeIdString, decodeTypedText } from '../../../src/ipmi/sdr/typed-text.ts';
import { unitText } from '../../../src/ipmi/sdr/units.ts';
import { readSensorValue } from '../../../src/ipmi/sdr/sensor-value.ts';
import { readSdr } from '../../../src/ipmi/sdr/read-sdr.ts';
import { boardOf, executeOn } from '../commands/replay.ts';

const factors = { m: 1, b: 0, rExponent: 0, bExponent: 0, tolerance: 0, accuracy: 0, accuracyExponent: 0 };

describe('raw readings become values (IPMI 2.0 §36.3)', () => {
  it.each([
    [0, 8, 8],
    [1, Math.E, 1],
    [2, 100, 2],
    [3, 8, 3],
    [4, 2, Math.E ** 2],
    [5, 3, 1000],
    [6, 3, 8],
    [7, 4, 0.25],
    [8, 5, 25],
    [9, 5, 125],
    [10, 9, 3],
    [11, 27, 3],
  ])('linearization %i of %d is %d', (linearization, x, y) => {
    expect(convertReading(1, 'unsigned', linearization, { ...factors, m: x })).toBeCloseTo(y, 6);
  });

  it('B and the exponents', () => {
    expect(convertReading(200, 'unsigned', 0, { ...factors, m: 60, rExponent: -3 })).toBe(12);
    expect(convertReading(10, 'unsigned', 0, { ...factors, m: 2, b: -5, bExponent: 1, rExponent: -1 })).toBe(
      -3,
    );
  });

  it.each([
    ['unsigned', 0xf6, 246],
    ['twos-complement', 0xf6, -10],
    ['twos-complement', 0x80, -128],
    ['ones-complement', 0xf6, -9],
    ['ones-complement', 0xff, 0],
    ['ones-complement', 0x7f, 127],
  ] as const)('%s %i is %i', (format, raw, value) => {
    expect(rawNumber(raw, format)).toBe(value);
  });

  it('there is no value without a format, with a function of no standard, and at a pole', () => {
    expect(convertReading(1, 'none', 0, factors)).toBeUndefined();
    expect(convertReading(1, 'unsigned', 12, factors)).toBeUndefined();
    expect(convertReading(0, 'unsigned', 7, factors)).toBeUndefined();
    expect(convertReading(0, 'unsigned', 1, factors)).toBeUndefined();
  });

  it('a non-linear sensor is asked for the factors of its reading', async () => {
    const { records } = await readSdr(executeOn(boardOf('sdr')));
    const sensor = records.find((one) => one.kind === 'sensor' && one.name === 'CPU Temp');
    if (sensor?.kind !== 'sensor' || sensor.analog === undefined) throw new Error('no such sensor');
    const nonLinear = { ...sensor, analog: { ...sensor.analog, linearization: 0x70 } };
    // Factors by hand: next reading 0x20, M = 3, B = 1, R exponent -1.
    const execute = executeOn((netFn, cmd, data) =>
      netFn === 0x04 && cmd === 0x23 && data[0] === 1 && data[1] === 0x10 ? fromHex('200300010000f0') : 0xcc,
    );
    expect(await readSensorValue(execute, nonLinear, 0x10)).toBe(4.9);
    expect(await readSensorValue(execute, nonLinear, 0x11)).toBeUndefined();
  });
});

describe('text of records', () => {
  it.each([
    [3, '4350552054656d70', 'CPU Temp'],
    [3, 'b0c4470000', '°ÄG'],
    [3, '1b5b324a41', '.[2JA'],
    [2, '29dca6', 'IPMI'],
    [1, '12345ab67c', '12345 -67.'],
    [0, '43005000', 'CP'],
    [0, '4300500055', 'CP'],
    [3, '', ''],
  ] as const)('type %i of %s is %s', (type, hex, text) => {
    expect(decodeTypedText(type, fromHex(hex))).toBe(text);
  });

  it('a name that is longer than the record is cut, one that is missing is empty', () => {
    expect(decodeIdString(new ByteReader(fromHex('ca4142')))).toBe('AB');
    expect(decodeIdString(new ByteReader(fromHex('c0')))).toBe('');
    expect(decodeIdString(new ByteReader(new Uint8Array()))).toBe('');
    // 4 characters of packed text in 3 bytes: length counted in characters, then in bytes.
    expect(decodeIdString(new ByteReader(fromHex('8429dca6')))).toBe('IPMI');
    expect(decodeIdString(new ByteReader(fromHex('8329dca6')))).toBe('IPMI');
  });
});

describe('units', () => {
  const unit = { base: 0, modifier: 0, relation: 0, rate: 0, percentage: false };
  it.each([
    [{ base: 1 }, '°C'],
    [{ base: 18 }, 'RPM'],
    [{ base: 4 }, 'V'],
    [{ base: 6 }, 'W'],
    [{ base: 17 }, 'CFM'],
    [{ base: 84 }, 'collision'],
    [{ base: 92 }, 'grams'],
    [{ percentage: true }, '%'],
    [{ base: 70, rate: 3 }, 'byte/s'],
    [{ base: 6, modifier: 24, relation: 2 }, 'W*h'],
    [{ base: 37, modifier: 23, relation: 1 }, 'l/min'],
    [{ base: 200 }, 'unit 200'],
    [{}, ''],
  ])('%o is %s', (over, text) => {
    expect(unitText({ ...unit, ...over })).toBe(text);
  });
});
