import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import { type DhcpPacket, decodeDhcpPacket, fitDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import { cases } from '../../support/cases.ts';
import { boot, decide, ip, message, replyOf } from '../../pxe/dhcp/client.ts';

const blank = decodeDhcpPacket(message({ type: 'none' }));
const options = fc
  .uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 254 }).filter((option) => option !== code.overload),
      fc.oneof({ weight: 5, arbitrary: fc.uint8Array({ maxLength: 60 }) }, fc.uint8Array({ maxLength: 400 })),
    ),
    { selector: ([option]) => option, maxLength: 14 },
  )
  .map((entries) => new Map(entries));
const packets: fc.Arbitrary<DhcpPacket> = fc.record({
  ...Object.fromEntries(Object.entries(blank).map(([name, value]) => [name, fc.constant(value)])),
  sname: fc.constantFrom('', 'server'),
  file: fc.constantFrom('', 'undionly.kpxe'),
  options,
}) as unknown as fc.Arbitrary<DhcpPacket>;

describe('RFC 2132 §9.3 option overload', () => {
  it('gives every option back, within the limit, and only where it fits', () => {
    let overloaded = 0;
    fc.assert(
      fc.property(packets, fc.integer({ min: 300, max: 700 }), (packet, limit) => {
        const bytes = fitDhcpPacket(packet, limit);
        if (bytes === undefined) return;
        expect(bytes.length).toBeLessThanOrEqual(limit);
        expect(decodeDhcpPacket(bytes)).toEqual(packet);
        if (bytes[44] !== 0 && packet.sname === '') overloaded++;
        if (bytes[108] !== 0 && packet.file === '') overloaded++;
      }),
      { numRuns: cases(20_000) },
    );
    expect(overloaded).toBeGreaterThan(10);
  });

  it('takes `file` first, then `sname`, never one that is in use, and ends each with an end option', () => {
    const value = (length: number) => new Uint8Array(length).fill(7);
    const of = (packet: Partial<DhcpPacket>, limit: number) => {
      const bytes = fitDhcpPacket({ ...blank, ...packet }, limit);
      return (
        bytes && { bytes, overload: bytes.indexOf(52, 240) >= 0 ? bytes[bytes.indexOf(52, 240) + 2] : 0 }
      );
    };
    const two = new Map([
      [200, value(50)],
      [201, value(40)],
    ]);
    const three = new Map([200, 201, 202].map((option, n) => [option, value([50, 90, 60][n] ?? 0)] as const));
    expect(of({ options: two }, 345)?.overload).toBe(0);
    expect(of({ options: two }, 300)?.overload).toBe(1);
    expect(of({ options: three }, 300)?.overload).toBe(3);
    expect(of({ options: two, file: 'x' }, 300)?.overload).toBe(2);
    expect(of({ options: two, file: 'x', sname: 'y' }, 300)).toBeUndefined();
    const bytes = of({ options: two }, 300)?.bytes;
    expect([...(bytes?.subarray(108, 110) ?? [])]).toEqual([201, 40]);
    expect(bytes?.[108 + 42]).toBe(255);
  });

  it('leaves message type, server, class and relay information in the options field', () => {
    const long = new Map([53, 54, 60, 82, 1, 3].map((option) => [option, new Uint8Array(12)]));
    const bytes = fitDhcpPacket({ ...blank, options: long }, 310);
    const area = bytes?.subarray(240) ?? new Uint8Array();
    for (const option of [53, 54, 60, 82]) expect(area.indexOf(option)).toBeGreaterThanOrEqual(0);
    expect(decodeDhcpPacket(bytes ?? area).options).toEqual(long);
  });
});

describe('RFC 2132 §9.8 parameter request list', () => {
  const dns = Array.from({ length: 60 }, (_, n) => ip(`192.0.2.${n}`));
  const relay = Array.from({ length: 200 }, (_, n) => (n === 0 ? 1 : n === 1 ? 198 : 9));
  const offered = (wanted: readonly number[]) =>
    replyOf(decide({ type: 'discover', options: { 55: wanted, 82: relay } }, { settings: { dns } })).packet
      .options;

  it('what the client did not ask for goes first when space is short', () => {
    // Too much anyway; what comes after it still has room.
    expect(offered([1, 6, 3]).has(code.domainNameServer)).toBe(false);
    expect(offered([1, 6, 3]).has(code.router)).toBe(true);
    expect(offered([1, 3]).has(code.domainNameServer)).toBe(false);
    expect(offered([1, 3]).has(code.router)).toBe(true);
  });

  it('then what it asked for last', () => {
    // Six bytes each, and not room for all five.
    const settings = { dns: dns.slice(0, 1) };
    const long = [1, 246, ...Array.from({ length: 246 }, () => 9)];
    const options = { 60: 'PXEClient', 93: [0, 0], 61: Array.from({ length: 60 }, () => 3), 82: long };
    const offer = (wanted: readonly number[]) =>
      replyOf(decide({ type: 'discover', options: { ...options, 55: wanted } }, { settings, decision: boot }))
        .packet;
    for (const wanted of [
      [6, 58, 59, 28, 3],
      [3, 28, 59, 58, 6],
    ]) {
      const kept = wanted.filter((option) => offer(wanted).options.has(option));
      expect(kept).toHaveLength(2);
      expect(kept).toEqual(wanted.slice(0, kept.length));
    }
  });

  it('never costs what makes the lease and the boot', () => {
    const options = {
      55: [1],
      60: 'PXEClient',
      93: [0, 0],
      61: Array.from({ length: 60 }, () => 3),
      82: relay,
    };
    const { packet } = replyOf(decide({ type: 'discover', options }, { settings: { dns }, decision: boot }));
    for (const option of [1, 43, 51, 53, 54, 60, 61, 82]) expect(packet.options.has(option)).toBe(true);
    expect(packet.file).toBe('undionly.kpxe');
  });
});

describe('RFC 2132 §9.10 maximum message size', () => {
  it('bounds every answer, whatever a client claims', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.nat(250),
        fc.constantFrom('discover', 'inform', 'request', 'none'),
        (size, echo, type) => {
          const options = {
            57: [size >> 8, size & 255],
            61: Array.from({ length: echo + 2 }, () => 1),
            60: 'PXEClient',
          };
          const m = {
            type,
            ciaddr: type === 'inform' ? '192.0.2.9' : '0.0.0.0',
            requested: '192.0.2.100',
            options,
          } as const;
          const outcome = decide(m, { decision: boot, settings: { bootp: true } });
          if (!('reply' in outcome)) return;
          const most = type === 'none' ? 328 : Math.min(Math.max(size, 576), 1500);
          expect(outcome.reply.datagram.length + 28).toBeLessThanOrEqual(most);
          expect(outcome.reply.datagram.length).toBeGreaterThanOrEqual(300);
        },
      ),
      { numRuns: cases(5000) },
    );
  });
});
