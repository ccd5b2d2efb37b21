import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflate } from 'node:zlib';
import { ByteWriter } from '../../base/bytes.ts';
import type { Picture } from './picture.ts';

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const bytesPerPixel = 3;

/** A picture as PNG, 8 bits of red, green and blue. PNG 3rd edition §5.2, §10, §11.2 */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const compressed: Uint8Array[] = [];
  await pipeline(Readable.from(filteredRows(picture)), createDeflate(), async (chunks) => {
    for await (const chunk of chunks) compressed.push(chunk as Uint8Array);
  });
  const header = new ByteWriter(13)
    .u32be(picture.width)
    .u32be(picture.height)
    // Bit depth, true colour, and the only methods of compression and filters; not interlaced.
    .u8(8)
    .u8(2)
    .fill(3);
  return Buffer.concat([
    signature,
    chunk('IHDR', header.done()),
    chunk('IDAT', Buffer.concat(compressed)),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** PNG 3rd edition §5.3 */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return new ByteWriter(named.length + 8).u32be(data.length).bytes(named).u32be(crc32(named)).done();
}

/** Each row behind its filter: Sub or Up, whichever leaves the smaller numbers. PNG 3rd edition §9.2, §12.7 */
function* filteredRows({ width, height, rgb }: Picture): Generator<Uint8Array> {
  const length = width * bytesPerPixel;
  let above: Uint8Array = new Uint8Array(length);
  for (let y = 0; y < height; y += 1) {
    const row = rgb.subarray(y * length, (y + 1) * length);
    const left = new Uint8Array(length);
    left.set(row.subarray(0, length - bytesPerPixel), bytesPerPixel);
    const [sub, up] = [filtered(1, row, left), filtered(2, row, above)];
    yield sub.weight < up.weight ? sub.bytes : up.bytes;
    above = row;
  }
}

/** A row less what is predicted for it; `weight` is the sum of what is left, taken as signed numbers. */
function filtered(
  type: number,
  row: Uint8Array,
  predicted: Uint8Array,
): { readonly bytes: Uint8Array; readonly weight: number } {
  const bytes = new Uint8Array(row.length + 1);
  bytes[0] = type;
  let weight = 0;
  for (let i = 0; i < row.length; i += 1) {
    const difference = ((row[i] as number) - (predicted[i] as number)) & 0xff;
    bytes[i + 1] = difference;
    weight += difference < 128 ? difference : 256 - difference;
  }
  return { bytes, weight };
}
