import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import type { FetchOrder, FetchReport } from './orders.ts';

/** Load client: argv[2] is a FetchOrder as JSON; prints a FetchReport. Its own TFTP, so that no code of ours judges itself. */
const order = JSON.parse(process.argv[2] ?? '') as FetchOrder;
const content = readFileSync(order.path);
const silenceMs = 1000;
const mostSilences = 20;

function addressOf(index: number): string {
  const [a = 0, b = 0, c = 0, d = 0] = order.firstAddress.split('.').map(Number);
  const number = c * 256 + d + index;
  return `${a}.${b}.${number >> 8}.${number & 255}`;
}

/** Fetches the file once; true when every byte was right. RFC 1350, RFC 7440 §4 */
function fetchOnce(index: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: 1 << 20,
      lookup: (host, _options, found) => found(null, host, 4),
    });
    const words = [order.file, 'octet', 'blksize', String(order.blockSize)];
    if (order.windowSize > 1) words.push('windowsize', String(order.windowSize));
    let last: Uint8Array = Buffer.from(`\0\x01${words.join('\0')}\0`, 'latin1');
    let port = 69;
    let [blockSize, windowSize, inOrder, sinceAck, complained, silences] = [512, 1, 0, 0, -1, 0];
    let timer: NodeJS.Timeout;
    const finish = (right: boolean): void => {
      clearInterval(timer);
      socket.close(() => resolve(right));
    };
    const send = (packet: Uint8Array): void => {
      last = packet;
      socket.send(packet, port, order.server);
    };
    const ack = (): void => {
      sinceAck = 0;
      send(Uint8Array.of(0, 4, (inOrder >> 8) & 255, inOrder & 255));
    };
    socket.on('message', (data, from) => {
      silences = 0;
      port = from.port;
      if (data[1] === 6) {
        const answer = data.subarray(2).toString('latin1').toLowerCase().split('\0');
        blockSize = Number(answer[answer.indexOf('blksize') + 1] ?? 512);
        windowSize = answer.includes('windowsize') ? Number(answer[answer.indexOf('windowsize') + 1]) : 1;
        if (inOrder === 0) ack();
        return;
      }
      if (data[1] !== 3) return finish(false);
      const ahead = (data.readUInt16BE(2) - inOrder) & 0xffff;
      if (ahead === 1) {
        const begin = inOrder * blockSize;
        if (data.compare(content, begin, Math.min(begin + blockSize, content.length), 4) !== 0)
          return finish(false);
        inOrder += 1;
        sinceAck += 1;
        const isLast = data.length < blockSize + 4;
        if (isLast || sinceAck >= windowSize) ack();
        if (isLast) finish(true);
      } else if (windowSize > 1 && complained !== inOrder) {
        complained = inOrder;
        ack();
      }
    });
    socket.bind(0, addressOf(index), () => {
      timer = setInterval(() => {
        silences += 1;
        if (silences > mostSilences) finish(false);
        else if (silences > 1) send(last);
      }, silenceMs);
      send(last);
    });
  });
}

const begun = performance.now();
const results = await Promise.all(Array.from({ length: order.clients }, (_, index) => fetchOnce(index)));
const right = results.filter(Boolean).length;
const report: FetchReport = { ms: performance.now() - begun, right, wrong: results.length - right };
process.stdout.write(`${JSON.stringify(report)}\n`);
