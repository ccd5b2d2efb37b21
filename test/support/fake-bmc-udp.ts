import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { WireError } from '../../src/base/bytes.ts';
import { type FakeBmc, type FakeBmcOptions, fakeBmc } from './fake-bmc.ts';

/** A fake BMC behind a real socket on loopback, for consoles that we did not write. */
export interface FakeBmcUdp {
  readonly bmc: FakeBmc;
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the fake on a free port. Malformed datagrams are dropped. */
export async function startFakeBmc(options: Omit<FakeBmcOptions, 'random'>): Promise<FakeBmcUdp> {
  const bmc = fakeBmc({ ...options, random: (length) => new Uint8Array(randomBytes(length)) });
  const socket = createSocket('udp4');
  socket.on('message', (datagram, from) => {
    try {
      for (const answer of bmc.handle(new Uint8Array(datagram))) socket.send(answer, from.port, from.address);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  });
  const address = '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, address, resolve);
  });
  const { port } = socket.address();
  return {
    bmc,
    address,
    port,
    close: () =>
      new Promise((resolve) => {
        socket.close(() => resolve());
      }),
  };
}
