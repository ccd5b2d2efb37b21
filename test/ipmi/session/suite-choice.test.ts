import { describe, expect, it } from 'vitest';
import {
  cipherSuiteIds,
  encodeCipherSuiteRecords,
} from '../../../src/ipmi/commands/app/get-channel-cipher-suites.ts';
import { suites } from '../../../src/ipmi/crypto/suite.ts';
import { allowedSuites, isSuiteRefusal, preferListed } from '../../../src/ipmi/session/suite-choice.ts';
import { IpmiError } from '../../../src/ipmi/types.ts';

const ids = (list: ReturnType<typeof allowedSuites>): number[] => list.map(({ id }) => id);

describe('the choice of a cipher suite', () => {
  it('is 17, then 3; weak ones behind them only where they are allowed', () => {
    expect(ids(allowedSuites({}))).toEqual([17, 3]);
    expect(ids(allowedSuites({ allowWeakSuites: true }))).toEqual([17, 3, 8, 12, 2, 1]);
    expect(ids(allowedSuites({ cipherSuite: 3 }))).toEqual([3]);
    expect(ids(allowedSuites({ cipherSuite: 2, allowWeakSuites: true }))).toEqual([2]);
  });

  it.each([
    [{ cipherSuite: 0, allowWeakSuites: true }, /without a password/],
    [{ cipherSuite: 2 }, /weak/],
    [{ cipherSuite: 4, allowWeakSuites: true }, /not supported/],
    [{ cipherSuite: 99 }, /not supported/],
  ])('%o is refused', (target, text) => {
    expect(() => allowedSuites(target)).toThrow(IpmiError);
    expect(() => allowedSuites(target)).toThrow(text);
  });

  it('prefers what the BMC lists, and keeps what it does not', () => {
    const allowed = allowedSuites({});
    expect(ids(preferListed(allowed, [0, 1, 2, 3]))).toEqual([3, 17]);
    expect(ids(preferListed(allowed, [17, 3]))).toEqual([17, 3]);
    expect(ids(preferListed(allowed, [0]))).toEqual([17, 3]);
  });

  it('no usable suite goes without a proof of the password', () => {
    for (const { algorithms } of suites.values()) expect(algorithms.authentication).not.toBe(0);
    for (const { algorithms, weak } of suites.values())
      expect(weak).toBe(algorithms.confidentiality === 0 || algorithms.authentication === 2);
  });

  it('a refusal of the user is none of the suite', () => {
    const refusals = Array.from({ length: 256 }, (_, status) => status).filter(isSuiteRefusal);
    expect(refusals).toEqual([0x04, 0x05, 0x06, 0x07, 0x10, 0x11]);
  });
});

describe('a list of cipher suites', () => {
  it('is read as it was written', () => {
    const list = [...suites.values()];
    expect(cipherSuiteIds(encodeCipherSuiteRecords(list))).toEqual(list.map(({ id }) => id));
  });

  it.each([
    [
      'an OEM suite between two',
      [0xc0, 3, 1, 0x41, 0x81, 0xc1, 0x80, 0x57, 1, 0, 1, 0xc0, 17, 3, 0x44, 0x81],
      [3, 17],
    ],
    ['rubbish at its end', [0xc0, 3, 1, 0x41, 0x81, 0xff, 0xc0, 17], [3]],
    ['a record without algorithms', [0xc0, 0, 0xc0, 3, 1, 0x41, 0x81], [0, 3]],
    ['an end inside a record', [0xc0, 3, 1, 0xc0], [3]],
    ['an end inside an OEM record', [0xc0, 3, 1, 0xc1, 0x80, 0x57], [3]],
    ['no record', [1, 2, 3], []],
    ['nothing', [], []],
  ])('with %s', (_, bytes, expected) => {
    expect(cipherSuiteIds(Uint8Array.from(bytes))).toEqual(expected);
  });
});
