import { createSocket, type Socket } from 'node:dgram';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { silentLog } from '../base/log.ts';
import { explainBindFailure } from './bind-failure.ts';
import { openDeviceSocket } from './device-socket.ts';
import { NetError } from './errors.ts';
import { openBursts } from './udp-bursts.ts';
import { createPartSender } from './udp-parts.ts';
import type { OpenUdp, UdpBindOptions, UdpReceiver, UdpSocket } from './udp.ts';

/**
 * What a server's socket asks for, so that what a hall of machines sends while a disk flush holds this process up is not lost. The kernel
 * gives no more than net.core.rmem_max, twice over for its own book-keeping; socket(7)
 */
const serverBufferBytes = 1_048_576;

/** Datagrams that Node reads alone after a look for more was in vain. */
const mostAlone = 3;

/** The real adapter with a logger for what has no caller to tell: receivers that throw, errors of an open socket. */
export function createOpenUdp(log: Logger = silentLog): OpenUdp {
  return async (options, receive) => {
    try {
      const { socket, fd } = await bindSocket(options);
      const deliver = guarded(socket, receive, log);
      const adopted = adopt(socket, deliver, log);
      if (fd === undefined) return adopted;
      if (options.bursts !== undefined)
        return await withBursts(adopted, socket, fd, deliver, options.bursts === 'joined');
      if (options.parts === true) return await withParts(adopted, fd);
      return adopted;
    } catch (error) {
      throw explainBindFailure(options, error);
    }
  };
}

/** Opens UDP sockets on this machine; silent about errors that no call can report. */
export const openUdp: OpenUdp = createOpenUdp();

async function withParts(adopted: UdpSocket, fd: number): Promise<UdpSocket> {
  const parts = await createPartSender(fd, (data, to) => adopted.send(data, to));
  return {
    ...adopted,
    sendParts: (data, size, to) => parts.send(data, size, to),
    close() {
      parts.close();
      return adopted.close();
    },
  };
}

async function withBursts(
  adopted: UdpSocket,
  socket: Socket,
  fd: number,
  deliver: UdpReceiver,
  mayJoin: boolean,
): Promise<UdpSocket> {
  const bursts = await openBursts(fd, mayJoin, (data, to) => adopted.send(data, to));
  if (bursts === undefined) return adopted;
  let alone = 0;
  socket.on('message', () => {
    // Node has read one. There may be more; where datagrams come one by one, it is not looked for each time.
    if (alone > 0) alone -= 1;
    else if (bursts.read(deliver) === 0) alone = mostAlone;
  });
  return {
    ...adopted,
    send: (data, to) => bursts.send(data, to),
    close() {
      bursts.close();
      return adopted.close();
    },
  };
}

/** A bound socket, with its descriptor where that is known. */
interface BoundSocket {
  readonly socket: Socket;
  readonly fd?: number;
}

async function bindSocket(options: UdpBindOptions): Promise<BoundSocket> {
  const socket = createSocket({
    type: 'udp4',
    reuseAddr: options.reuseAddress === true,
    // Only addresses come here, which Node's own look-up would put off by a tick for each datagram.
    lookup: (address, _options, found) => found(null, address, 4),
    ...(options.port === 0 && options.bursts === undefined ? {} : { recvBufferSize: serverBufferBytes }),
  });
  try {
    const device =
      options.device === undefined && options.parts !== true && options.bursts === undefined
        ? undefined
        : await openDeviceSocket(options, options.device).catch((error: unknown) => {
            // Parts and bursts are only quicker; a device is a must.
            if (options.device === undefined && error instanceof NetError) return undefined;
            throw error;
          });
    if (device === undefined) {
      await bound(socket, () =>
        socket.bind({ port: options.port, address: options.address, exclusive: true }),
      );
      if (options.broadcast === true) socket.setBroadcast(true);
      return { socket };
    }
    try {
      await bound(socket, () => socket.bind({ fd: device.fd, exclusive: true }));
    } catch (error) {
      device.close();
      throw error;
    }
    return { socket, fd: device.fd };
  } catch (error) {
    socket.close();
    throw error;
  }
}

function bound(socket: Socket, bind: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.off('error', reject);
      resolve();
    });
    bind();
  });
}

/** A receiver that can't throw. */
function guarded(socket: Socket, receive: UdpReceiver, log: Logger): UdpReceiver {
  const { address, port } = socket.address();
  return (data, from) => {
    try {
      receive(data, from);
    } catch (error) {
      log.error(
        { local: { address, port }, error: messageOf(error) },
        'a receiver of datagrams threw; the datagram is lost',
      );
    }
  };
}

function adopt(socket: Socket, deliver: UdpReceiver, log: Logger): UdpSocket {
  const { address, port } = socket.address();
  const local = { address, port };
  let closing: Promise<void> | undefined;
  socket.on('message', (data, from) => {
    // Without the Buffer around it, whose slice() shares memory where that of a Uint8Array copies.
    deliver(new Uint8Array(data.buffer, data.byteOffset, data.length), {
      address: from.address,
      port: from.port,
    });
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // An ICMP "port unreachable" for something sent earlier; the peer is gone, the socket is fine. udp(7)
    if (error.code === 'ECONNREFUSED') return;
    log.warn({ local, error: messageOf(error) }, 'error on a UDP socket');
  });
  return {
    local,
    send: (data, to) =>
      closing === undefined
        ? send(socket, data, to.port, to.address)
        : Promise.reject(new NetError('io', `UDP socket ${address}:${port} is closed`, { data: { local } })),
    close() {
      closing ??= new Promise((resolve) => {
        socket.close(() => resolve());
      });
      return closing;
    },
  };
}

function send(socket: Socket, data: Uint8Array, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      if (cause.code === 'ECONNREFUSED') return resolve();
      reject(
        new NetError('io', `can't send ${data.length} bytes to ${address}:${port}: ${messageOf(cause)}`, {
          data: { address, port, errno: cause.code },
          cause,
        }),
      );
    };
    try {
      socket.send(data, port, address, (error) => (error ? failed(error) : resolve()));
    } catch (error) {
      failed(error as NodeJS.ErrnoException);
    }
  });
}
