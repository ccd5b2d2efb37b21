import { createSocket } from 'node:dgram';
import { clientMessage, readReply } from '../pxe/packets.ts';

/** What a machine has after four messages. */
export interface Given {
  readonly ip: number;
  readonly file: string;
}

/** When a client repeats itself, ms after it last did: a second, and then twice as long each time. RFC 2131 §4.1 has it slower. */
const retriesMs = [1000, 2000, 4000, 8000, 16_000];

/** All DHCP clients of the crowd, on one socket. */
export async function openDhcpClients(count: { repeats: number }) {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 4 << 20,
    lookup: (host, _options, found) => found(null, host, 4),
  });
  const waiting = new Map<number, (reply: NonNullable<ReturnType<typeof readReply>>) => void>();
  let serial = 1;
  socket.on('message', (data) => {
    const reply = readReply(data);
    if (reply !== undefined) waiting.get(reply.xid)?.(reply);
  });
  await new Promise<void>((resolve) => socket.bind(68, resolve));
  socket.setBroadcast(true);

  /** Sends until an answer of that type comes. */
  const ask = (packet: Buffer, wanted: 2 | 5): Promise<Given> =>
    new Promise((resolve, reject) => {
      const xid = packet.readUInt32BE(4);
      let timer: NodeJS.Timeout;
      let tries = 0;
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(xid);
      };
      waiting.set(xid, (reply) => {
        if (reply.type === 6) {
          end();
          reject(new Error('DHCP NAK'));
        } else if (reply.type === wanted) {
          end();
          resolve(reply);
        }
      });
      const send = (): void => {
        const wait = retriesMs[tries];
        if (wait === undefined) {
          end();
          return reject(new Error(wanted === 2 ? 'no OFFER' : 'no ACK'));
        }
        if (tries > 0) count.repeats += 1;
        tries += 1;
        socket.send(packet, 67, '255.255.255.255');
        timer = setTimeout(send, wait);
      };
      send();
    });

  return {
    /** DISCOVER to ACK; rejects when there is no answer or a NAK. */
    async lease(mac: string, client: 'rom' | 'ipxe'): Promise<Given> {
      const offer = await ask(clientMessage({ type: 'discover', xid: serial++, mac, client }), 2);
      return ask(clientMessage({ type: 'request', xid: serial++, mac, client, ip: offer.ip }), 5);
    },
    close: () => void socket.close(),
  };
}
