import { ByteWriter } from '../../src/base/bytes.ts';

const ascii = 0xc0;
const endOfFields = 0xc1;
const english = 0;
const formatVersion = 1;

const checksum = (bytes: Uint8Array): number => -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;

const fields = (texts: readonly string[]): Uint8Array => {
  const w = new ByteWriter(64);
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text);
    w.u8(ascii | bytes.length).bytes(bytes);
  }
  return w.u8(endOfFields).done();
};

/** An area: header, fields, zeros up to eight bytes, checksum. FRU Information Storage Definition 1.0 §11, §12 */
function area(head: Uint8Array, texts: readonly string[]): Uint8Array {
  const body = fields(texts);
  const used = 2 + head.length + body.length + 1;
  const eights = Math.ceil(used / 8);
  const w = new ByteWriter(eights * 8)
    .u8(formatVersion)
    .u8(eights)
    .bytes(head)
    .bytes(body)
    .fill(eights * 8 - used);
  const bytes = w.done();
  return new ByteWriter(eights * 8).bytes(bytes).u8(checksum(bytes)).done();
}

/** Inventory of the machine with board and product area. FRU Information Storage Definition 1.0 §8 */
export function fruBytes(serial: string): Uint8Array {
  const manufactured = [0, 0, 0];
  const board = area(Uint8Array.from([english, ...manufactured]), [
    'Rackwright',
    'Simulated Board',
    serial,
    'SIM-BOARD-1',
    '',
  ]);
  const product = area(Uint8Array.of(english), [
    'Rackwright',
    'Simulated Server',
    'SIM-1',
    '1.0',
    serial,
    '',
    '',
  ]);
  const headerEights = 1;
  const header = Uint8Array.of(formatVersion, 0, 0, headerEights, headerEights + board.length / 8, 0, 0);
  return new ByteWriter(256).bytes(header).u8(checksum(header)).bytes(board).bytes(product).done();
}
