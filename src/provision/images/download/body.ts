import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../base/clock.ts';

/** Read ahead of who writes to disk. */
const aheadBytes = 1024 * 1024;

/**
 * The bytes of an answer, given up when none come for so long. What came before a connection broke is not lost with it, as it would be in
 * the stream's own buffer: a server that gives little at a time is read to its end all the same.
 */
export function readBody(
  response: IncomingMessage,
  clock: Clock,
  silenceMs: number,
): AsyncGenerator<Uint8Array> {
  const queue: Uint8Array[] = [];
  let queued = 0;
  let over: 'end' | Error | undefined;
  let wake: () => void = () => undefined;
  const end = (how: 'end' | Error): void => {
    over ??= how;
    wake();
  };
  response.on('data', (piece: Uint8Array) => {
    queue.push(piece);
    queued += piece.length;
    if (queued >= aheadBytes) response.pause();
    wake();
  });
  response.once('end', () => end('end'));
  response.on('error', end);
  response.once('close', () => end(new Error('it ended before the file did')));

  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      const stop = clock.after(silenceMs, () =>
        response.destroy(new Error(`the server was silent for ${silenceMs / 1000} s`)),
      );
      wake = () => {
        stop();
        resolve();
      };
    });

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const piece = queue.shift();
        if (piece !== undefined) {
          queued -= piece.length;
          if (queued < aheadBytes) response.resume();
          yield piece;
        } else if (over === 'end') return;
        else if (over !== undefined) throw over;
        else await wait();
      }
    } finally {
      response.destroy();
    }
  }
  return read();
}
