import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../../../src/base/bytes.ts';
import { ipv4FromNumber } from '../../../../src/base/ipv4.ts';
import { type DhcpPacket, decodeDhcpPacket, encodeDhcpPacket } from '../../../../src/pxe/dhcp/wire/packet.ts';
import { cases } from '../../../support/cases.ts';
import { message } from '../client.ts';

const byte = fc.integer({ min: 0, max: 255 });
const word = fc.integer({ min: 0, max: 0xffff });
const long = fc.integer({ min: 0, max: 0xffffffff });
const address = long.map(ipv4FromNumber);
const latin1 = (maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 255 }), { maxLength }).map((codes) => String.fromCharCode(...codes));

const packets: fc.Arbitrary<DhcpPacket> = fc.record({
  op: byte,
  htype: byte,
  hlen: fc.integer({ min: 0, max: 16 }),
  hops: byte,
  xid: long,
  secs: word,
  flags: word,
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sname: latin1(63),
  file: latin1(127),
  options: fc
    .uniqueArray(
      fc.tuple(
        fc.integer({ min: 1, max: 254 }).filter((option) => option !== 52),
        fc.uint8Array({ maxLength: 600 }),
      ),
      { selector: ([option]) => option, maxLength: 12 },
    )
    .map((entries) => new Map(entries)),
});

/** What was thrown, when it was anything but a WireError. */
function brokenBy(bytes: Uint8Array): unknown {
  try {
    decodeDhcpPacket(bytes);
    return undefined;
  } catch (error) {
    return error instanceof WireError ? undefined : error;
  }
}

describe('DHCP packets', () => {
  it('come back from their bytes, also with options over 255 bytes', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        expect(decodeDhcpPacket(encodeDhcpPacket(packet))).toEqual(packet);
      }),
      { numRuns: cases(5000) },
    );
  });

  it('come back from the middle of a larger buffer', () => {
    fc.assert(
      fc.property(packets, fc.nat(40), (packet, offset) => {
        const bytes = encodeDhcpPacket(packet);
        const larger = new Uint8Array(bytes.length + 2 * offset).fill(0xff);
        larger.set(bytes, offset);
        expect(decodeDhcpPacket(larger.subarray(offset, offset + bytes.length))).toEqual(packet);
      }),
      { numRuns: cases(2000) },
    );
  });

  it('are encoded in one way, whatever the order of the options', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const turned = { ...packet, options: new Map([...packet.options].toReversed()) };
        expect(encodeDhcpPacket(turned)).toEqual(encodeDhcpPacket(packet));
      }),
      { numRuns: cases(1000) },
    );
  });

  it('or any other bytes give a value or a WireError', () => {
    const good = message({ type: 'discover', options: { 55: [1, 3, 6], 93: [0, 7] } });
    const mutated = fc
      .array(fc.tuple(fc.nat(good.length - 1), byte), { minLength: 1, maxLength: 12 })
      .map((changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 700 }),
          mutated,
          fc.nat(good.length).map((n) => good.slice(0, n)),
        ),
        (bytes) => {
          expect(brokenBy(bytes)).toBeUndefined();
        },
      ),
      { numRuns: cases(100_000) },
    );
  });

  it('refuse texts that their field does not hold', () => {
    const packet = decodeDhcpPacket(message({ type: 'discover' }));
    for (const wrong of [
      { file: 'x'.repeat(128) },
      { sname: 'x'.repeat(64) },
      { file: 'a\0b' },
      { sname: '\u20ac' },
      { chaddr: new Uint8Array(6) },
      { options: new Map([[255, new Uint8Array()]]) },
    ]) {
      expect(() => encodeDhcpPacket({ ...packet, ...wrong })).toThrow(WireError);
    }
    expect(decodeDhcpPacket(encodeDhcpPacket({ ...packet, file: 'x'.repeat(127) })).file).toHaveLength(127);
  });
});
