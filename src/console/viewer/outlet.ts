import type { Clock } from '../../base/clock.ts';
import type { ViewerChannel } from '../service.ts';

/** Sends to a viewer, one frame at a time. */
export interface Outlet {
  /** There may be something to send. */
  wake(): void;
  /** Nothing more is sent. */
  stop(): void;
}

/**
 * Asks `next` for frames whenever the one before has left, so that what waits for a slow viewer stays where it is. A frame that does
 * not leave within `stallMs` ends it: `failed` is called once, also when `next` rejects.
 */
export function createOutlet(deps: {
  readonly channel: Pick<ViewerChannel, 'send'>;
  readonly clock: Clock;
  readonly stallMs: number;
  readonly next: () => Promise<string | Uint8Array | undefined>;
  readonly failed: (why: 'stalled' | { readonly error: unknown }) => void;
}): Outlet {
  const { channel, clock, stallMs, next, failed } = deps;
  let [running, awake, over] = [false, false, false];

  function fail(why: Parameters<typeof failed>[0]): void {
    if (over) return;
    over = true;
    failed(why);
  }

  const isOver = (): boolean => over;

  async function run(): Promise<void> {
    try {
      while (awake && !isOver()) {
        awake = false;
        for (let frame = await next(); frame !== undefined && !isOver(); frame = await next()) {
          const stop = clock.after(stallMs, () => fail('stalled'));
          await channel.send(frame);
          stop();
        }
      }
    } catch (error) {
      fail({ error });
    } finally {
      // In the same tick as the last look at `awake`.
      running = false;
    }
  }

  return {
    wake() {
      awake = true;
      if (running || over) return;
      running = true;
      void run();
    },
    stop() {
      over = true;
    },
  };
}
