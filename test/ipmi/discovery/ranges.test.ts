import { expect, it } from 'vitest';
import { IpmiError } from '../../../src/ipmi/index.ts';
import { addressesOf } from '../../../src/ipmi/discovery/ranges.ts';

it.each([
  [['192.0.2.7'], 1, '192.0.2.7', '192.0.2.7'],
  [['192.0.2.99/24'], 254, '192.0.2.1', '192.0.2.254'],
  [['192.0.2.4/31'], 2, '192.0.2.4', '192.0.2.5'],
  [['192.0.2.4/32'], 1, '192.0.2.4', '192.0.2.4'],
  [['10.1.0.0/16'], 65_534, '10.1.0.1', '10.1.255.254'],
  [['192.0.2.250-192.0.3.2'], 9, '192.0.2.250', '192.0.3.2'],
  [[' 192.0.2.10-20 '], 11, '192.0.2.10', '192.0.2.20'],
  [['255.255.255.0/24'], 254, '255.255.255.1', '255.255.255.254'],
  [['192.0.2.1', '192.0.2.0/30', '192.0.2.2'], 2, '192.0.2.1', '192.0.2.2'],
] as const)('reads %s', (ranges, count, first, last) => {
  const all = addressesOf(ranges);
  expect([all.length, all[0], all.at(-1)]).toEqual([count, first, last]);
});

it.each([
  ['10.0.0.0/15', /\/16 at most/],
  ['0.0.0.0-255.255.255.255', /too many/],
  ['192.0.2.0/33', /no IPv4/],
  ['192.0.2.0/', /no IPv4/],
  ['192.0.2.20-10', /no IPv4/],
  ['192.0.2.01', /no IPv4/],
  ['host', /no IPv4/],
  ['', /no IPv4/],
])('refuses %s', (range, text) => {
  expect(() => addressesOf([range])).toThrow(IpmiError);
  expect(() => addressesOf([range])).toThrow(text);
});

it('bounds all ranges together', () => {
  expect(() => addressesOf(['10.1.0.0/16', '10.2.0.0/16'])).toThrow(/too many/);
});
