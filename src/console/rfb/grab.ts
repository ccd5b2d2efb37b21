import type { Duplex } from 'node:stream';
import { ByteReader, WireError } from '../../base/bytes.ts';
import { ConsoleError } from '../errors.ts';
import { type ExactReader, largestTake } from './exact-reader.ts';
import { notRfb } from './login.ts';
import {
  blankPicture,
  checkSize,
  copyPart,
  drawPixels,
  isInside,
  maxPixels,
  type Picture,
} from './picture.ts';
import { encodeSetEncodings, encodings } from './wire/encodings.ts';
import type { ScreenSize } from './wire/init.ts';
import { bytesPerPixel, encodeSetPixelFormat } from './wire/pixel-format.ts';
import {
  decodeColourMapHead,
  decodeCopyRect,
  decodeCutTextHead,
  decodeRectangleHead,
  decodeUpdateHead,
  encodeWholeUpdateRequest,
  headLengths,
  type RectangleHead,
  serverMessages,
} from './wire/updates.ts';

/** What a server may do before its screen is there; each is far above what servers do, and bounds memory and time. */
const limits = { updates: 64, sizes: 16, pixels: 4 * maxPixels };

/** A screen as far as it is drawn. */
interface Canvas {
  size: ScreenSize;
  /** Of that size; made when something is drawn. */
  picture: Picture | undefined;
  /** Pixels since the last update began or the size changed, and those of all updates. */
  drawn: number;
  drawnEver: number;
  sizes: number;
}

/**
 * Asks a server that is logged in for its whole screen and draws what it sends until all is there, over again if the screen changes
 * its size. Rejects with ConsoleError `failed`; the caller has the time limit.
 */
export async function grabScreen(stream: Duplex, reader: ExactReader, size: ScreenSize): Promise<Picture> {
  const canvas: Canvas = { size, picture: undefined, drawn: 0, drawnEver: 0, sizes: 0 };
  stream.write(encodeSetPixelFormat());
  stream.write(encodeSetEncodings([encodings.raw, encodings.copyRect, encodings.desktopSize]));
  try {
    checkSize(size);
    for (let updates = 0; updates < limits.updates; updates += 1) {
      stream.write(encodeWholeUpdateRequest(canvas.size));
      await readUpdate(reader, canvas);
      const { width, height } = canvas.size;
      if (canvas.picture !== undefined && canvas.drawn >= width * height) return canvas.picture;
      // The answer to a full request may come in parts; asked again, the server sends all of it again.
    }
  } catch (error) {
    throw error instanceof WireError ? notRfb(error) : error;
  }
  throw restless();
}

/** Draws up to the end of the next update. */
async function readUpdate(reader: ExactReader, canvas: Canvas): Promise<void> {
  const count = await nextUpdate(reader);
  canvas.drawn = 0;
  for (let i = 0; i < count; i += 1) {
    const head = decodeRectangleHead(await reader.take(headLengths.rectangle));
    if (head.encoding === encodings.desktopSize) resize(canvas, head);
    else await drawCounted(reader, canvas, head);
  }
}

function resize(canvas: Canvas, { width, height }: ScreenSize): void {
  canvas.sizes += 1;
  if (canvas.sizes > limits.sizes) throw restless();
  checkSize({ width, height });
  canvas.size = { width, height };
  canvas.picture = undefined;
  canvas.drawn = 0;
}

async function drawCounted(reader: ExactReader, canvas: Canvas, head: RectangleHead): Promise<void> {
  const pixels = head.width * head.height;
  canvas.drawn += pixels;
  canvas.drawnEver += pixels;
  if (canvas.drawnEver > limits.pixels) throw restless();
  canvas.picture ??= blankPicture(canvas.size);
  await draw(reader, canvas.picture, head);
}

const restless = (): ConsoleError =>
  new ConsoleError(
    'failed',
    'the server of the screen does not come to an end with its picture; try again later',
  );

/** Skips what is no update; answers the number of its rectangles. */
async function nextUpdate(reader: ExactReader): Promise<number> {
  for (;;) {
    const type = new ByteReader(await reader.take(1)).u8('server.type');
    switch (type) {
      case serverMessages.framebufferUpdate:
        return decodeUpdateHead(await reader.take(headLengths.update));
      case serverMessages.setColourMapEntries:
        await skip(reader, decodeColourMapHead(await reader.take(headLengths.colourMap)));
        break;
      case serverMessages.bell:
        break;
      case serverMessages.serverCutText:
        await skip(reader, decodeCutTextHead(await reader.take(headLengths.cutText)));
        break;
      default:
        throw new WireError('bad-value', 'server.type', `${type} was not asked for`);
    }
  }
}

async function draw(reader: ExactReader, picture: Picture, head: RectangleHead): Promise<void> {
  if (!isInside(picture, head)) throw outside();
  if (head.encoding === encodings.copyRect) {
    const from = decodeCopyRect(await reader.take(headLengths.copyRect));
    if (!isInside(picture, { ...head, ...from })) throw outside();
    copyPart(picture, from, head);
    return;
  }
  if (head.encoding !== encodings.raw) {
    throw new WireError('bad-value', 'rectangle.encoding', `${head.encoding} was not asked for`);
  }
  if (head.width === 0) return;
  const rowLength = head.width * bytesPerPixel;
  const rowsAtOnce = Math.max(1, Math.floor(largestTake / rowLength));
  for (let row = 0; row < head.height; row += rowsAtOnce) {
    const height = Math.min(rowsAtOnce, head.height - row);
    const part = { x: head.x, y: head.y + row, width: head.width, height };
    drawPixels(picture, part, await reader.take(height * rowLength));
  }
}

async function skip(reader: ExactReader, length: number): Promise<void> {
  for (let left = length; left > 0; left -= largestTake) await reader.take(Math.min(left, largestTake));
}

const outside = (): ConsoleError =>
  new ConsoleError('failed', 'the server of the screen draws outside of it');
