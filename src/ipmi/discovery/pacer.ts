import { type Clock, delay } from '../../base/clock.ts';
import type { OpenUdp } from '../../net/udp.ts';

/** Timers are no finer than this; shorter waits are saved up. */
const grainMs = 5;

/**
 * When the next datagram is due, behind one that was due at `previousAt`: `intervalMs` later, and never earlier than one grain ago, so that
 * a pause does not let a burst through.
 */
export function nextDue(previousAt: number, now: number, intervalMs: number): number {
  return Math.max(previousAt, now - grainMs) + intervalMs;
}

/** `open` with sockets that together send at most `perSecond` datagrams, and none at all once `signal` is aborted. */
export function pacedUdp(open: OpenUdp, clock: Clock, perSecond: number, signal?: AbortSignal): OpenUdp {
  const intervalMs = 1000 / perSecond;
  let dueAt = 0;
  return async (bind, receive) => {
    const socket = await open(bind, receive);
    return {
      local: socket.local,
      close: () => socket.close(),
      async send(data, to) {
        const now = clock.now();
        dueAt = nextDue(dueAt, now, intervalMs);
        if (dueAt - now >= grainMs) await delay(clock, dueAt - now);
        if (signal?.aborted !== true) await socket.send(data, to);
      },
    };
  };
}
