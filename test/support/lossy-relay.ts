import { createSocket, type Socket } from 'node:dgram';
import { type Faults, faultsOf } from './faults.ts';

/** A UDP relay in front of a real peer that loses, repeats and reorders datagrams. */
export interface LossyRelay {
  readonly at: { readonly address: string; readonly port: number };
  dropped(): number;
  close(): Promise<void>;
}

/** Starts a relay on loopback; each client behind it gets its own socket towards the peer. `lose` drops chosen datagrams on top. */
export async function lossyRelay(
  peer: { readonly address: string; readonly port: number },
  faults: Faults,
  lose: (datagram: Uint8Array) => boolean = () => false,
): Promise<LossyRelay> {
  const plan = faultsOf(faults);
  let dropped = 0;
  let closed = false;
  const back = new Map<number, Socket>();

  function pass(data: Uint8Array, send: () => void): void {
    const delays = lose(data) ? [] : plan();
    if (delays.length === 0) dropped++;
    for (const ms of delays) setTimeout(() => closed || send(), ms);
  }

  const front = await bound('127.0.0.1');
  front.on('message', (data, from) => {
    const forward = (socket: Socket): void => pass(data, () => socket.send(data, peer.port, peer.address));
    const known = back.get(from.port);
    if (known) return forward(known);
    void bound('0.0.0.0').then((socket) => {
      back.set(from.port, socket);
      socket.on('message', (answer) => pass(answer, () => front.send(answer, from.port, from.address)));
      forward(socket);
    });
  });
  const { address, port } = front.address();
  return {
    at: { address, port },
    dropped: () => dropped,
    async close() {
      closed = true;
      for (const socket of [front, ...back.values()]) {
        await new Promise<void>((resolve) => {
          socket.close(() => resolve());
        });
      }
    },
  };
}

function bound(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, address, () => resolve(socket));
  });
}
