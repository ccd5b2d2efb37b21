import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { encodeTftp } from '../../src/pxe/tftp/wire/packet.ts';
import { message } from './dhcp/client.ts';

/** Its arguments: the server's address, how many packets, the seed. */
export type NoiseOrder = readonly [server: string, count: string, seed: string];

/**
 * Sends noise to the ports of a segment: whole messages with wrong bytes in them, cut ones and random ones. Says `sent` at the end.
 */
const [server = '', count = '0', seed = '1'] = process.argv.slice(2);
const rom = { 60: 'PXEClient:Arch:00000:UNDI:002001', 93: [0, 0], 97: Array.from({ length: 17 }, () => 0) };
const read = (options: readonly (readonly [string, string])[]) =>
  encodeTftp({
    kind: 'read',
    file: 'undionly.kpxe',
    mode: 'octet',
    options: options.map(([name, value]) => ({ name, value })),
  });
const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const targets: readonly (readonly [number, readonly Uint8Array[]])[] = [
  [
    67,
    [
      message({ type: 'discover', options: rom }),
      message({ type: 'request', ciaddr: '192.0.2.9', options: rom }),
    ],
  ],
  [4011, [message({ type: 'request', ciaddr: '192.0.2.9', options: rom })]],
  [
    69,
    [
      read([]),
      read([
        ['blksize', '1468'],
        ['windowsize', '4'],
        ['tsize', '0'],
      ]),
    ],
  ],
  [
    8081,
    [
      text(`GET /loader/undionly.kpxe HTTP/1.1\r\nHost: ${server}\r\nRange: bytes=0-99\r\n\r\n`),
      text('POST /boot/x/report HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'),
    ],
  ],
];
const byte = fc.integer({ min: 0, max: 255 });
const noise = fc.constantFrom(...targets).chain(([port, seeds]) =>
  fc
    .oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 700 }) },
      {
        weight: 4,
        arbitrary: fc
          .tuple(
            fc.constantFrom(...seeds),
            fc.array(fc.tuple(fc.nat(320), byte), { maxLength: 6 }),
            fc.nat(900),
          )
          .map(([whole, changes, cut]) => {
            const bytes = Uint8Array.from(whole);
            for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
            return bytes.subarray(0, cut);
          }),
      },
    )
    .map((bytes) => ({ port, bytes })),
);

const socket = createSocket('udp4');
// Ports that nobody listens at answer with ICMP, and some errors of noise are ours.
socket.on('error', () => undefined);
await new Promise<void>((resolve) => void socket.bind(68, resolve));
socket.setBroadcast(true);
for (const { port, bytes } of fc.sample(noise, { numRuns: Number(count), seed: Number(seed) })) {
  if (port === 8081) {
    await new Promise<void>((resolve) => {
      const connection = connect(port, server, () => connection.end(bytes));
      connection.on('error', () => undefined);
      connection.on('data', () => undefined);
      connection.once('close', () => resolve());
      connection.setTimeout(50, () => connection.destroy());
    });
  } else {
    socket.send(bytes, port, port === 67 ? '255.255.255.255' : server, () => undefined);
    // No faster than the smallest receive buffer empties.
    await sleep(1);
  }
}
process.stdout.write('sent\n');
process.exit(0);
