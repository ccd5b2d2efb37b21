import { expect, it } from 'vitest';
import type { UdpReceiver } from '../../../src/net/udp.ts';
import { createTftpServer } from '../../../src/pxe/tftp/server.ts';
import { loopback, pattern, rawRequest } from '../../support/tftp-peer.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const content = pattern(1_000_000);

/** What a forged request makes a server send to its victim: sizes of all datagrams until nothing more comes. */
async function sentTo(requests: readonly Uint8Array[], ports: (n: number) => number): Promise<number[]> {
  const time = virtualTime();
  const sizes: number[] = [];
  const receivers: UdpReceiver[] = [];
  const server = await createTftpServer(
    { address: loopback },
    {
      openUdp: (options, receive) => {
        receivers.push(receive);
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
      files: (name) => (name === 'f' ? content : undefined),
      events: () => {},
    },
  );
  for (const [n, request] of requests.entries()) {
    receivers[0]?.(request, { address: '192.0.2.9', port: ports(n) });
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

it('serves one address from 16 ports at most', async () => {
  const sizes = await sentTo(Array<Uint8Array>(1000).fill(rawRequest(1, 'f')), (n) => 2000 + n);
  expect(sizes.length).toBe(16 * 4);
});

it('refuses one address fifty times a second, and then is silent', async () => {
  // A millisecond each: a second in all, which may begin within another.
  const sizes = await sentTo(Array<Uint8Array>(999).fill(rawRequest(1, 'nothere')), (n) => 2000 + n);
  expect(sizes.length).toBeGreaterThanOrEqual(50);
  expect(sizes.length).toBeLessThanOrEqual(100);
});
