import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import type { UdpReceiver } from '../../../src/net/udp.ts';
import { createTftpServer } from '../../../src/pxe/tftp/server.ts';
import { TransferPort } from '../../../src/pxe/tftp/transfer-port.ts';
import { createUnprovenCount } from '../../../src/pxe/tftp/unproven.ts';
import { Vigil } from '../../../src/pxe/tftp/vigil.ts';
import { cases } from '../../support/cases.ts';
import { loopback, pattern, rawAck, rawRequest } from '../../support/tftp-peer.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const content = pattern(1_000_000);

/** What a forged request makes a server send to its victim: sizes of all datagrams until nothing more comes. */
async function sentTo(
  requests: readonly Uint8Array[],
  ports: (n: number) => number,
  files: Readonly<Record<string, Uint8Array>> = { f: content },
): Promise<number[]> {
  const time = virtualTime();
  const sizes: number[] = [];
  let listener: UdpReceiver | undefined;
  const server = await createTftpServer(
    { address: loopback },
    {
      openUdp: (options, receive) => {
        if (options.port === 69) listener = receive;
        const send = (data: Uint8Array): Promise<void> => {
          sizes.push(data.length);
          return Promise.resolve();
        };
        return Promise.resolve({
          local: { address: options.address, port: 69 },
          send,
          close: () => Promise.resolve(),
        });
      },
      clock: time.clock,
      files: (name) => files[name],
      events: () => {},
    },
  );
  for (const [n, request] of requests.entries()) {
    listener?.(request, { address: '192.0.2.9', port: ports(n) });
    await time.pass(1);
  }
  for (let second = 0; second < 300; second += 1) await time.pass(1000);
  await server.close();
  return sizes;
}

const windowed = rawRequest(1, 'f', 'octet', ['blksize', '1468', 'windowsize', '64']);

it('sends an unverified address one OACK and three repetitions, never a window', async () => {
  const sizes = await sentTo([windowed], () => 2000);
  expect(sizes.length).toBe(4);
  expect(Math.max(...sizes)).toBeLessThan(windowed.length + 1);
});

it('sends it one block and three repetitions when nothing was negotiated, whatever timeout is asked for', async () => {
  expect(await sentTo([rawRequest(1, 'f')], () => 2000)).toEqual([516, 516, 516, 516]);
  expect((await sentTo([rawRequest(1, 'f', 'octet', ['timeout', '1'])], () => 2000)).length).toBe(4);
});

it('answers a request that is repeated a thousand times three times more', async () => {
  const sizes = await sentTo(Array<Uint8Array>(1000).fill(rawRequest(1, 'f')), () => 2000);
  expect(sizes.length).toBeLessThan(8);
});

it('serves one address that was never heard from 8 ports at most', async () => {
  const sizes = await sentTo(Array<Uint8Array>(1000).fill(rawRequest(1, 'f')), (n) => 2000 + n);
  expect(sizes.length).toBe(8 * 4);
});

it('refuses one address fifty times a second, and then is silent', async () => {
  // A millisecond each: a second in all, which may begin within another.
  const sizes = await sentTo(Array<Uint8Array>(999).fill(rawRequest(1, 'nothere')), (n) => 2000 + n);
  expect(sizes.length).toBeGreaterThanOrEqual(50);
  expect(sizes.length).toBeLessThanOrEqual(100);
});

it('begins no more for one port that asks for another file each time', async () => {
  const requests = Array.from({ length: 1000 }, (_, n) => rawRequest(1, n % 2 === 0 ? 'f' : '/f'));
  const sizes = await sentTo(requests, () => 2000);
  expect(sizes.length).toBeLessThanOrEqual(8 + 2 * 6);
});

it('counts a client that was heard no longer, and an address for ten seconds', () => {
  const begin = createUnprovenCount();
  const proofs = Array.from({ length: 8 }, () => begin('192.0.2.9', 10_000));
  expect(begin('192.0.2.9', 19_999)).toBeUndefined();
  expect(begin('192.0.2.10', 19_999)).toBeDefined();
  proofs[3]?.();
  expect(begin('192.0.2.9', 19_999)).toBeDefined();
  expect(begin('192.0.2.9', 19_999)).toBeUndefined();
  expect(begin('192.0.2.9', 20_000)).toBeDefined();
  // Of a time that is over.
  for (const proven of proofs) proven?.();
  for (let n = 1; n < 8; n += 1) expect(begin('192.0.2.9', 20_000)).toBeDefined();
  expect(begin('192.0.2.9', 20_000)).toBeUndefined();
});

it('never answers with an ERROR that is longer than what it answers', async () => {
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.of(0, 1, ...rest)),
    fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.of(0, 2, ...rest)),
    fc.uint8Array({ maxLength: 60 }),
    fc.stringMatching(/^[a-z.]{0,30}$/).map((name) => rawRequest(1, name)),
    fc.stringMatching(/^[a-z.]{0,30}$/).map((mode) => rawRequest(1, 'f', mode)),
  );
  await fc.assert(
    fc.asyncProperty(damaged, async (packet) => {
      const sizes = await sentTo([packet], () => 2000, {});
      expect(sizes.every((size) => size >= 5 && size <= packet.length)).toBe(true);
    }),
    { numRuns: cases(2000) },
  );
});

it('tells strangers at a transfer nothing longer than what they sent', async () => {
  const sent: number[] = [];
  let arrive: UdpReceiver = () => {};
  const port = await TransferPort.open(
    (receive) => {
      arrive = receive;
      return Promise.resolve({
        local: { address: loopback, port: 7 },
        send: (data: Uint8Array) => {
          sent.push(data.length);
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      });
    },
    { clock: virtualTime().clock, log: silentLog, vigil: new Vigil(), mayRefuse: () => true },
  );
  const heard: number[] = [];
  const line = port.take({ address: '192.0.2.9', port: 2000 }, (data) => heard.push(data.length));
  const stranger = { address: '192.0.2.10', port: 2000 };
  for (const data of [rawAck(1), Uint8Array.of(0, 3, 0, 1, 1), Uint8Array.of(0, 3, 0, 1, ...pattern(500))])
    arrive(data, stranger);
  expect(sent).toEqual([5, 5 + 'unknown transfer id'.length]);
  expect(heard).toEqual([]);
  await line?.close();
});
