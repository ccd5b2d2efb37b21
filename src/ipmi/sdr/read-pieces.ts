import { IpmiError } from '../types.ts';

/** Completion codes that readers act on. IPMI 2.0 §5.2, table 5-2 */
export const completion = { reservationLost: 0xc5, notPresent: 0xcb, notNow: 0xd5 } as const;

/** Codes with which boards refuse a read that is too large for them; the standard means 0xCA, 0xC8 and 0xC7, boards also give others. */
const tooLarge: ReadonlySet<unknown> = new Set([0xc3, 0xc4, 0xc7, 0xc8, 0xca, 0xce, 0xff]);

/** The completion code that an error stands for; undefined where it is none. */
export const completionCodeOf = (error: unknown): unknown =>
  error instanceof IpmiError ? error.data['completionCode'] : undefined;

/** Bytes asked for at once. It shrinks for good when a board refuses, so one object serves all reads of a session. */
export interface PieceSize {
  bytes: number;
}

/** A first size that fits a full sensor record; boards that cannot do it say so. */
export const newPieceSize = (): PieceSize => ({ bytes: 64 });

/** Reads up to `count` bytes at `offset`. */
export type ReadPiece = (offset: number, count: number) => Promise<Uint8Array>;

/**
 * Reads `length` bytes from `from` on in pieces, smaller ones when the board refuses. Every step reads at least a byte or makes the pieces
 * smaller, so it ends. Rejects with IpmiError: the board's, or `bad-reply` for an answer without data.
 */
export async function readPieces(
  read: ReadPiece,
  from: number,
  length: number,
  size: PieceSize,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let most = size.bytes;
  for (let done = 0; done < length; ) {
    const count = Math.min(most, length - done);
    const piece = await read(from + done, count).catch((error: unknown) => {
      if (count === 1 || !tooLarge.has(completionCodeOf(error))) throw error;
      most = Math.ceil(count / 2);
      return undefined;
    });
    if (piece === undefined) continue;
    if (piece.length === 0)
      throw new IpmiError('bad-reply', `the BMC answered a read of ${count} bytes with none`);
    // Learnt from what worked, so that a record that cannot be read at all does not slow down the others.
    size.bytes = most;
    const used = piece.subarray(0, count);
    bytes.set(used, done);
    done += used.length;
  }
  return bytes;
}
