import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on an address of the loopback that does what it is told, request by request; the last behaviour stays. */
export interface Mirror {
  readonly port: number;
  behaviours: readonly Behaviour[];
  /** Method and target of each request, with its Range. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Starts one; with key and certificate it speaks TLS. */
export async function startMirror(
  address: string,
  behaviours: readonly Behaviour[],
  tls?: { readonly key: Buffer; readonly cert: Buffer },
): Promise<Mirror> {
  const asked: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url, headers } = request;
    asked.push([method, url, headers.range].filter((part) => part !== undefined).join(' '));
    response.on('error', () => undefined);
    const [first] = mirror.behaviours;
    if (mirror.behaviours.length > 1) mirror.behaviours = mirror.behaviours.slice(1);
    first?.(request, response);
  };
  const server: Server = tls === undefined ? createServer(answer) : createHttps(tls, answer);
  server.listen(0, address);
  await once(server, 'listening');
  const mirror: Mirror = {
    port: (server.address() as AddressInfo).port,
    behaviours,
    asked,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return mirror;
}

/** Where a request with Range and If-Range begins. */
function beginOf(request: IncomingMessage, tag: string): number {
  const first = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  return first !== undefined && request.headers['if-range'] === tag ? Number(first) : 0;
}

/** Announces all of a file that is asked for; answers the bytes that are to follow. */
export function announce(
  file: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  tag = '"one"',
): Buffer {
  const from = beginOf(request, tag);
  response.writeHead(from > 0 ? 206 : 200, {
    etag: tag,
    'content-length': file.length - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` } : {}),
  });
  return file.subarray(from);
}

/** Gives a file, or the part that is asked for. */
export const honest =
  (file: Buffer): Behaviour =>
  (request, response) =>
    void response.end(announce(file, request, response));

/** Breaks the connection after so many bytes. */
export const cut =
  (file: Buffer, bytes: number, tag?: string): Behaviour =>
  (request, response) =>
    void response.write(announce(file, request, response, tag).subarray(0, bytes), () =>
      response.socket?.end(),
    );

export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Behaviour =>
  (_, response) =>
    void response.writeHead(code, headers).end(body);
