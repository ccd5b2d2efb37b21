import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** For each line `{port, path, clients, rounds}` on its standard input: that many downloads at a time, so many times; answers MB/s. */
interface Order {
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  readonly rounds: number;
}

/** One download over a connection of its own, as a machine makes it; answers the bytes that came. */
function download({ port, path }: Order): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const socket = connect({
      port,
      host: '127.0.0.1',
      // One buffer for all reads: what is measured is the server.
      onread: {
        buffer: Buffer.allocUnsafe(256 * 1024),
        callback(count) {
          bytes += count;
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(bytes));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`);
  });
}

async function run(order: Order): Promise<number> {
  let bytes = 0;
  const begun = performance.now();
  for (let round = 0; round < order.rounds; round += 1) {
    const all = await Promise.all(Array.from({ length: order.clients }, () => download(order)));
    for (const one of all) bytes += one;
  }
  return bytes / 1000 / (performance.now() - begun);
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const order = JSON.parse(line) as Order;
  process.stdout.write(`${JSON.stringify({ rate: await run(order) })}\n`);
}
