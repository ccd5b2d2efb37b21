import { ConsoleError } from '../errors.ts';
import type { ScreenSize } from './wire/init.ts';
import { bytesPerPixel } from './wire/pixel-format.ts';
import type { Rectangle } from './wire/updates.ts';

/** Pixels of a screen: red, green and blue of each, row by row from the top. */
export interface Picture extends ScreenSize {
  readonly rgb: Uint8Array;
}

/**
 * Pixels altogether: four times those of a screen of 2560 x 1600. A server could claim any size, and each pixel costs 3 bytes here and as
 * many again in a picture that does not get smaller by compression.
 */
export const maxPixels = 16 * 1024 * 1024;
/** Pixels a side: a row must fit into what is read at once. */
const maxSide = 8192;

/** ConsoleError `failed` for a screen of no size, over 8192 pixels a side or over 16 Mi altogether. */
export function checkSize({ width, height }: ScreenSize): void {
  if (width === 0 || height === 0)
    throw new ConsoleError('failed', 'the screen has no size; try again later');
  if (width <= maxSide && height <= maxSide && width * height <= maxPixels) return;
  throw new ConsoleError(
    'failed',
    `the screen has ${width} x ${height} pixels; at most ${maxSide} a side and ${maxPixels} altogether can be taken; make the screen smaller`,
  );
}

/** A black picture of a size that was checked. */
export function blankPicture({ width, height }: ScreenSize): Picture {
  return { width, height, rgb: new Uint8Array(width * height * 3) };
}

/** Whether all of a rectangle is on the picture. */
export function isInside({ width, height }: Picture, part: Rectangle): boolean {
  return part.x + part.width <= width && part.y + part.height <= height;
}

/** Draws pixels as they come on the wire (blue, green, red, unused) over a part that is inside. */
export function drawPixels(picture: Picture, part: Rectangle, pixels: Uint8Array): void {
  // In the path of every pixel, so without a reader: the caller took exactly the bytes that the part needs.
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  let from = 0;
  for (let row = 0; row < part.height; row += 1) {
    let to = ((part.y + row) * picture.width + part.x) * 3;
    for (let column = 0; column < part.width; column += 1) {
      const pixel = view.getUint32(from, true);
      picture.rgb[to] = pixel >>> 16;
      picture.rgb[to + 1] = pixel >>> 8;
      picture.rgb[to + 2] = pixel;
      from += bytesPerPixel;
      to += 3;
    }
  }
}

/** Copies a part of the picture to another place on it; both are inside and may overlap. RFC 6143 §7.7.2 */
export function copyPart(
  picture: Picture,
  from: { readonly x: number; readonly y: number },
  to: Rectangle,
): void {
  const length = to.width * 3;
  const at = (x: number, y: number): number => (y * picture.width + x) * 3;
  for (let step = 0; step < to.height; step += 1) {
    // Downwards the last row goes first, or it would be written over before it is copied.
    const row = from.y < to.y ? to.height - 1 - step : step;
    const source = at(from.x, from.y + row);
    picture.rgb.copyWithin(at(to.x, to.y + row), source, source + length);
  }
}
