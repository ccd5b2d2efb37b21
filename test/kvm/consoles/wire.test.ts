import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, WireError } from '../../../src/base/bytes.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import {
  decodeFault,
  decodeIsOpen,
  encodeDomainByUuid,
  encodeOpen,
  encodeOpenConsole,
} from '../../../src/kvm/consoles/wire/calls.ts';
import { decodePacket, encodePacket, takePacket } from '../../../src/kvm/consoles/wire/packet.ts';
import { cases } from '../../support/cases.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const packets = fc.record({
  procedure: fc.nat(400),
  type: fc.nat(6),
  serial: fc.nat(),
  status: fc.nat(2),
  payload: fc.uint8Array({ maxLength: 100 }),
});

describe("packets of libvirt's RPC", () => {
  it('come back as they were made, also with more behind them, and not before they are whole', () => {
    fc.assert(
      fc.property(packets, fc.uint8Array({ maxLength: 40 }), (packet, more) => {
        const bytes = encodePacket(packet);
        expect(takePacket(Buffer.concat([bytes, more]))).toEqual({ packet, length: bytes.length });
        expect(takePacket(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('of any bytes are a value or a WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const read of [takePacket, decodePacket, decodeFault, decodeIsOpen]) {
          try {
            read(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }
      }),
      { numRuns: cases(100_000) },
    );
  });

  it('are skipped when they are of another program, refused when too long or of another version', () => {
    const packet = { procedure: 1, type: 1, serial: 1, status: 0, payload: new Uint8Array() };
    const bytes = encodePacket(packet);
    const keepAlive = Buffer.from(bytes);
    keepAlive.writeUInt32BE(0x6b656570, 4);
    expect(takePacket(keepAlive)).toEqual({ packet: undefined, length: 28 });
    const later = Buffer.from(bytes);
    later.writeUInt32BE(2, 8);
    expect(() => takePacket(later)).toThrow(WireError);
    const huge = Buffer.from(bytes);
    huge.writeUInt32BE(2 ** 31, 0);
    expect(() => takePacket(huge)).toThrow(WireError);
  });
});

describe('calls of a console', () => {
  it('are the bytes that XDR has for them', () => {
    expect(hex(encodeOpen('qemu'))).toBe('000000010000000471656d7500000000');
    expect(hex(encodeOpen('qemu:'))).toBe('000000010000000571656d753a00000000000000');
    expect(hex(encodeDomainByUuid('0123456789abcdef0123456789abcdef' as Uuid))).toBe(
      '0123456789abcdef0123456789abcdef',
    );
    expect(hex(encodeOpenConsole(Uint8Array.of(1, 2), true))).toBe('01020000000000000001');
    expect(hex(encodeOpenConsole(Uint8Array.of(1, 2), false))).toBe('01020000000000000000');
  });

  it('read which logins are asked for, and errors', () => {
    const auth = (...types: number[]): Uint8Array =>
      types.reduce((w, type) => w.u32be(type), new ByteWriter().u32be(types.length)).done();
    expect([auth(), auth(0), auth(2), auth(1, 0), auth(1)].map(decodeIsOpen)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    const text = new TextEncoder().encode('busy');
    const fault = new ByteWriter().u32be(9).u32be(10).u32be(1).u32be(4).bytes(text).u32be(2).done();
    expect(decodeFault(fault)).toEqual({ code: 9, text: 'busy' });
    expect(decodeFault(new ByteWriter().u32be(9).u32be(10).u32be(0).done())).toEqual({ code: 9, text: '' });
  });
});
