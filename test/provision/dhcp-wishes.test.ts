import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Ipv4, ipv4FromNumber } from '../../src/base/ipv4.ts';
import { macFromBytes } from '../../src/base/mac.ts';
import {
  exclusionText,
  parseExclusion,
  parseReservation,
  reservationText,
} from '../../src/provision/dhcp-texts.ts';
import { checkDhcpWishes, noDhcpWishes } from '../../src/provision/dhcp-wishes.ts';
import { cases } from '../support/cases.ts';

const own = { dhcpRangeBegin: '192.0.2.100' as Ipv4, dhcpRangeNetmask: '255.255.255.0' as Ipv4 };
const relayed = {
  subnet: '198.51.100.0',
  netmask: '255.255.255.0',
  rangeBegin: '198.51.100.10',
  rangeEnd: '198.51.100.20',
};
const check = (change: Parameters<typeof checkDhcpWishes>[0]) =>
  checkDhcpWishes(change, noDhcpWishes, own, ['192.0.2.1' as Ipv4]);

it.each([
  ['dhcpExclusions', { dhcpExclusions: ['192.0.2.10-192.0.2.5'] }, /begins behind its end/],
  ['dhcpExclusions', { dhcpExclusions: ['192.0.2.10-'] }, /two like 192\.0\.2\.10-192\.0\.2\.20/],
  ['dhcpExclusions', { dhcpExclusions: ['192.0.2.300'] }, /must be an address/],
  ['dhcpExclusions', { dhcpExclusions: ['192.0.2.1-192.0.2.2-192.0.2.3'] }, /must be an address/],
  ['dhcpExclusions', { dhcpExclusions: ['203.0.113.1'] }, /not in one subnet/],
  ['dhcpExclusions', { dhcpExclusions: ['192.0.2.250-192.0.3.5'] }, /not in one subnet/],
  [
    'dhcpExclusions',
    { dhcpExclusions: ['192.0.2.10-192.0.2.20', '192.0.2.20'] },
    /192\.0\.2\.20 overlaps 192\.0\.2\.10-192\.0\.2\.20/,
  ],
  ['dhcpReservations', { dhcpReservations: ['192.0.2.9'] }, /must be like/],
  ['dhcpReservations', { dhcpReservations: ['52:54:00:12:34=192.0.2.9'] }, /must be like/],
  ['dhcpReservations', { dhcpReservations: ['id:abc=192.0.2.9'] }, /must be like/],
  ['dhcpReservations', { dhcpReservations: ['01:00:5e:00:00:01=192.0.2.9'] }, /group address/],
  [
    'dhcpReservations',
    { dhcpReservations: ['52:54:00:12:34:56=203.0.113.9'] },
    /no host address of a subnet/,
  ],
  ['dhcpReservations', { dhcpReservations: ['52:54:00:12:34:56=192.0.2.255'] }, /no host address/],
  ['dhcpReservations', { dhcpReservations: ['52:54:00:12:34:56=192.0.2.1'] }, /own address/],
  [
    'dhcpReservations',
    { dhcpReservations: ['52:54:00:12:34:56=192.0.2.9', '52:54:00:12:34:57=192.0.2.9'] },
    /two reservations for 192\.0\.2\.9/,
  ],
  [
    'dhcpReservations',
    { dhcpReservations: ['52:54:00:12:34:56=192.0.2.9', '52:54:00:12:34:56=192.0.2.10'] },
    /two reservations for 52:54:00:12:34:56/,
  ],
  [
    'dhcpReservations',
    { dhcpReservations: ['52:54:00:12:34:56=192.0.2.9'], dhcpExclusions: ['192.0.2.5-192.0.2.9'] },
    /excluded by 192\.0\.2\.5-192\.0\.2\.9/,
  ],
  [
    'dhcpSubnets',
    { dhcpSubnets: [{ ...relayed, netmask: '255.255.255.1' }] },
    /netmask 255\.255\.255\.1 of 198\.51\.100\.0/,
  ],
  ['dhcpSubnets', { dhcpSubnets: [{ ...relayed, subnet: '198.51.100.1' }] }, /no network address/],
  [
    'dhcpSubnets',
    { dhcpSubnets: [{ ...relayed, rangeEnd: '198.51.101.20' }] },
    /rangeEnd 198\.51\.101\.20 is no host/,
  ],
  ['dhcpSubnets', { dhcpSubnets: [{ ...relayed, rangeBegin: '198.51.100.30' }] }, /above rangeEnd/],
  ['dhcpSubnets', { dhcpSubnets: [{ ...relayed, router: '203.0.113.1' }] }, /router/],
  ['dhcpSubnets', { dhcpSubnets: [{ ...relayed, dns: ['nope'] }] }, /not an IPv4 address/],
  [
    'dhcpSubnets',
    { dhcpSubnets: [relayed, { ...relayed, netmask: '255.255.255.128' }] },
    /overlaps subnet 198\.51\.100\.0/,
  ],
  [
    'dhcpSubnets',
    {
      dhcpSubnets: [
        { subnet: '192.0.0.0', netmask: '255.255.0.0', rangeBegin: '192.0.5.1', rangeEnd: '192.0.5.2' },
      ],
    },
    /interface's own subnet/,
  ],
] as const)('refuses a wrong list of %s: %j', (parameter, change, text) => {
  const refused = (): unknown => check(change);
  expect(refused).toThrow(
    expect.objectContaining({ code: 'invalid-argument', data: { parameter } }) as Error,
  );
  expect(refused).toThrow(text);
});

