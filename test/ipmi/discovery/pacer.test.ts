import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { delay } from '../../../src/base/clock.ts';
import type { Ipv4 } from '../../../src/base/ipv4.ts';
import type { OpenUdp } from '../../../src/net/udp.ts';
import { pacedUdp } from '../../../src/ipmi/discovery/pacer.ts';
import { virtualTime } from '../../support/virtual-net.ts';

const bind = { address: '0.0.0.0' as Ipv4, port: 0 };
const to = { address: '192.0.2.1', port: 623 };

function world(perSecond: number, signal?: AbortSignal) {
  const time = virtualTime();
  const sentAt: number[] = [];
  const open: OpenUdp = async () => ({
    local: to,
    send: async () => void sentAt.push(time.clock.now()),
    close: async () => {},
  });
  return { time, sentAt, paced: pacedUdp(open, time.clock, perSecond, signal) };
}

it('never sends more than its rate in any second, over all sockets and after pauses', async () => {
  const bursts = fc.array(fc.record({ count: fc.integer({ min: 1, max: 200 }), pauseMs: fc.nat(3000) }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(bursts, fc.constantFrom(50, 500, 2000), async (all, perSecond) => {
      const { time, sentAt, paced } = world(perSecond);
      const sockets = await Promise.all([paced(bind, () => {}), paced(bind, () => {})]);
      for (const { count, pauseMs } of all) {
        await time.settle(
          Promise.all(
            Array.from(
              { length: count },
              (_, i) => sockets.at(i % 2)?.send(new Uint8Array(), to) ?? Promise.resolve(),
            ),
          ),
        );
        await time.settle(delay(time.clock, pauseMs));
      }
      const slack = Math.ceil(perSecond / 100) + 1;
      for (const [i, at] of sentAt.entries()) {
        const inSecond = sentAt.slice(i).filter((other) => other < at + 1000).length;
        expect(inSecond).toBeLessThanOrEqual(perSecond + slack);
      }
    }),
    { numRuns: 30 },
  );
});

it('sends nothing more once it is cancelled', async () => {
  const cancel = new AbortController();
  const { time, sentAt, paced } = world(10, cancel.signal);
  const socket = await paced(bind, () => {});
  const sends = Array.from({ length: 10 }, () => socket.send(new Uint8Array(), to));
  await time.pass(250);
  const before = sentAt.length;
  cancel.abort();
  await time.settle(Promise.all(sends));
  expect(before).toBeGreaterThan(0);
  expect(sentAt.length).toBe(before);
});
