import type { ServerResponse } from 'node:http';
import type { ByteSource } from './resource.ts';

/** Sizes of a read, bytes: large ones save trips to the thread pool, small ones bound what many slow readers hold. */
const largestPiece = 512 * 1024;
const smallestPiece = 32 * 1024;
/** What the pieces of all downloads together may take before they are made smaller, bytes. */
const sharedBudget = 64 * 1024 * 1024;

/** Downloads under way in one listener; it decides how large their pieces are. */
export interface Downloads {
  active: number;
}

/** Size of one of the two pieces of a download that begins beside `active` others. */
export function pieceSize(length: number, active: number): number {
  const share = Math.floor(sharedBudget / 2 / (active + 1));
  return Math.max(1, Math.min(length, largestPiece, Math.max(smallestPiece, share)));
}

/**
 * Writes `length` bytes from `start` on and ends the response; `sent` is told how far it is after each piece. One piece is read while
 * the one before is written, so memory is two pieces whatever the size. Each piece is followed by a look at whether the content is
 * still the same, before any of its bytes leave. Rejects, with the response not ended, when it became shorter or changed, and when
 * the client is gone.
 */
export async function streamBytes(
  res: ServerResponse,
  source: ByteSource,
  { start, length }: { readonly start: number; readonly length: number },
  downloads: Downloads,
  sent: (position: number) => void,
): Promise<void> {
  const size = pieceSize(length, downloads.active);
  const pieces = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(length > size ? size : 0)];
  const out = watched(res);
  const end = start + length;
  let at = start;
  let written = Promise.resolve();
  downloads.active += 1;
  try {
    for (let turn = 0; at < end; turn ^= 1) {
      const piece = (pieces[turn] ?? Buffer.alloc(0)).subarray(0, end - at);
      const count = await filled(source, piece, at);
      if (count < piece.length) throw new Error('the file became shorter while it was sent');
      if (!(await source.unchanged())) throw new Error('the file was changed while it was sent');
      await written;
      sent(at);
      at += count;
      // The last bytes go out with the end in one step: a client closes as soon as it has them, and a close before our end
      // would look like a broken download.
      written = at === end ? out.end(piece) : out.write(piece);
      // Awaited a round later; without a handler until then a client that leaves would end the process.
      written.catch(() => undefined);
    }
    if (length === 0) written = out.end(undefined);
    await written;
    sent(at);
  } finally {
    downloads.active -= 1;
    out.stop();
  }
}

/** Reads until `piece` is full or the source ends; a file system may give less than was asked for. */
async function filled(source: ByteSource, piece: Buffer, at: number): Promise<number> {
  let have = 0;
  while (have < piece.length) {
    const count = await source.read(have === 0 ? piece : piece.subarray(have), at + have);
    if (count === 0) break;
    have += count;
  }
  return have;
}

/** A response whose writes settle: with one listener for the whole download instead of two a piece. */
function watched(res: ServerResponse) {
  let cut: ((reason: Error) => void) | undefined;
  const reason = (): Error => new Error('the client closed the connection, or nothing moved for too long');
  const closed = (): void => cut?.(reason());
  res.once('close', closed);
  const settled = (begin: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      if (res.destroyed) return reject(reason());
      cut = reject;
      begin((error) => (error ? reject(reason()) : resolve()));
    });
  return {
    /** Resolves when the kernel has the bytes. */
    write: (piece: Buffer): Promise<void> => settled((done) => void res.write(piece, done)),
    /** Resolves when the kernel has all there is. */
    end: (piece: Buffer | undefined): Promise<void> =>
      settled((done) => {
        res.once('finish', () => done());
        res.end(piece);
      }),
    stop: (): void => void res.off('close', closed),
  };
}
