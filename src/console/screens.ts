import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { ConsoleError } from './errors.ts';
import type { ScreenStream } from './ports.ts';
import { createExactReader } from './rfb/exact-reader.ts';
import { grabScreen } from './rfb/grab.ts';
import { logIn } from './rfb/login.ts';
import { createPassage } from './rfb/passage.ts';
import { encodePng } from './rfb/png.ts';
import { createViewOnlyFilter } from './rfb/view-only.ts';
import { createViewerSide } from './rfb/viewer-side.ts';
import type { Screenshot } from './service.ts';

/** For a server to log in to, a viewer to begin, or a picture to arrive. */
const usualTimeoutMs = 10_000;

/**
 * Logs in to a screen and answers a viewer's end of it: a server of RFB 3.8 without authentication (RFC 6143) whose bytes are the real
 * server's. `viewOnly` drops what would act. The viewer's end is destroyed with a ConsoleError when either side breaks the rules.
 * Rejects with ConsoleError `refused` or `failed`; the source is closed then. Both sides have `timeoutMs` (10 s) for their greeting.
 */
export async function openScreen({
  source,
  viewOnly,
  clock,
  timeoutMs = usualTimeoutMs,
}: {
  readonly source: ScreenStream;
  readonly viewOnly: boolean;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}): Promise<Duplex> {
  const { stream } = source;
  const reader = createExactReader(stream);
  const { init } = await inTime(stream, clock, timeoutMs, logIn(source, reader));
  const pass = viewOnly ? createViewOnlyFilter() : (bytes: Uint8Array) => bytes;
  const passage = createPassage(stream, createViewerSide(init, pass), { clock, greetingMs: timeoutMs });
  reader.release();
  return passage;
}

/**
 * Logs in to a screen beside its viewers, takes one picture and closes the source. At most 8192 pixels a side, 16 Mi altogether.
 * Rejects with ConsoleError `refused` or `failed`, also when the picture is not there after `timeoutMs` (10 s).
 */
export async function takeScreenshot(
  source: ScreenStream,
  { clock, timeoutMs = usualTimeoutMs }: { readonly clock: Clock; readonly timeoutMs?: number },
): Promise<Screenshot> {
  const { stream } = source;
  const reader = createExactReader(stream);
  const grabbed = logIn(source, reader).then((size) => grabScreen(stream, reader, size));
  const picture = await inTime(stream, clock, timeoutMs, grabbed);
  stream.destroy();
  return { png: await encodePng(picture), width: picture.width, height: picture.height };
}

/** Waits for work with a stream; closes the stream when it fails or takes too long. */
async function inTime<T>(stream: Duplex, clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  let stopTimer = (): void => {};
  const late = new Promise<never>((_, reject) => {
    stopTimer = clock.after(timeoutMs, () =>
      reject(
        new ConsoleError(
          'failed',
          `the server of the screen does not answer as it should within ${timeoutMs / 1000} s; try again later`,
        ),
      ),
    );
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    stopTimer();
  }
}
