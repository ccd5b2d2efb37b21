import type { Duplex } from 'node:stream';
import type { WebSocket } from '@fastify/websocket';
import type { Clock } from '../../base/clock.ts';
import { closeCodes as codes, closeSocket, createHeartbeat } from './heartbeat.ts';

/** Limits of one tunnel; times in ms. */
export interface TunnelLimits {
  /** Bytes that wait for the viewer before the stream is held, and when it goes on. */
  readonly highBytes: number;
  readonly lowBytes: number;
  /** A held viewer that takes nothing for so long is dropped. */
  readonly stallMs: number;
  readonly pingMs: number;
  /** A viewer of whom nothing is heard for so long, no pong either, is dropped. */
  readonly silentMs: number;
  /** How long the closing of either end may take. */
  readonly closeMs: number;
}

export const tunnelLimits: TunnelLimits = {
  highBytes: 1024 * 1024,
  lowBytes: 256 * 1024,
  stallMs: 30_000,
  // Below the minute after which common proxies cut a silent connection.
  pingMs: 20_000,
  silentMs: 60_000,
  closeMs: 5000,
};

/** How a tunnel ended. */
export interface TunnelEnd {
  readonly by: 'viewer' | 'stream' | 'server';
  readonly why: string;
  /** Bytes. */
  readonly toViewer: number;
  readonly toStream: number;
}

export interface Tunnel {
  /** Resolves once, when both ends are closed or being closed. */
  readonly ended: Promise<TunnelEnd>;
  /** Ends it from our side; may be called twice. */
  close(why: string): void;
}

/**
 * Carries bytes between a WebSocket (binary frames) and a stream until one of them ends, then closes the other. Whichever side is
 * slow holds the other, so that at most `highBytes` and a chunk wait in memory.
 */
export function tunnel(socket: WebSocket, stream: Duplex, limits: TunnelLimits, clock: Clock): Tunnel {
  let [toViewer, toStream] = [0, 0];
  let over = false;
  let tell: (end: TunnelEnd) => void = () => {};
  const ended = new Promise<TunnelEnd>((resolve) => {
    tell = resolve;
  });
  let held = false;
  let stopStall = (): void => {};

  /** `code` undefined hangs up without a word: nobody listens. */
  function finish(by: TunnelEnd['by'], why: string, code: number | undefined): void {
    if (over) return;
    over = true;
    heart.stop();
    stopStall();
    if (by === 'viewer') stream.end();
    else stream.destroy();
    const stopFlush = clock.after(limits.closeMs, () => stream.destroy());
    stream.once('close', stopFlush);
    closeSocket(socket, code, why, limits, clock);
    tell({ by, why, toViewer, toStream });
  }

  function watchStall(): void {
    stopStall();
    stopStall = clock.after(limits.stallMs, () => finish('server', 'the viewer does not read', undefined));
  }

  function sent(): void {
    if (over || !held) return;
    if (socket.bufferedAmount > limits.lowBytes) return watchStall();
    held = false;
    stopStall();
    stream.resume();
  }

  const heart = createHeartbeat(socket, limits, clock, () =>
    finish('server', 'the viewer is silent', undefined),
  );

  stream.on('data', (chunk: Uint8Array) => {
    if (over) return;
    toViewer += chunk.length;
    socket.send(chunk, { binary: true }, sent);
    if (socket.bufferedAmount > limits.highBytes && !held) {
      held = true;
      stream.pause();
      watchStall();
    }
  });
  stream.on('drain', () => {
    heart.hear();
    if (socket.isPaused) socket.resume();
  });
  stream.on('error', () => finish('stream', 'the connection to the host broke', codes.broken));
  stream.on('end', () => finish('stream', 'the host closed the connection', codes.normal));
  stream.on('close', () => finish('stream', 'the host closed the connection', codes.normal));

  socket.on('message', (data, isBinary) => {
    if (over) return;
    heart.hear();
    if (!isBinary) return finish('server', 'only binary frames are taken here', codes.notBinary);
    // With ws's default binaryType a message is one Buffer.
    const bytes = data as Buffer;
    toStream += bytes.length;
    if (!stream.write(bytes)) socket.pause();
  });
  socket.on('error', () => finish('viewer', 'the viewer broke the protocol or the connection', codes.broken));
  socket.on('close', () => finish('viewer', 'the viewer closed the connection', codes.normal));
  // Between its opening and the upgrade nobody listened to it: it tells its end no second time.
  if (stream.destroyed) finish('stream', 'the host closed the connection', codes.normal);

  return { ended, close: (why) => finish('server', why, codes.goingAway) };
}
