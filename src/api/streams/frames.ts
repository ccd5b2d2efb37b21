import type { WebSocket } from '@fastify/websocket';
import type { Clock } from '../../base/clock.ts';
import { closeCodes as codes, closeSocket, createHeartbeat } from './heartbeat.ts';
import type { OpenedFrames } from './kinds.ts';
import type { Tunnel, TunnelEnd, TunnelLimits } from './tunnel.ts';

const sizeOf = (frame: string | Uint8Array): number =>
  typeof frame === 'string' ? Buffer.byteLength(frame) : frame.length;

/**
 * Carries whole frames, text and bytes, between a WebSocket and whoever was opened, until one of them ends. What may wait for a slow
 * viewer is the other side's to say: `send` tells when a frame has left.
 */
export function frames(
  socket: WebSocket,
  opened: OpenedFrames,
  remoteAddress: string,
  limits: TunnelLimits,
  clock: Clock,
): Tunnel {
  let [toViewer, toStream] = [0, 0];
  let over = false;
  let take: (frame: string | Uint8Array) => void = () => {};
  let closed = (): void => {};
  let tell: (end: TunnelEnd) => void = () => {};
  const ended = new Promise<TunnelEnd>((resolve) => {
    tell = resolve;
  });

  function finish(by: TunnelEnd['by'], why: string, code: number | undefined): void {
    if (over) return;
    over = true;
    heart.stop();
    closeSocket(socket, code, why, limits, clock);
    closed();
    tell({ by, why, toViewer, toStream });
  }

  const heart = createHeartbeat(socket, limits, clock, () =>
    finish('server', 'the viewer is silent', undefined),
  );
  socket.on('message', (data, isBinary) => {
    if (over) return;
    heart.hear();
    // With ws's default binaryType a message is one Buffer.
    const bytes = data as Buffer;
    toStream += bytes.length;
    take(isBinary ? new Uint8Array(bytes) : bytes.toString());
  });
  socket.on('error', () => finish('viewer', 'the viewer broke the protocol or the connection', codes.broken));
  socket.on('close', () => finish('viewer', 'the viewer closed the connection', codes.normal));

  opened.attach(
    {
      send: (frame) =>
        new Promise((resolve) => {
          if (over) return resolve();
          toViewer += sizeOf(frame);
          socket.send(frame, { binary: typeof frame !== 'string' }, () => resolve());
        }),
      receive(handlers) {
        take = handlers.frame;
        closed = handlers.closed;
      },
      close: (why) => finish('stream', why, codes.normal),
    },
    remoteAddress,
  );
  return { ended, close: (why) => finish('server', why, codes.goingAway) };
}
