import { isIPv4 } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from '../../src/base/ipv4.ts';
import { cases } from '../support/cases.ts';

/** The same by splitting, as a reader would write it down. */
function byParts(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  if (!octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** Addresses, and what looks like one. */
const nearly = fc.oneof(
  fc.ipV4(),
  fc
    .array(
      fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '00', '01', '+1', '1e1', ' 1', '٣', '1\0')),
      {
        maxLength: 6,
      },
    )
    .map((octets) => octets.join('.')),
  fc.stringMatching(/^[0-9.]{0,18}$/),
  fc.string(),
);

describe('an IPv4 address', () => {
  it('is read as by its parts, and as Node reads it', () => {
    fc.assert(
      fc.property(nearly, (text) => {
        const number = byParts(text);
        expect(parseIpv4(text)).toBe(number === undefined ? undefined : text);
        expect(isIPv4(text)).toBe(number !== undefined);
        if (number !== undefined) expect(ipv4ToNumber(text as Ipv4)).toBe(number);
      }),
      { numRuns: cases(100_000) },
    );
  });

  it('is the same after a way through a number', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (number) => {
        const ip = ipv4FromNumber(number);
        expect(parseIpv4(ip)).toBe(ip);
        expect(ipv4ToNumber(ip)).toBe(number);
      }),
      { numRuns: cases(100_000) },
    );
  });

  it('has no sign and no leading zero', () => {
    expect(ipv4ToNumber('255.255.255.255' as Ipv4)).toBe(0xffffffff);
    expect(ipv4FromNumber(0x80000001)).toBe('128.0.0.1');
    for (const wrong of ['', '1.2.3', '1.2.3.4.', '.1.2.3', '1..2.3', '1.2.3.256', '1.2.3.04', '00.1.2.3'])
      expect(parseIpv4(wrong)).toBeUndefined();
  });
});
