import { createSocket, type Socket } from 'node:dgram';
import { network } from '../pxe/orders.ts';
import { mutated, numbersFrom } from './mutate.ts';
import type { AttackOrder } from './orders.ts';
import { type Asked, burst, Tally, witnessMs } from './tally.ts';

/** A transfer that nobody acknowledges is over by then. */
const portMs = 20_000;
const names: Readonly<Record<number, string>> = { 3: 'DATA', 5: 'ERROR', 6: 'OACK' };

function request(opcode: number, ...words: readonly string[]): Buffer {
  return Buffer.from(`\0${String.fromCharCode(opcode)}${words.join('\0')}\0`, 'latin1');
}

const genuine = [
  request(1, 'snponly.efi', 'octet'),
  request(1, 'snponly.efi', 'octet', 'tsize', '0', 'blksize', '1468'),
  request(1, 'undionly.kpxe', 'octet', 'blksize', '1408', 'windowsize', '64', 'timeout', '1'),
  request(1, 'undionly.kpxe', 'netascii'),
  request(1, 'ipxe.pxe', 'octet', 'rollover', '1', 'utimeout', '100000'),
  request(1, '../../etc/passwd', 'octet'),
  request(2, 'snponly.efi', 'octet'),
  Buffer.from([0, 4, 0, 1]),
  Buffer.from([0, 3, 0, 1, 1, 2, 3]),
  Buffer.from('\0\x05\0\0no\0', 'latin1'),
];

/** True for a read request as the standards have it: name, mode and pairs of option and value, each with its NUL. RFC 1350 §5, RFC 2347 §2 */
function isReadRequest(packet: Buffer): boolean {
  if (packet.length > 512 || packet[0] !== 0 || packet[1] !== 1 || packet.at(-1) !== 0) return false;
  const words = packet.toString('latin1', 2, packet.length - 1).split('\0');
  const [name = '', mode = ''] = words;
  return name !== '' && /^(octet|netascii)$/i.test(mode) && words.length % 2 === 0;
}

interface Source {
  readonly socket: Socket;
  asked: Asked;
  /** What a port of the server answers: its first packet answers the last request, later ones are repetitions. */
  readonly answered: Map<number, Asked>;
}

async function open(address: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, found) => found(null, host, 4) });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return socket;
}

/** Damaged TFTP requests from 200 addresses, none of which ever acknowledges anything. */
export async function attackTftp(order: AttackOrder, tally: Tally): Promise<number> {
  const pick = numbersFrom(order.seed);
  const sources = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      const source: Source = {
        socket: await open(`${order.addresses}.${n + 1}`),
        asked: { bytes: 0, isWellFormed: false },
        answered: new Map(),
      };
      source.socket.on('message', (data, { port }) => {
        const asked = (port === 69 ? undefined : source.answered.get(port)) ?? source.asked;
        if (port !== 69 && !source.answered.has(port)) {
          source.answered.set(port, asked);
          // The server uses a port again, but not so soon.
          setTimeout(() => source.answered.delete(port), portMs).unref();
        }
        tally.note(names[data[1] ?? 0] ?? 'other', data.length, asked);
      });
      return source;
    }),
  );
  const ask = async (): Promise<void> => {
    // A socket each time: a late answer to one question must not pass for the answer to the next.
    const witness = await open(network.client);
    await new Promise<void>((resolve, reject) => {
      const begun = performance.now();
      const packet = request(1, 'snponly.efi', 'octet', 'tsize', '0');
      const again = setInterval(() => {
        if (performance.now() - begun < witnessMs) return witness.send(packet, 69, network.server);
        clearInterval(again);
        reject(new Error('the TFTP server answers no more'));
      }, 500);
      witness.once('message', (data, from) => {
        clearInterval(again);
        // Ends the transfer. RFC 1350 §5
        witness.send(Buffer.from('\0\x05\0\0enough\0', 'latin1'), from.port, network.server, () => {
          if (data[1] === 6) resolve();
          else reject(new Error(`the witness got TFTP ${data[1]}`));
        });
      });
      witness.send(packet, 69, network.server);
    });
    witness.close();
  };
  let witnessed = 0;
  for (let sent = 0; sent < order.cases; ) {
    for (let n = 0; n < burst && sent < order.cases; n += 1, sent += 1) {
      const packet = mutated(genuine, pick);
      const source = sources[sent % sources.length];
      if (source === undefined) continue;
      source.asked = { bytes: packet.length, isWellFormed: isReadRequest(packet) };
      source.socket.send(packet, 69, network.server);
    }
    await ask();
    witnessed += 1;
  }
  for (const { socket } of sources) socket.close();
  return witnessed;
}
