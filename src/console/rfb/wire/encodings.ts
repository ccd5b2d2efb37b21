import { ByteReader, ByteWriter } from '../../../base/bytes.ts';

/** Encodings that a screenshot is made of. RFC 6143 §7.7, §7.8 */
export const encodings = { raw: 0, copyRect: 1, desktopSize: -223 } as const;

/** Encodings (signed) in the viewer's order of preference. RFC 6143 §7.5.2 */
export function decodeSetEncodings(bytes: Uint8Array): readonly number[] {
  const reader = new ByteReader(bytes);
  reader.skip(2, 'setEncodings.head');
  const count = reader.u16be('setEncodings.count');
  const list = Array.from({ length: count }, () => reader.u32be('setEncodings.encoding') | 0);
  reader.end('setEncodings');
  return list;
}

/** SetEncodings with a list in order of preference. RFC 6143 §7.5.2 */
export function encodeSetEncodings(list: readonly number[]): Uint8Array {
  const writer = new ByteWriter(4 + 4 * list.length).u8(2).u8(0).u16be(list.length);
  for (const encoding of list) writer.u32be(encoding);
  return writer.done();
}

/**
 * Whether an encoding leaves the viewer's messages as they are known here: it only says how the server may draw. Others, like -316
 * (extended mouse buttons), change how long a PointerEvent is once the server agrees, which happens among its pictures.
 */
export function isDrawingOnly(encoding: number): boolean {
  return ranges.some(([from, to]) => encoding >= from && encoding <= to);
}

/** First and last of each stretch of registered numbers. */
const ranges: readonly (readonly [number, number])[] = [
  // Raw, CopyRect, RRE, CoRRE, Hextile, zlib, Tight, zlibhex.
  [0, 8],
  // TRLE, ZRLE, ZYWRLE.
  [15, 17],
  // JPEG, H.264.
  [21, 21],
  [50, 50],
  // Quality, compression and subsampling of pictures.
  [-32, -23],
  [-256, -247],
  [-512, -412],
  [-768, -763],
  // DesktopSize, LastRect; PointerPos; Cursor, XCursor.
  [-224, -223],
  [-232, -232],
  [-240, -239],
  // TightPNG, state of the keyboard's lamps.
  [-261, -260],
  // DesktopName, ExtendedDesktopSize.
  [-308, -307],
  // Fence, ContinuousUpdates, cursor with alpha, Tight without zlib.
  [-314, -312],
  [-317, -317],
  // Cursor, its state and place, lamps, as VMware has them.
  [0x574d5664, 0x574d5666],
  [0x574d5668, 0x574d5668],
];