it('takes addresses of relayed subnets, and one client in each subnet', () => {
  expect(
    check({
      dhcpSubnets: [{ ...relayed, router: '198.51.100.1', dns: ['203.0.113.53'] }],
      dhcpReservations: ['52:54:00:12:34:56=192.0.2.9', '52:54:00:12:34:56=198.51.100.9'],
      dhcpExclusions: ['198.51.100.15-198.51.100.16'],
    }),
  ).toEqual({
    dhcpOnlyReserved: false,
    dhcpSubnets: [{ ...relayed, router: '198.51.100.1', dns: ['203.0.113.53'] }],
    dhcpReservations: ['52:54:00:12:34:56=192.0.2.9', '52:54:00:12:34:56=198.51.100.9'],
    dhcpExclusions: ['198.51.100.15-198.51.100.16'],
  });
});

it('checks what stays against what changes', () => {
  const before = check({ dhcpSubnets: [relayed], dhcpReservations: ['52:54:00:12:34:56=198.51.100.9'] });
  expect(() => checkDhcpWishes({ dhcpSubnets: [] }, before, own, [])).toThrow(/198\.51\.100\.9/);
});

const ip = fc.integer({ min: 0, max: 0xffffffff }).map((n) => ipv4FromNumber(n >>> 0));

it('reads its own texts back', () => {
  const mac = fc
    .uint8Array({ minLength: 6, maxLength: 6 })
    .map((bytes) => macFromBytes(bytes.map((b, i) => (i === 0 ? b & 0xfe : b))));
  const hex = fc
    .uint8Array({ minLength: 2, maxLength: 255 })
    .map((bytes) => Buffer.from(bytes).toString('hex'));
  const client = fc.oneof(
    mac.map((one) => ({ mac: one })),
    hex.map((clientId) => ({ clientId })),
  );
  fc.assert(
    fc.property(client, ip, (who, address) => {
      const reservation = { ...who, ip: address } as Parameters<typeof reservationText>[0];
      expect(parseReservation(reservationText(reservation))).toEqual(reservation);
    }),
    { numRuns: cases(2000) },
  );
  fc.assert(
    fc.property(ip, ip, (a, b) => {
      const [begin, end] = [a, b].toSorted(
        (x, y) =>
          x
            .split('.')
            .map(Number)
            .reduce((s, n) => s * 256 + n, 0) -
          y
            .split('.')
            .map(Number)
            .reduce((s, n) => s * 256 + n, 0),
      );
      if (begin === undefined || end === undefined) return;
      expect(parseExclusion(exclusionText({ begin, end }))).toEqual({ begin, end });
    }),
    { numRuns: cases(2000) },
  );
});

it('gives a ProvisionError or a value for any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseExclusion, parseReservation]) {
        try {
          parse(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-argument' });
        }
      }
    }),
    { numRuns: cases(2000) },
  );
});
