import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { UdpReceiver } from '../../../src/net/udp.ts';
import { createTftpServer } from '../../../src/pxe/tftp/server.ts';
import { cases, protocolCases } from '../../support/cases.ts';
import { liveTftp, loopback, pattern, peer, rawAck, rawRequest, until } from '../../support/tftp-peer.ts';

const words = fc.constantFrom(
  'f',
  'octet',
  'netascii',
  'blksize',
  'tsize',
  'windowsize',
  'timeout',
  '0',
  '8',
  '1468',
  '65464',
  '',
);
const datagram = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 40 }))
    .map(([opcode, rest]) => Uint8Array.of(0, opcode, ...rest)),
  fc
    .tuple(fc.constantFrom('\0\x01', '\0\x02'), fc.array(words, { maxLength: 9 }))
    .map(([opcode, list]) => Uint8Array.from(Buffer.from(`${opcode}${list.join('\0')}\0`, 'latin1'))),
  fc.integer({ min: 0, max: 0xffff }).map((block) => Uint8Array.from(rawAck(block))),
);

/** True for what a server may answer at its well-known port: requests, also malformed ones, and nothing else. */
const mayBeAnswered = (bytes: Uint8Array): boolean => bytes[0] === 0 && (bytes[1] === 1 || bytes[1] === 2);

it.each([false, true])(
  'the server never throws, and answers nothing but requests (one port: %s)',
  async (singlePort) => {
    let listener: UdpReceiver | undefined;
    const receivers: UdpReceiver[] = [];
    let sent = 0;
    const server = await createTftpServer(
      { address: loopback, singlePort, maxTransfers: 50, maxTransfersPerClient: 50 },
      {
        openUdp: (options, receive) => {
          if (options.port === 69) listener = receive;
          if (singlePort || options.port !== 69) receivers.push(receive);
          return Promise.resolve({
            local: { address: options.address, port: 69 },
            send: () => {
              sent++;
              return Promise.resolve();
            },
            close: () => Promise.resolve(),
          });
        },
        clock: systemClock,
        files: (name) => (name === 'f' ? pattern(3000) : undefined),
        events: () => {},
      },
    );
    await fc.assert(
      fc.asyncProperty(datagram, fc.nat(20), async (bytes, port) => {
        const before = sent;
        listener?.(bytes, { address: `127.0.1.${port}`, port: 1000 + port });
        await Promise.resolve();
        // With one port, the ACK of a transfer under way is answered as well.
        expect(!singlePort && sent > before && !mayBeAnswered(bytes)).toBe(false);
        // The same noise at a running transfer, from its client and from strangers.
        for (const receive of receivers) receive(bytes, { address: `127.0.1.${port}`, port: 1000 + port });
        receivers.splice(60);
      }),
      { numRuns: protocolCases() },
    );
    expect(sent).toBeGreaterThan(100);
    await server.close();
  },
  120_000,
);

it('a live server serves on after noise over the wire', async () => {
  const { server, events } = await liveTftp(
    { f: pattern(1000), clean: pattern(700) },
    { maxTransfersPerClient: 4 },
  );
  const noise = await peer('127.0.0.2');
  await fc.assert(
    fc.asyncProperty(datagram, async (bytes) => {
      await noise.send(bytes, server.port);
      // Lets the server, which shares this thread, read: a full receive buffer would only test the kernel.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }),
    { numRuns: cases(20_000) },
  );
  const client = await peer();
  await client.send(rawRequest(1, 'clean'), server.port);
  const first = await client.next();
  expect(first?.data.length).toBe(516);
  await client.send(rawAck(1), first!.port);
  expect((await client.next())?.data.length).toBe(4 + 700 - 512);
  await client.send(rawAck(2), first!.port);
  await until(() => events.some((e) => e.file === 'clean' && e.phase === 'done'));
  await Promise.all([noise.close(), client.close(), server.close()]);
}, 60_000);
