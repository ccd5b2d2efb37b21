import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import type { ScreenSize } from './init.ts';

/** Part of a screen, in pixels from the upper left corner. */
export interface Rectangle extends ScreenSize {
  readonly x: number;
  readonly y: number;
}

/** Where a rectangle of an update is, and how it is told. RFC 6143 §7.6.1 */
export interface RectangleHead extends Rectangle {
  /** Signed. */
  readonly encoding: number;
}

/** Messages of servers that no viewer has to ask for. RFC 6143 §7.6 */
export const serverMessages = {
  framebufferUpdate: 0,
  setColourMapEntries: 1,
  bell: 2,
  serverCutText: 3,
} as const;

/** Bytes of the parts of server messages, after the type where it is a message's first. RFC 6143 §7.6, §7.7.2 */
export const headLengths = { update: 3, rectangle: 12, copyRect: 4, colourMap: 5, cutText: 7 } as const;

/** FramebufferUpdateRequest for all of a screen, changed or not. RFC 6143 §7.5.3 */
export function encodeWholeUpdateRequest({ width, height }: ScreenSize): Uint8Array {
  return new ByteWriter(10).u8(3).u8(0).u16be(0).u16be(0).u16be(width).u16be(height).done();
}

/** Number of rectangles of a FramebufferUpdate, of the bytes after its type. RFC 6143 §7.6.1 */
export function decodeUpdateHead(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  reader.skip(1, 'update.padding');
  return reader.u16be('update.count');
}

/** Reads the head of one rectangle. RFC 6143 §7.6.1 */
export function decodeRectangleHead(bytes: Uint8Array): RectangleHead {
  const reader = new ByteReader(bytes);
  return {
    x: reader.u16be('rectangle.x'),
    y: reader.u16be('rectangle.y'),
    width: reader.u16be('rectangle.width'),
    height: reader.u16be('rectangle.height'),
    encoding: reader.u32be('rectangle.encoding') | 0,
  };
}

/** Where a CopyRect comes from. RFC 6143 §7.7.2 */
export function decodeCopyRect(bytes: Uint8Array): { readonly x: number; readonly y: number } {
  const reader = new ByteReader(bytes);
  return { x: reader.u16be('copyRect.x'), y: reader.u16be('copyRect.y') };
}

/** Bytes of colours that follow the head of SetColourMapEntries, of the bytes after its type. RFC 6143 §7.6.2 */
export function decodeColourMapHead(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  reader.skip(3, 'colourMap.first');
  return 6 * reader.u16be('colourMap.count');
}

/** Bytes of text that follow the head of ServerCutText, of the bytes after its type. RFC 6143 §7.6.4 */
export function decodeCutTextHead(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  reader.skip(3, 'cutText.padding');
  return Math.abs(reader.u32be('cutText.length') | 0);
}
