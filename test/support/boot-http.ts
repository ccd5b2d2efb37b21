import { connect, type Socket } from 'node:net';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Logger } from '../../src/base/log.ts';
import { type BootHttpOptions, createBootHttpServer } from '../../src/pxe/http/server.ts';
import type { BootContent, BootResource, PxeEvent } from '../../src/pxe/ports.ts';

export const token = '0123456789abcdef0123456789abcdef';

/** A text resource that records how it ended. */
export function recordedText(body: string) {
  const ends: string[] = [];
  const resource: BootResource = {
    kind: 'text',
    body,
    contentType: 'text/plain',
    delivered: () => void ends.push('delivered'),
    broken: () => void ends.push('broken'),
  };
  return { resource, ends };
}

/** A live boot HTTP server on loopback whose content is a table by artefact; events, log lines and content calls are kept. */
export async function liveHttp(
  table: Readonly<Record<string, BootResource | (() => Promise<BootResource>)>>,
  options: Partial<BootHttpOptions> = {},
  post: BootContent['post'] = () => Promise.resolve({ status: 200, text: 'ok' }),
  loaders: Readonly<Record<string, Uint8Array>> = {},
) {
  const events: Extract<PxeEvent, { kind: 'http' }>[] = [];
  const asked: string[] = [];
  const logged: string[] = [];
  const keep = (facts: object, text: string): void => void logged.push(`${JSON.stringify(facts)} ${text}`);
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep };
  const server = await createBootHttpServer(
    { address: '127.0.0.1' as Ipv4, port: 0, ...options },
    {
      content: {
        get({ artefact }) {
          asked.push(artefact);
          const found = Object.hasOwn(table, artefact) ? table[artefact] : undefined;
          if (typeof found === 'function') return found();
          return Promise.resolve(
            found ?? { kind: 'refused', status: 404, reason: `no artefact ${artefact}` },
          );
        },
        post,
      },
      loaders: (name) => (Object.hasOwn(loaders, name) ? loaders[name] : undefined),
      events: (event) => {
        if (event.kind === 'http') events.push(event);
      },
      log,
    },
  );
  const url = `http://127.0.0.1:${server.port}`;
  return { server, events, asked, logged, url, artefact: (name: string) => `${url}/boot/${token}/${name}` };
}

/** A raw TCP connection; `text` grows with what the server says, `closed` settles with it. */
export async function rawConnection(port: number, request: string | Uint8Array = '') {
  const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const state = { socket, text: '', ended: false };
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  socket.on('data', (chunk: Buffer) => {
    state.text += chunk.toString('latin1');
  });
  socket.on('end', () => {
    state.ended = true;
  });
  socket.write(request);
  return Object.assign(state, { closed });
}
