import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError } from './errors.ts';
import { toZstackError } from './zstack/errors.ts';

/** Limits on slow clients, in ms. A whole request is at most 1 MiB; nobody honest needs half a minute for it. */
export interface HttpLimits {
  /** From the connection, or the end of the request before, to the end of the headers. */
  readonly headersMs: number;
  /** To the end of the body. */
  readonly requestMs: number;
  /** Without a byte in either direction; a client that stops reading an answer shows none. */
  readonly connectionMs: number;
  readonly keepAliveMs: number;
  /** For taking a finished answer: a client that reads a byte a second would hold its memory for days. */
  readonly answerMs: number;
  /** How often the first two are looked at. */
  readonly checkMs: number;
}

export const httpLimits: HttpLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  connectionMs: 60_000,
  // Longer than the 60 s that common proxies keep a connection, so that they and not we close it.
  keepAliveMs: 65_000,
  answerMs: 300_000,
  checkMs: 5000,
};

/** The limits as Fastify takes them. A request without Host gets locations from the socket's address. */
export function serverLimits(limits: HttpLimits) {
  return {
    connectionTimeout: limits.connectionMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    http: {
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkMs,
    },
  };
}

const reasons: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long to arrive'],
};

/** Answers bytes that are not HTTP, and requests that stall, with our usual JSON, and hangs up. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET' || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [status, text] = reasons[error.code ?? ''] ?? ['400 Bad Request', 'this is not an HTTP/1.1 request'];
  const body = JSON.stringify(toZstackError(new ApiError('bad-request', text)).body);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/**
 * Watches a server's connections and hangs up on those that do not take their answer; `closeIdle` hangs up on those without a
 * request in work. Node's own closeIdleConnections leaves
 * those that have not sent a request yet, as browsers and pools open them in advance.
 */
export function watchConnections(server: Server, { answerMs }: HttpLimits): { closeIdle(): void } {
  const open = new Map<Socket, number>();
  const count = (socket: Socket, change: number): void => {
    const requests = open.get(socket);
    if (requests !== undefined) open.set(socket, requests + change);
  };
  server.on('connection', (socket: Socket) => {
    open.set(socket, 0);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }: { socket: Socket }, response: ServerResponse) => {
    count(socket, 1);
    let slow: NodeJS.Timeout | undefined;
    response.once('prefinish', () => {
      slow = setTimeout(() => socket.destroy(), answerMs).unref();
    });
    response.once('close', () => {
      clearTimeout(slow);
      count(socket, -1);
    });
  });
  return {
    closeIdle() {
      for (const [socket, requests] of open) if (requests === 0) socket.destroy();
    },
  };
}
