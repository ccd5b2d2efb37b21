import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { ConsoleError } from '../errors.ts';
import type { SerialLine, SerialNews } from '../ports.ts';

/**
 * What is taken from a machine in a time. A virtual serial port has no baud rate: a guest could print as fast as it copies memory, and
 * the record would turn over in seconds. A hundred times 115,200 baud is let through; what is more waits on the other side.
 */
const takenAtOnce = { bytes: 64 * 1024, ms: 50 } as const;

/** What a stream line needs of others. */
export interface StreamLineDeps {
  readonly clock: Clock;
  readonly receive: (news: SerialNews) => void;
  /** For people, before the cause: `the serial console of VM web ended`. */
  readonly endText: string;
}

/** A serial line over a byte stream that is the line's own from now on. Such a stream knows no break. */
export function openStreamLine(stream: Duplex, { clock, receive, endText }: StreamLineDeps): SerialLine {
  let taken = 0;
  let isOver = false;
  let cancelPause = (): void => {};
  /** A stream that is destroyed may forget the callback of a write. */
  const unwritten = new Set<() => void>();
  const gone = new Promise<void>((resolve) => void stream.once('close', resolve));

  function end(text: string | undefined): void {
    if (isOver) return;
    isOver = true;
    cancelPause();
    stream.destroy();
    receive({ kind: 'ended', text });
  }

  function pause(): void {
    stream.pause();
    cancelPause = clock.after(takenAtOnce.ms, () => {
      taken = 0;
      cancelPause = () => {};
      stream.resume();
    });
  }

  receive({ kind: 'availability', available: true });
  stream.on('data', (chunk: Buffer) => {
    if (isOver) return;
    receive({ kind: 'output', data: chunk });
    taken += chunk.length;
    if (taken >= takenAtOnce.bytes) pause();
  });
  stream.on('error', (error) => end(`${endText}: ${messageOf(error)}`));
  stream.on('end', () => end(endText));
  stream.on('close', () => {
    end(endText);
    for (const fail of unwritten) fail();
  });
  if (stream.destroyed) end(endText);

  return {
    sendBreak: undefined,
    write: (data) =>
      new Promise((resolve, reject) => {
        const fail = (cause?: Error | null): void => {
          unwritten.delete(fail);
          reject(
            new ConsoleError('failed', `what was typed did not reach the machine: ${endText}`, { cause }),
          );
        };
        if (isOver || stream.destroyed) return fail();
        unwritten.add(fail);
        stream.write(data, (error) => {
          if (error) return fail(error);
          unwritten.delete(fail);
          resolve();
        });
      }),
    async close() {
      end(undefined);
      if (!stream.closed) await gone;
    },
  };
}
