import { ByteWriter } from '../../../base/bytes.ts';

/** Bytes of a PIXEL_FORMAT. RFC 6143 §7.4 */
export const pixelFormatLength = 16;

/** Bytes of a pixel in the one format that we ask for: blue, green, red and one unused. */
export const bytesPerPixel = 4;

/** SetPixelFormat: 32 bits, true colour of 8 bits each, so that the bytes of a pixel are blue, green, red, unused. RFC 6143 §7.5.1 */
export function encodeSetPixelFormat(): Uint8Array {
  return (
    new ByteWriter(4 + pixelFormatLength)
      .u8(0)
      .fill(3)
      .u8(bytesPerPixel * 8)
      .u8(24)
      // Little-endian, true colour.
      .u8(0)
      .u8(1)
      .u16be(255)
      .u16be(255)
      .u16be(255)
      .u8(16)
      .u8(8)
      .u8(0)
      .fill(3)
      .done()
  );
}
