import type { Duplex } from 'node:stream';
import { messageOf } from '../../base/errors.ts';
import { ConsoleError } from '../errors.ts';

/** Takes bytes off a stream in the amounts that a protocol has, and leaves the rest in it. */
export interface ExactReader {
  /** Resolves with exactly `length` bytes; rejects with ConsoleError `failed` when the stream ends or breaks before. One at a time. */
  take(length: number): Promise<Uint8Array>;
  /** Lets go of the stream, which is then read as if nobody had. */
  release(): void;
}

/** No more is asked of a stream's buffer at once: it would keep that size. */
export const largestTake = 64 * 1024;

/** Reads a screen's server; nothing is read ahead of what is asked for beyond the stream's own buffer. */
export function createExactReader(stream: Duplex): ExactReader {
  let waiting:
    | {
        readonly length: number;
        readonly resolve: (bytes: Uint8Array) => void;
        readonly reject: (e: Error) => void;
      }
    | undefined;
  let broken: ConsoleError | undefined;

  const fail = (error: ConsoleError): void => {
    broken ??= error;
    waiting?.reject(broken);
    waiting = undefined;
  };
  const look = (): void => {
    if (waiting === undefined) return;
    const { length, resolve } = waiting;
    const bytes = stream.read(length) as Uint8Array | null;
    if (bytes === null) return;
    // An ended stream gives what is left.
    if (bytes.length < length) return fail(closed());
    waiting = undefined;
    resolve(bytes);
  };
  const onEnd = (): void => fail(closed());
  const onError = (error: Error): void =>
    fail(
      new ConsoleError('failed', `the connection to the screen broke: ${messageOf(error)}`, { cause: error }),
    );

  stream.on('readable', look);
  stream.on('end', onEnd);
  stream.on('close', onEnd);
  stream.on('error', onError);

  return {
    take(length) {
      if (broken !== undefined) return Promise.reject(broken);
      if (length === 0) return Promise.resolve(new Uint8Array());
      return new Promise((resolve, reject) => {
        waiting = { length, resolve, reject };
        if (stream.destroyed || stream.readableEnded) fail(closed());
        else look();
      });
    },
    release() {
      stream.off('readable', look);
      stream.off('end', onEnd);
      stream.off('close', onEnd);
      stream.off('error', onError);
    },
  };
}

const closed = (): ConsoleError =>
  new ConsoleError(
    'failed',
    'the server of the screen closed the connection; is the machine still running it?',
  );
