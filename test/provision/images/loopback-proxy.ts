import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** An HTTP proxy on the loopback, whose names all lead to the loopback. */
export interface LoopbackProxy {
  readonly port: number;
  /** Method, target and Proxy-Authorization of each request. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Starts one. `refuse`: the status that it answers instead of forwarding, 0 for no answer; `host`: where every name leads. */
export async function startLoopbackProxy({
  refuse,
  host = '127.0.0.1',
}: {
  readonly refuse?: number;
  readonly host?: string;
} = {}): Promise<LoopbackProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const note = (method = '', target = '', authorization = ''): void =>
    void asked.push([method, target, authorization].join(' ').trim());

  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    note(method, url, headers['proxy-authorization']);
    if (refuse === 0) return;
    if (refuse !== undefined) {
      response.writeHead(refuse).end();
      return;
    }
    const { port, pathname, search } = new URL(url);
    const { 'proxy-authorization': _ours, ...forwarded } = headers;
    const onward = sendRequest(
      {
        host,
        port,
        path: pathname + search,
        headers: forwarded,
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('error', () => response.destroy());
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    onward.end();
  });
  server.on('connect', (request, client: Socket) => {
    note(request.method, request.url, request.headers['proxy-authorization']);
    client.on('error', () => undefined);
    sockets.add(client);
    if (refuse === 0) return;
    if (refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
      return;
    }
    const port = Number(/:(\d+)$/.exec(request.url ?? '')?.[1]);
    const onward = connect(port, host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    onward.on('error', () => client.destroy());
    client.on('close', () => onward.destroy());
    sockets.add(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
