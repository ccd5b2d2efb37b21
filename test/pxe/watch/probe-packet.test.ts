import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Ipv4 } from '../../../src/base/ipv4.ts';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import { decodeDhcpPacket, encodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import { createOwnProbe } from '../../../src/pxe/watch/own-probe.ts';
import { encodeProbe, readOffer } from '../../../src/pxe/watch/probe-packet.ts';
import { cases } from '../../support/cases.ts';

const probe = createOwnProbe((length) => new Uint8Array(length).fill(0xff));

it('probes as a locally administered machine that wants its answer by broadcast', () => {
  expect(probe.mac).toBe('fe:ff:ff:ff:ff:ff');
  expect(probe.isOwn(probe.mac)).toBe(true);
  const packet = decodeDhcpPacket(encodeProbe(probe.mac, 0x01020304));
  expect(packet).toMatchObject({
    op: 1,
    htype: 1,
    hlen: 6,
    xid: 0x01020304,
    flags: 0x8000,
    ciaddr: '0.0.0.0',
  });
  expect([...packet.chaddr]).toEqual([0xfe, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(packet.options.get(code.messageType)).toEqual(Uint8Array.of(1));
  expect(packet.options.has(code.vendorClass)).toBe(false);
});

const answer = (
  type: number,
  more: ReadonlyArray<readonly [number, Uint8Array]> = [],
  file = '',
): Uint8Array =>
  encodeDhcpPacket({
    ...decodeDhcpPacket(encodeProbe(probe.mac, 1)),
    op: 2,
    yiaddr: '192.0.2.140' as Ipv4,
    file,
    options: new Map([[code.messageType, Uint8Array.of(type)], ...more]),
  });
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

it('reads offers: the server by option 54, else by where they came from', () => {
  const id = [code.serverId, Uint8Array.of(192, 0, 2, 66)] as const;
  expect(readOffer(answer(2, [id]), '192.0.2.254')).toEqual({
    server: '192.0.2.66',
    offered: '192.0.2.140',
    bootFile: undefined,
  });
  expect(readOffer(answer(2), '192.0.2.254')).toMatchObject({ server: '192.0.2.254' });
  expect(readOffer(answer(2, [], 'pxelinux.0'), '192.0.2.254')?.bootFile).toBe('pxelinux.0');
  expect(readOffer(answer(2, [[code.bootFileName, text('a\u0007b')]]), '192.0.2.254')?.bootFile).toBe('a?b');
});

it('takes nothing else for an offer', () => {
  expect(readOffer(answer(5), '192.0.2.254')).toBeUndefined();
  expect(readOffer(encodeProbe(probe.mac, 1), '192.0.2.254')).toBeUndefined();
  expect(readOffer(answer(2, [[code.serverId, Uint8Array.of(1)]]), '192.0.2.254')).toBeUndefined();
  expect(readOffer(answer(2), 'no address')).toBeUndefined();
});

it('answers any bytes', () => {
  const offer = answer(2);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 600 }),
        fc.tuple(fc.nat(offer.length - 1), fc.nat(255)).map(([at, value]) => offer.with(at, value)),
      ),
      (bytes) => {
        const read = readOffer(bytes, '192.0.2.254');
        expect(read === undefined || /^[\d.]+$/.test(read.server)).toBe(true);
      },
    ),
    { numRuns: cases(100_000) },
  );
});
