import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Faults, faultsOf } from './faults.ts';

/** A TFTP server seen through a bad network. */
export interface TftpRelay {
  readonly port: number;
  /** Datagrams that were dropped, repeated, or overtaken by a later one. */
  readonly seen: { dropped: number; repeated: number; overtaken: number };
  close(): Promise<void>;
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/**
 * A relay in front of a TFTP server on loopback that loses, repeats and reorders datagrams in both directions. It follows the server
 * to the port that it answers a request from (RFC 1350 §4); clients see one port.
 */
export async function tftpRelay(serverPort: number, faults: Faults): Promise<TftpRelay> {
  const plan = faultsOf(faults);
  const seen = { dropped: 0, repeated: 0, overtaken: 0 };
  const backs = new Map<number, { readonly socket: Socket; port: number }>();
  const timers = new Set<NodeJS.Timeout>();
  let order = 0;
  let newest = 0;

  const pass = (send: () => void): void => {
    const delays = plan();
    if (delays.length === 0) seen.dropped += 1;
    if (delays.length > 1) seen.repeated += 1;
    const mine = ++order;
    for (const ms of delays) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (mine < newest) seen.overtaken += 1;
        newest = Math.max(newest, mine);
        send();
      }, ms);
      timers.add(timer);
    }
  };

  const front = await bound();
  front.on('message', (data, from) => {
    void (async () => {
      let back = backs.get(from.port);
      if (back === undefined) {
        const made = { socket: await bound(), port: serverPort };
        back = made;
        backs.set(from.port, made);
        made.socket.on('message', (answer, server) => {
          made.port = server.port;
          pass(() => front.send(answer, from.port, from.address));
        });
      }
      const { socket } = back;
      const isRequest = data[1] === 1 || data[1] === 2;
      const port = isRequest ? serverPort : back.port;
      pass(() => socket.send(data, port, '127.0.0.1'));
    })();
  });
  return {
    port: front.address().port,
    seen,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of [front, ...Array.from(backs.values(), (back) => back.socket)]) {
        const closed = once(socket, 'close');
        socket.close();
        await closed;
      }
    },
  };
}
