import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError } from './errors.ts';
import { FilteredRequest } from './streams/upgrade-filter.ts';
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

/**
 * The limits as Fastify takes them, with a certificate for HTTPS (TLS 1.2 and later). A request without Host gets locations from the
 * socket's address.
 */
export function serverLimits(limits: HttpLimits, tls?: { readonly cert: string; readonly key: string }) {
  const http = {
    requireHostHeader: false,
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: limits.checkMs,
    IncomingMessage: FilteredRequest,
  };
  const { cert, key } = tls ?? {};
  const https = { ...http, cert, key, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersMs } as const;
  return {
    connectionTimeout: limits.connectionMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    // Fastify looks at `https` first; its types know one of them only.
    ...(tls === undefined ? { http } : ({ https } as object)),
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
  const add = (socket: Socket): void => {
    open.set(socket, 0);
    socket.once('close', () => open.delete(socket));
  };
  server.on('connection', add);
  // Requests over TLS come on a socket of their own; the one below must not count as idle.
  server.on('secureConnection', (secure: Socket) => {
    for (const below of open.keys()) {
      if (below.remotePort === secure.remotePort && below.remoteAddress === secure.remoteAddress) {
        open.delete(below);
      }
    }
    add(secure);
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
