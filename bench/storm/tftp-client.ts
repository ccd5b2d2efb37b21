import { createSocket } from 'node:dgram';
import { network } from '../pxe/orders.ts';

const blockSize = 1468;
/** As firmware has it: a few seconds of silence, some times. */
const silenceMs = 1000;
const mostSilences = 15;

/** Fetches a file in lock-step, as the firmware of machines does; rejects when a byte is wrong. RFC 1350, RFC 2348 */
export function fetchTftp(
  from: string,
  file: string,
  content: Buffer,
  count: { repeats: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) });
    let last: Uint8Array = Buffer.from(`\0\x01${file}\0octet\0tsize\x000\0blksize\0${blockSize}\0`, 'latin1');
    let [port, block, silences] = [69, 0, 0];
    let timer: NodeJS.Timeout | undefined;
    const end = (reason?: string): void => {
      clearInterval(timer);
      socket.close();
      if (reason === undefined) resolve();
      else reject(new Error(reason));
    };
    const send = (packet: Uint8Array): void => {
      last = packet;
      socket.send(packet, port, network.server);
    };
    const ack = (): void => send(Uint8Array.of(0, 4, (block >> 8) & 255, block & 255));
    socket.on('error', () => end('TFTP socket error'));
    socket.on('message', (data, peer) => {
      silences = 0;
      port = peer.port;
      if (data[1] === 6) return ack();
      if (data[1] !== 3) return end('TFTP error packet');
      if (data.readUInt16BE(2) !== ((block + 1) & 0xffff)) return;
      const begin = block * blockSize;
      if (data.compare(content, begin, Math.min(begin + blockSize, content.length), 4) !== 0)
        return end('TFTP bytes changed');
      block += 1;
      ack();
      if (data.length < blockSize + 4) end();
    });
    socket.bind(0, from, () => {
      send(last);
      timer = setInterval(() => {
        silences += 1;
        if (silences > mostSilences) return end('TFTP silence');
        if (silences < 2) return;
        count.repeats += 1;
        send(last);
      }, silenceMs);
    });
  });
}
