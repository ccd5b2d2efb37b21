import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { WireError } from '../../../src/base/bytes.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../../src/pxe/tftp/wire/packet.ts';
import { cases } from '../../support/cases.ts';

const name = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c)),
  maxLength: 20,
});
const lower = fc.stringMatching(/^[a-z]{1,12}$/);
const options = fc.uniqueArray(fc.record({ name: lower, value: name }), {
  selector: (o) => o.name,
  maxLength: 6,
});
const u16 = fc.integer({ min: 0, max: 0xffff });
const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('read' as const, 'write' as const),
    file: name.filter((s) => s !== ''),
    mode: lower,
    options,
  }),
  fc.record({ kind: fc.constant('data' as const), block: u16, data: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ kind: fc.constant('ack' as const), block: u16 }),
  fc.record({ kind: fc.constant('error' as const), code: u16, message: name }),
  fc.record({ kind: fc.constant('oack' as const), options }),
);

it('reads what it writes, alone and inside a larger buffer', () => {
  fc.assert(
    fc.property(packet, fc.uint8Array({ maxLength: 9 }), (sent, around) => {
      const bytes = encodeTftp(sent);
      expect(decodeTftp(bytes)).toEqual(sent);
      const larger = new Uint8Array([...around, ...bytes, ...around]);
      expect(decodeTftp(larger.subarray(around.length, around.length + bytes.length))).toEqual(sent);
    }),
    { numRuns: cases(10_000) },
  );
});

/** The packet; undefined when the bytes were refused with the error that is meant for it. */
function unlessMalformed(bytes: Uint8Array): TftpPacket | undefined {
  try {
    return decodeTftp(bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

it('gives a packet or a WireError for any bytes', () => {
  const tftpLike = fc
    .tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 700 }))
    .map(([opcode, rest]) => Uint8Array.of(0, opcode, ...rest));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 700 }), tftpLike), (bytes) => {
      const decoded = unlessMalformed(bytes);
      if (decoded === undefined) return;
      expect(decodeTftp(encodeTftp(decoded))).toEqual(decoded);
    }),
    { numRuns: cases(100_000) },
  );
}, 120_000);

it('writes the bytes of the standard', () => {
  const text = (s: string) => [...Buffer.from(s, 'latin1')];
  const request: TftpPacket = {
    kind: 'read',
    file: 'undionly.kpxe',
    mode: 'octet',
    options: [{ name: 'tsize', value: '0' }],
  };
  expect([...encodeTftp(request)]).toEqual([
    0,
    1,
    ...text(['undionly.kpxe', 'octet', 'tsize', '0', ''].join('\0')),
  ]);
  expect([...encodeTftp({ kind: 'data', block: 0x0102, data: Uint8Array.of(9) })]).toEqual([0, 3, 1, 2, 9]);
  expect([...encodeTftp({ kind: 'ack', block: 0xffff })]).toEqual([0, 4, 255, 255]);
  expect([...encodeTftp({ kind: 'error', code: 1, message: 'no' })]).toEqual([0, 5, 0, 1, ...text('no\0')]);
  expect([...encodeTftp({ kind: 'oack', options: [{ name: 'blksize', value: '8' }] })]).toEqual([
    0,
    6,
    ...text(['blksize', '8', ''].join('\0')),
  ]);
});

it.each([
  ['nothing', []],
  ['one byte', [0]],
  ['opcode 0', [0, 0]],
  ['opcode 7', [0, 7, 0, 0]],
  ['a high byte in the opcode', [1, 4, 0, 0]],
  ['no file name', [0, 1, 0, 111, 0]],
  ['no mode', [0, 1, 97, 0]],
  ['an empty mode', [0, 1, 97, 0, 0]],
  ['a file name without end', [0, 1, 97, 97]],
  ['an option without value', [0, 1, 97, 0, 111, 0, 98, 0]],
  ['an option value without end', [0, 1, 97, 0, 111, 0, 98, 0, 56]],
  ['the same option twice', [0, 1, 97, 0, 111, 0, 98, 0, 56, 0, 66, 0, 56, 0]],
  ['a request of more than 512 bytes', [0, 1, ...Array<number>(505).fill(97), 0, 111, 0, 0, 0, 0]],
  ['an ACK with something behind it', [0, 4, 0, 1, 1]],
  ['half an ACK', [0, 4, 0]],
])('refuses %s', (_, bytes) => {
  expect(() => decodeTftp(Uint8Array.from(bytes))).toThrow(WireError);
});

it('takes the NULs that firmware pads requests and ACKs with, and errors without a message', () => {
  expect(decodeTftp(Uint8Array.of(0, 4, 0, 1, 0, 0, 0, 0, 0))).toEqual({ kind: 'ack', block: 1 });
  expect(decodeTftp(Uint8Array.of(0, 1, 97, 0, 79, 67, 84, 69, 84, 0, 0, 0, 0))).toEqual({
    kind: 'read',
    file: 'a',
    mode: 'octet',
    options: [],
  });
  expect(decodeTftp(Uint8Array.of(0, 5, 0, 8))).toEqual({ kind: 'error', code: 8, message: '' });
  expect(decodeTftp(Uint8Array.of(0, 5, 0, 8, 120))).toEqual({ kind: 'error', code: 8, message: 'x' });
});

it('refuses to write text that cannot stand on the wire', () => {
  expect(() => encodeTftp({ kind: 'error', code: 0, message: 'a\0b' })).toThrow(WireError);
  expect(() => encodeTftp({ kind: 'error', code: 0, message: 'ā' })).toThrow(WireError);
});
