import { ByteReader, WireError } from '../../base/bytes.ts';

/** Where the areas of a FRU begin, in bytes; undefined where there is none. FRU Information Storage Definition 1.0 §8 */
export interface FruHeader {
  readonly chassis: number | undefined;
  readonly board: number | undefined;
  readonly product: number | undefined;
  readonly multiRecord: number | undefined;
  readonly checksumOk: boolean;
}

/** Bytes of the header, and unit of offsets and lengths. */
export const fruBlockBytes = 8;

/** True when all bytes together are 0 modulo 256. FRU Information Storage Definition 1.0 §8 */
export const isZeroSum = (bytes: Uint8Array): boolean =>
  (bytes.reduce((sum, byte) => sum + byte, 0) & 0xff) === 0;

/** Reads the common header. WireError when it is cut short or is of no known format, as in a memory that was never written. */
export function decodeFruHeader(bytes: Uint8Array): FruHeader {
  const r = new ByteReader(bytes);
  const format = r.u8('fru.format') & 0x0f;
  if (format !== 1) throw new WireError('bad-value', 'fru.format', `${format} is no known format`);
  const offset = (field: string): number | undefined => {
    const blocks = r.u8(field);
    return blocks === 0 ? undefined : blocks * fruBlockBytes;
  };
  r.skip(1, 'fru.internal');
  const chassis = offset('fru.chassis');
  const board = offset('fru.board');
  const product = offset('fru.product');
  const multiRecord = offset('fru.multiRecord');
  r.skip(2, 'fru.checksum');
  return { chassis, board, product, multiRecord, checksumOk: isZeroSum(bytes.subarray(0, fruBlockBytes)) };
}
