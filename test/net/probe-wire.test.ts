import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex, toHex, WireError } from '../../src/base/bytes.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import { decodeArpSender, encodeArpProbe } from '../../src/net/probe/wire/arp.ts';
import { decodeEchoReply, encodeEcho } from '../../src/net/probe/wire/icmp-echo.ts';
import { cases } from '../support/cases.ts';

const mac = '52:54:00:12:34:56' as Mac;

it('writes an ARP probe as RFC 5227 §2.1.1 says: a request from no address', () => {
  expect(toHex(encodeArpProbe(mac, '192.0.2.7' as Ipv4))).toBe(
    '000108000604000152540012345600000000000000000000c0000207',
  );
});

/** A reply as Linux sends it, with Ethernet's padding. */
const reply = fromHex(`0001080006040002525400654321c0000207525400123456c0000201${'00'.repeat(18)}`);

it('reads who sent an ARP packet', () => {
  expect(decodeArpSender(reply)).toEqual({ mac: '52:54:00:65:43:21', ip: '192.0.2.7' });
  expect(decodeArpSender(encodeArpProbe(mac, '192.0.2.7' as Ipv4))).toEqual({ mac, ip: '0.0.0.0' });
});

it.each([
  ['another hardware', 1, 6],
  ['another protocol', 2, 0x86],
  ['another operation', 7, 3],
])('refuses ARP of %s', (_title, at, value) => {
  expect(() => decodeArpSender(reply.with(at, value))).toThrow(WireError);
});

it('writes an echo whose checksum makes the whole add up to nothing', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(0xffff), (id, sequence) => {
      const bytes = encodeEcho(id, sequence);
      let sum = 0;
      for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
      expect([sum, bytes[0], bytes.length]).toEqual([0xffff, 8, 8]);
    }),
    { numRuns: cases(2000) },
  );
});

/** An IPv4 header with options in front of an echo reply. */
const echoReply = fromHex('46000020000040004001b6c9c0000207c0000201940400000000abcd12340005');

it('reads an echo reply behind IP options, and leaves other ICMP alone', () => {
  expect(decodeEchoReply(echoReply)).toEqual({ from: '192.0.2.7', id: 0x1234, sequence: 5 });
  expect(decodeEchoReply(echoReply.with(24, 3))).toBeUndefined();
  expect(() => decodeEchoReply(echoReply.subarray(0, 26))).toThrow(WireError);
  expect(() => decodeEchoReply(echoReply.with(0, 0x44))).toThrow(WireError);
});

it.each([
  ['ARP', decodeArpSender, reply],
  ['ICMP', decodeEchoReply, echoReply],
])('gives a value or a WireError for any bytes of %s', (_title, decode, good) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 80 }),
        fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) => good.with(at, value)),
      ),
      (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      },
    ),
    { numRuns: cases(100_000) },
  );
});
