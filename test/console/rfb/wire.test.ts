import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, WireError } from '../../../src/base/bytes.ts';
import { readClientMessageHead } from '../../../src/console/rfb/wire/client-messages.ts';
import {
  decodeSetEncodings,
  encodeSetEncodings,
  isDrawingOnly,
} from '../../../src/console/rfb/wire/encodings.ts';
import { decodeServerInitHead } from '../../../src/console/rfb/wire/init.ts';
import { encodeSetPixelFormat } from '../../../src/console/rfb/wire/pixel-format.ts';
import { decodeWords, encodeNoneOnly } from '../../../src/console/rfb/wire/security.ts';
import {
  decodeRectangleHead,
  decodeUpdateHead,
  encodeWholeUpdateRequest,
} from '../../../src/console/rfb/wire/updates.ts';
import { decodeVersion, encodeVersion } from '../../../src/console/rfb/wire/version.ts';
import { cases } from '../../support/cases.ts';
import { describeCodec } from '../../support/codec-properties.ts';

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('version', () => {
  it.each([
    ['RFB 003.003\n', 3],
    ['RFB 003.005\n', 3],
    ['RFB 003.007\n', 7],
    ['RFB 003.008\n', 8],
    ['RFB 003.889\n', 8],
    ['RFB 004.001\n', 8],
    ['RFB 005.000\n', 8],
  ])('%j is spoken to in 3.%i', (text, minor) => {
    expect(decodeVersion(ascii(text))).toBe(minor);
  });

  it.each(['RFB 000.000\n', 'RFB 003.002\n', 'RFB 3.8\n    ', 'SSH-2.0-Open', 'RFB 003.008\r'])(
    'refuses %j',
    (text) => {
      expect(() => decodeVersion(ascii(text))).toThrow(WireError);
    },
  );

  describeCodec({
    name: 'ProtocolVersion',
    values: fc.constantFrom(3 as const, 7 as const, 8 as const),
    encode: encodeVersion,
    decode: decodeVersion,
  });
});

describe('messages of ours, as the clauses draw them', () => {
  it.each([
    ['security types', encodeNoneOnly(8), '0101'],
    ['security type of 3.3', encodeNoneOnly(3), '00000001'],
    ['SetPixelFormat', encodeSetPixelFormat(), '00000000 20180001 00ff00ff 00ff1008 00000000'],
    ['SetEncodings', encodeSetEncodings([0, 1, -223]), '02000003 00000000 00000001 ffffff21'],
    [
      'FramebufferUpdateRequest',
      encodeWholeUpdateRequest({ width: 1024, height: 768 }),
      '0300 00000000 04000300',
    ],
  ])('%s', (_, bytes, hex) => {
    expect(toHex(bytes)).toBe(hex.replaceAll(' ', ''));
  });
});

describe('messages of servers', () => {
  it('reads heads', () => {
    expect(decodeUpdateHead(fromHex('000102'))).toBe(0x102);
    expect(decodeRectangleHead(fromHex('00010002000300 04ffffff21'.replace(' ', '')))).toEqual({
      x: 1,
      y: 2,
      width: 3,
      height: 4,
      encoding: -223,
    });
  });

  it('refuses a name over 64 KiB', () => {
    const head = (length: string): Uint8Array => fromHex(`04000300${'00'.repeat(16)}${length}`);
    expect(decodeServerInitHead(head('00010000'))).toEqual({ width: 1024, height: 768, nameLength: 65536 });
    expect(() => decodeServerInitHead(head('00010001'))).toThrow(WireError);
  });

  it('makes one short line of any words', () => {
    expect(decodeWords(ascii('  Too many\r\n\u0007 failures\0 '))).toBe('Too many failures');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const words = decodeWords(bytes);
        expect(words.length).toBeLessThanOrEqual(200);
        expect(words).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
      { numRuns: cases(2000) },
    );
  });
});

describe('SetEncodings', () => {
  describeCodec({
    name: 'SetEncodings',
    values: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 40 }),
    encode: encodeSetEncodings,
    decode: decodeSetEncodings,
  });

  it('knows what changes the messages of a viewer', () => {
    // Extended key and mouse events, sound, general input, power, extended clipboard.
    for (const other of [-258, -259, -257, -305, -309, -316, 0xc0a1e5ce | 0, 0x574d5667]) {
      expect([other, isDrawingOnly(other)]).toEqual([other, false]);
    }
    for (const drawing of [0, 1, 5, 7, 16, -26, -223, -239, -256, -308, -313]) {
      expect([drawing, isDrawingOnly(drawing)]).toEqual([drawing, true]);
    }
  });
});

describe('length of a message of a viewer', () => {
  it.each([
    ['SetPixelFormat', '00', 20],
    ['SetEncodings', '02000003', 16],
    ['FramebufferUpdateRequest', '03', 10],
    ['KeyEvent', '04', 8],
    ['PointerEvent', '05', 6],
    ['ClientCutText', '0600000000000005', 13],
    ['ClientCutText', '06000000fffffffb', 13],
    ['ClientCutText', '0600000080000000', 8 + 2 ** 31],
    ['EnableContinuousUpdates', '96', 10],
    ['ClientFence', 'f8000000 00000001 07', 16],
    ['Xvp', 'fa', 4],
    ['SetDesktopSize', 'fb00 0400 0300 02 00', 40],
    ['QemuExtendedKeyEvent', 'ff00', 12],
    ['QemuAudio', 'ff010001', 4],
    ['QemuAudio', 'ff010002', 10],
  ])('%s %s', (name, hex, length) => {
    const head = fromHex(hex.replaceAll(' ', ''));
    expect(readClientMessageHead(head)).toEqual({ name, length });
    for (let cut = 0; cut < head.length; cut += 1) {
      expect(readClientMessageHead(head.subarray(0, cut))).toBe('more');
    }
  });

  it.each(['01', '07', 'fd', 'ff02'])('%s is unknown', (hex) => {
    expect(readClientMessageHead(fromHex(hex))).toBe('unknown');
  });
});
