import { connect } from 'node:net';
import { get } from 'node:http';
import { network } from '../pxe/orders.ts';
import { mutated, numbersFrom } from './mutate.ts';
import type { AttackOrder } from './orders.ts';
import { Tally, witnessMs } from './tally.ts';

const token = '0'.repeat(64);
const head = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const genuine = [
  head(
    `GET /boot/${token}/boot.ipxe HTTP/1.1`,
    'Host: a',
    'User-Agent: iPXE/1.0.0',
    'Connection: keep-alive',
  ),
  head(`GET /boot/${token}/kernel HTTP/1.1`, 'Host: a', 'Range: bytes=0-99,200-'),
  head(`HEAD /boot/${token}/kernel HTTP/1.0`, 'If-None-Match: "x"'),
  head('GET /loader/snponly.efi HTTP/1.1', 'Host: a', 'Connection: close'),
  head(`GET /boot/${token}/source/Packages/../../%2e%2e/a.rpm HTTP/1.1`, 'Host: a'),
  Buffer.concat([
    head(`POST /boot/${token}/inspection HTTP/1.1`, 'Host: a', 'Content-Length: 20'),
    Buffer.from('{"processors": [1]}\n'),
  ]),
  Buffer.concat([
    head(`POST /boot/${token}/progress HTTP/1.1`, 'Host: a', 'Transfer-Encoding: chunked'),
    Buffer.from('5\r\nhello\r\n0\r\n\r\n'),
  ]),
];
const atATime = 48;
/** A request that has no end is waited for by the server; the attacker has no such patience. */
const patienceMs = 300;

function throwAt(packet: Buffer, from: string, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    let received = 0;
    let status = 'nothing';
    const socket = connect({ host: network.server, port: 8081, localAddress: from });
    // Not a reset: with the end of what was sent still under way, Node (20) would wait for that for ever as the process ends.
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (data) => {
      if (received === 0) status = data.toString('latin1', 9, 12);
      received += data.length;
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      tally.note(status, received, { bytes: packet.length, isWellFormed: true });
      resolve();
    });
    socket.end(packet);
  });
}

function witness(): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = get(
      `http://${network.server}:8081/boot/${token}/boot.ipxe`,
      { agent: false, timeout: witnessMs },
      (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200
            ? resolve()
            : reject(new Error(`the witness got HTTP ${response.statusCode}`)),
        );
      },
    );
    asking.on('timeout', () => asking.destroy(new Error('boot HTTP answers no more')));
    asking.on('error', reject);
  });
}

/** Damaged HTTP requests from 200 addresses, a connection each: the server closes it after nearly every one, as it can't tell where the next begins. */
export async function attackHttp(order: AttackOrder, tally: Tally): Promise<number> {
  const pick = numbersFrom(order.seed);
  let [sent, witnessed] = [0, 0];
  const worker = async (): Promise<void> => {
    while (sent < order.cases) {
      sent += 1;
      const from = `${order.addresses}.${(sent % 200) + 1}`;
      if (sent % 500 === 0) {
        await witness();
        witnessed += 1;
      }
      await throwAt(mutated(genuine, pick), from, tally);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return witnessed;
}
