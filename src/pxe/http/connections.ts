import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../../base/errors.ts';
import { type Ipv4, parseIpv4 } from '../../base/ipv4.ts';
import type { Logger } from '../../base/log.ts';
import { PxeError } from '../errors.ts';

/** Cuts connections of a client (address) that has more than `max` open. */
export function limitClients(server: Server, max: number, log: Logger): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const client = socket.remoteAddress ?? '';
    const count = (open.get(client) ?? 0) + 1;
    open.set(client, count);
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
    });
    if (count <= max) return;
    log.warn({ client, connections: count }, 'too many connections of one client');
    socket.destroy();
  });
}

/** Address of the peer; undefined when it is not IPv4 or the connection is gone. */
export function clientOf(socket: Socket): Ipv4 | undefined {
  return parseIpv4((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
}

/** Resolves when the server listens; rejects with PxeError `port-in-use`, `no-permission`, `no-address` or `io`. */
export async function listen(
  server: Server,
  { address, port }: { readonly address: Ipv4; readonly port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const codes = {
        EADDRINUSE: 'port-in-use',
        EACCES: 'no-permission',
        EADDRNOTAVAIL: 'no-address',
      } as const;
      const code = codes[cause.code as keyof typeof codes] ?? 'io';
      reject(
        new PxeError(code, `boot HTTP cannot listen on ${address}:${port}: ${messageOf(cause)}`, {
          data: { address, port },
          cause,
        }),
      );
    });
    server.listen({ host: address, port, backlog: 1024, exclusive: true }, () => resolve());
  });
}
