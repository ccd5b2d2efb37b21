import { WireError } from '../../base/bytes.ts';
import { IsoError } from './errors.ts';

/** Size of a logical block; images with another one are not in use. */
export const blockSize = 2048;

/** The bytes of an image, read anywhere. */
export interface RandomAccess {
  readonly size: number;
  /** Fills `into` from `position` on; answers how many bytes came. */
  read(into: Uint8Array, position: number): Promise<number>;
}

/** Fails with IsoError `damaged` unless the bytes lie inside the image. */
export function checkInside(image: RandomAccess, position: number, length: number, what: string): void {
  if (position >= 0 && length >= 0 && position + length <= image.size) return;
  throw new IsoError(
    'damaged',
    `${what} would end at byte ${position + length} of an image of ${image.size}: the image was cut off or is damaged; fetch it again`,
    { data: { position, length } },
  );
}

/** Reads exactly `length` bytes; rejects with IsoError `damaged` when they are not inside the image. */
export async function readExactly(
  image: RandomAccess,
  position: number,
  length: number,
  what: string,
): Promise<Uint8Array> {
  checkInside(image, position, length, what);
  const bytes = new Uint8Array(length);
  let have = 0;
  while (have < length) {
    const count = await image.read(have === 0 ? bytes : bytes.subarray(have), position + have);
    if (count === 0) throw new IsoError('damaged', `${what} was cut off while it was read`);
    have += count;
  }
  return bytes;
}

/** Runs a decoder; what it finds malformed becomes IsoError `damaged`. */
export function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new IsoError('damaged', `${what} is damaged: ${cause.message}`, { cause, data: cause.data });
  }
}
