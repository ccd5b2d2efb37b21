import { createServer, type Server, type Socket } from 'node:net';

/** A program at the other end of the serial line. */
export interface SerialLine {
  readonly port: number;
  /** What was typed so far, a character a byte. */
  typed(): string;
  print(data: Uint8Array | string): void;
  close(): Promise<void>;
}

/** Listens for the BMC; `echo` sends back what is typed. */
export async function startSerialLine(echo: boolean): Promise<SerialLine> {
  const sockets = new Set<Socket>();
  let typed = '';
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      typed += data.toString('latin1');
      if (echo) socket.write(data);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no TCP port for the serial line');
  return {
    port: at.port,
    typed: () => typed,
    print(data) {
      for (const socket of sockets) socket.write(data);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
