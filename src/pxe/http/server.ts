import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, systemClock } from '../../base/clock.ts';
import { assertNever, messageOf } from '../../base/errors.ts';
import type { Ipv4 } from '../../base/ipv4.ts';
import { type Logger, silentLog } from '../../base/log.ts';
import type { ServerHandle } from '../handle.ts';
import type { BootContent, BootResource, PxeEventSink } from '../ports.ts';
import { createFileTable } from './byte-source.ts';
import { clientOf, limitClients, listen } from './connections.ts';
import { answer, type Exchange, factsOf, refuse } from './exchange.ts';
import { type BootPath, parseBootPath } from './path.ts';
import { type BodyBudget, readBody } from './read-body.ts';
import type { SourceResource } from './resource.ts';
import { sendBytes } from './send-bytes.ts';
import { sendFile } from './send-file.ts';
import { sendLoader } from './send-loader.ts';
import { sendText } from './send-text.ts';
import type { Downloads } from './stream-bytes.ts';

export interface BootHttpOptions {
  readonly address: Ipv4;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** A connection on which nothing moves for so long is cut, ms. Default 60000: longer than a ROM draws its screen. */
  readonly idleMs?: number;
  /** How long a client may take to close after a text, ms. Default 10000. */
  readonly closeWaitMs?: number;
  /** Default 2048. */
  readonly maxConnections?: number;
  /** So that one client does not take them all. Default 64. */
  readonly maxConnectionsPerClient?: number;
  /** Largest report, bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Bytes of reports held at a time, of all clients. Default 128 MiB. */
  readonly maxHeldBytes?: number;
}

export interface BootHttpDeps {
  readonly content: Pick<BootContent, 'post'> & {
    get(request: Parameters<BootContent['get']>[0]): Promise<BootResource | SourceResource>;
  };
  /** Loaders for UEFI HTTP clients; a closed table. */
  readonly loaders: (name: string) => Uint8Array | undefined;
  readonly events: PxeEventSink;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** Requests that one connection may have waiting; firmware sends one at a time. */
const maxPipelined = 8;

/**
 * Starts the listener that machines boot from: `GET|HEAD|POST /boot/<token>/<artefact>`,
 * `GET|HEAD /boot/<token>/source/<path>`, `GET|HEAD /loader/<name>`, and 404. Plain `node:http`: three routes, and delivery of a text is proven on the socket, which a framework only hides.
 * Rejects with PxeError when the address or port can't be had.
 */
export async function createBootHttpServer(
  options: BootHttpOptions,
  deps: BootHttpDeps,
): Promise<ServerHandle> {
  const { clock = systemClock, log = silentLog, events } = deps;
  const idleMs = options.idleMs ?? 60_000;
  const limit = options.maxBodyBytes ?? 4 * 1024 * 1024;
  const budget: BodyBudget = { held: 0, max: options.maxHeldBytes ?? 128 * 1024 * 1024 };
  const files = createFileTable();
  const downloads: Downloads = { active: 0 };
  const queues = new Map<Socket, { last: Promise<void>; waiting: number }>();

  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: Math.min(10_000, idleMs),
      requestTimeout: idleMs,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: options.closeWaitMs ?? 10_000,
    },
    (req, res) => {
      const queue = queues.get(req.socket);
      if (queue === undefined || queue.waiting >= maxPipelined) {
        req.socket.destroy();
        return;
      }
      queue.waiting += 1;
      queue.last = queue.last
        .then(() => handle(req, res))
        .catch((error: unknown) => {
          log.error({ error: messageOf(error) }, 'a boot HTTP request failed');
          answer({ req, res }, 503, 'the boot server failed; its log has the reason');
        })
        .finally(() => {
          queue.waiting -= 1;
        });
    },
  );
  server.timeout = idleMs;
  server.maxConnections = options.maxConnections ?? 2048;
  limitClients(server, options.maxConnectionsPerClient ?? 64, log);
  server.on('connection', (socket) => {
    queues.set(socket, { last: Promise.resolve(), waiting: 0 });
    socket.once('close', () => queues.delete(socket));
  });

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const client = clientOf(req.socket);
    if (client === undefined || req.socket.destroyed) return void req.socket.destroy();
    const path = parseBootPath(req.url ?? '');
    if (path === undefined) {
      log.info({ client, method: req.method }, 'boot HTTP request for a path that does not exist');
      return answer({ req, res }, 404, 'no such path');
    }
    const { token, artefact } = namesOf(path);
    const x: Exchange = { req, res, client, token, artefact, events, clock, log };
    if (req.method === 'GET' || req.method === 'HEAD') {
      await (path.kind === 'loader' ? sendLoader(x, deps.loaders(artefact)) : get(x));
    } else if (req.method === 'POST' && path.kind === 'artefact') {
      await post(x);
    } else {
      answer(x, 405, 'wrong method', { allow: path.kind === 'artefact' ? 'GET, HEAD, POST' : 'GET, HEAD' });
    }
  }

  async function get(x: Exchange): Promise<void> {
    const { token, artefact, client } = x;
    const resource = await orUnavailable(x, () => deps.content.get({ token, artefact, client }));
    if (resource === undefined) return;
    switch (resource.kind) {
      case 'refused':
        return refuse(x, resource.status, resource.reason);
      case 'redirect':
        return answer(x, 302, 'this install source lies on another server', { location: resource.url });
      case 'file':
        return sendFile(x, resource, files, downloads);
      case 'text':
        return sendText(x, resource);
      case 'bytes':
        try {
          return await sendBytes(x, resource.bytes, resource.contentType, downloads);
        } finally {
          await resource.bytes.close();
        }
      default:
        assertNever(resource);
    }
  }

  async function post(x: Exchange): Promise<void> {
    const { token, artefact, client } = x;
    const read = await readBody(x.req, limit, budget);
    if (read.kind === 'broken') return;
    if (read.kind === 'too-large') {
      log.warn({ ...factsOf(x), limit }, 'a report is too large');
      return answer(x, 413, `a report may have ${limit} bytes`, { connection: 'close' });
    }
    if (read.kind === 'no-room') {
      log.warn(factsOf(x), 'too many reports at a time');
      return answer(x, 503, 'too many reports at a time, try again', {
        connection: 'close',
        'retry-after': '5',
      });
    }
    const reply = await orUnavailable(x, () =>
      deps.content.post({ token, artefact, client, body: read.bytes }),
    );
    if (reply !== undefined) answer(x, reply.status, reply.text);
  }

  async function orUnavailable<T>(x: Exchange, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      log.error({ ...factsOf(x), error: messageOf(error) }, 'boot content is not available');
      answer(x, 503, 'the provisioning service cannot answer now; its log has the reason');
      return undefined;
    }
  }

  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  log.info({ address: options.address, port }, 'boot HTTP server listens');
  let closing: Promise<void> | undefined;
  return {
    address: options.address,
    port,
    close() {
      closing ??= (async () => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        const unfinished = [...queues.values()].map((queue) => queue.last);
        server.closeAllConnections();
        await Promise.all([closed, ...unfinished]);
      })();
      return closing;
    },
  };
}

/** Token and name of what a path names, as the content and the log know it. */
function namesOf(path: BootPath): { readonly token: string; readonly artefact: string } {
  if (path.kind === 'loader') return { token: '', artefact: path.name };
  return path.kind === 'source' ? { token: path.token, artefact: `source/${path.path}` } : path;
}
