import { createSocket } from 'node:dgram';
import { systemClock } from '../../src/base/clock.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import { openUdp } from '../../src/net/dgram.ts';
import type { PxeEvent } from '../../src/pxe/ports.ts';
import { createTftpServer, type TftpServerDeps, type TftpServerOptions } from '../../src/pxe/tftp/server.ts';

export const loopback = '127.0.0.1' as Ipv4;

/** Bytes that differ from block to block, so that a swapped or repeated block shows. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) & 255);
}

/** A live server on a free port of loopback, with its events collected. */
export async function liveTftp(
  files: Readonly<Record<string, Uint8Array>>,
  options: Partial<TftpServerOptions> = {},
  deps: Partial<TftpServerDeps> = {},
) {
  const events: Extract<PxeEvent, { kind: 'tftp' }>[] = [];
  const server = await createTftpServer(
    { address: loopback, port: 0, ...options },
    {
      openUdp,
      clock: systemClock,
      files: (name) => (Object.hasOwn(files, name) ? files[name] : undefined),
      events: (event) => {
        if (event.kind === 'tftp') events.push(event);
      },
      ...deps,
    },
  );
  return { server, events };
}

interface Received {
  readonly data: Buffer;
  readonly port: number;
}

/** A hand-driven UDP socket: sends raw bytes and hands out what came, in order. */
export async function peer(address = '127.0.0.1') {
  const socket = createSocket('udp4');
  const inbox: Received[] = [];
  const waiting: ((packet: Received | undefined) => void)[] = [];
  socket.on('message', (data, { port }) => {
    const next = waiting.shift();
    if (next) next({ data, port });
    else inbox.push({ data, port });
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, address, resolve);
  });
  return {
    port: socket.address().port,
    send: (bytes: Uint8Array, port: number): Promise<void> =>
      new Promise((resolve, reject) => {
        socket.send(bytes, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
      }),
    /** The next datagram, or undefined after `ms` of silence. */
    next: (ms = 2000): Promise<Received | undefined> => {
      const first = inbox.shift();
      if (first) return Promise.resolve(first);
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(got), 1);
          resolve(undefined);
        }, ms);
        const got = (packet: Received | undefined): void => {
          clearTimeout(timer);
          resolve(packet);
        };
        waiting.push(got);
      });
    },
    close: (): Promise<void> =>
      new Promise((resolve) => {
        socket.close(() => resolve());
      }),
  };
}

/** A request as RFC 1350 §5 draws it, written without the code under test. */
export function rawRequest(
  opcode: 1 | 2,
  file: string,
  mode = 'octet',
  options: readonly string[] = [],
): Uint8Array {
  return Buffer.from(`\0${String.fromCharCode(opcode)}${[file, mode, ...options].join('\0')}\0`, 'latin1');
}

/** An ACK, by hand. */
export function rawAck(block: number): Uint8Array {
  return Uint8Array.of(0, 4, (block >> 8) & 255, block & 255);
}

/** Waits until `condition` holds; throws after `ms`. */
export async function until(condition: () => boolean, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
