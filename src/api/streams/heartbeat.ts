import type { WebSocket } from '@fastify/websocket';
import type { Clock } from '../../base/clock.ts';
import type { TunnelLimits } from './tunnel.ts';

/** Status codes of RFC 6455 §7.4.1. */
export const closeCodes = { normal: 1000, goingAway: 1001, notBinary: 1003, broken: 1011 } as const;

/** Whether anything is heard of a WebSocket's other end. */
export interface Heartbeat {
  hear(): void;
  stop(): void;
}

/** Pings every `pingMs`; calls `silent` once nothing, no pong either, was heard for `silentMs`. */
export function createHeartbeat(
  socket: WebSocket,
  { pingMs, silentMs }: Pick<TunnelLimits, 'pingMs' | 'silentMs'>,
  clock: Clock,
  silent: () => void,
): Heartbeat {
  let heardAt = clock.now();
  let stop = (): void => {};
  const hear = (): void => {
    heardAt = clock.now();
  };
  const wait = (): void => {
    stop = clock.after(pingMs, () => {
      // While we do not read we cannot have heard anything.
      if (!socket.isPaused) {
        if (clock.now() - heardAt > silentMs) return silent();
        socket.ping();
      }
      wait();
    });
  };
  socket.on('pong', hear);
  socket.on('ping', hear);
  wait();
  return { hear, stop: () => stop() };
}

/** Closes in order, within `closeMs`; without a code it hangs up without a word: nobody listens. */
export function closeSocket(
  socket: WebSocket,
  code: number | undefined,
  why: string,
  { closeMs }: Pick<TunnelLimits, 'closeMs'>,
  clock: Clock,
): void {
  // A paused socket would not see the other end's part of the closing.
  if (socket.isPaused) socket.resume();
  if (code === undefined) return socket.terminate();
  const stop = clock.after(closeMs, () => socket.terminate());
  socket.once('close', stop);
  socket.close(code, why);
}
