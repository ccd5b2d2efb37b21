import { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { ConsoleError } from '../errors.ts';
import type { ViewerSide } from './viewer-side.ts';

/** What waits in memory each way, in bytes, beside the server stream's own buffer: a screen's updates are larger. */
const highWaterMark = 64 * 1024;

/** How long the server may take to close after its viewer left. */
const lingerMs = 2000;

/**
 * The viewer's end of a screen: what is written to it comes from the viewer, what is read from it is for the viewer. Whichever side is
 * slow holds the other. It ends when either side ends; an error says why (ConsoleError). `server` is logged in and nobody else's.
 */
export function createPassage(
  server: Duplex,
  viewer: ViewerSide,
  { clock, greetingMs }: { readonly clock: Clock; readonly greetingMs: number },
): Duplex {
  /** Whether the reader has room. */
  let isWanted = false;
  let stopTimer = clock.after(greetingMs, () => {
    screen.destroy(
      new ConsoleError('refused', `the viewer did not begin to speak RFB within ${greetingMs / 1000} s`),
    );
  });

  const carry = (): void => {
    while (isWanted && viewer.isOpen() && !screen.destroyed) {
      const chunk = server.read() as Uint8Array | null;
      if (chunk === null) return;
      isWanted = screen.push(chunk);
    }
  };

  const screen = new Duplex({
    highWaterMark,
    // RFB knows no half-closed connections.
    allowHalfOpen: false,
    read() {
      isWanted = true;
      carry();
    },
    write(chunk: Uint8Array, _encoding, done) {
      const wasOpen = viewer.isOpen();
      try {
        const { toViewer, toServer } = viewer.receive(chunk);
        if (toViewer.length > 0) screen.push(toViewer);
        if (!wasOpen && viewer.isOpen()) {
          stopTimer();
          carry();
        }
        // Of a server that has closed, `end` is on its way to the viewer.
        if (toServer.length === 0 || !server.writable || server.write(toServer)) done();
        else server.once('drain', done);
      } catch (error) {
        done(error as Error);
      }
    },
    final(done) {
      stopTimer();
      server.end();
      done();
      // Before the viewer has begun nothing of the server is for it.
      if (viewer.isOpen()) stopTimer = clock.after(lingerMs, () => screen.destroy());
      else screen.destroy();
    },
    destroy(error, done) {
      stopTimer();
      server.destroy();
      done(error);
    },
  });

  server.on('readable', carry);
  server.on('end', () => screen.push(null));
  server.on('error', (error) =>
    screen.destroy(
      new ConsoleError('failed', `the connection to the screen broke: ${messageOf(error)}`, { cause: error }),
    ),
  );
  server.on('close', () => {
    if (server.readableEnded || screen.destroyed) return;
    screen.destroy(new ConsoleError('failed', 'the connection to the screen broke'));
  });
  // Its reader may come later than a fault; without a listener that would end the process.
  screen.on('error', () => undefined);
  screen.push(viewer.greeting);
  return screen;
}
