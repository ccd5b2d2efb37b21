import { expect, it } from 'vitest';
import { isLost, measureRoundTrip, waitMs } from '../../../src/pxe/tftp/retry.ts';

const silence = {
  timeoutMs: undefined,
  roundTrip: undefined,
  backoff: 0,
  tries: 0,
  silentMs: 0,
  verified: true,
};

it('§4.2.3.2: the timeout follows the measured path', () => {
  const lan = measureRoundTrip(measureRoundTrip(undefined, 2), 2);
  expect(waitMs({ ...silence, roundTrip: lan })).toBe(50);
  const slow = measureRoundTrip(undefined, 120);
  expect(waitMs({ ...silence, roundTrip: slow })).toBe(360);
  const steady = Array.from({ length: 40 }, () => 120).reduce(measureRoundTrip, slow);
  expect(waitMs({ ...silence, roundTrip: steady })).toBeLessThan(125);
  expect(waitMs({ ...silence, roundTrip: measureRoundTrip(undefined, 5000) })).toBe(1000);
});

it('§4.2.3.2: it grows exponentially, and the client gets fifteen seconds in all', () => {
  const waits: number[] = [];
  let now = { ...silence, roundTrip: { smoothedMs: 1, deviationMs: 0 } };
  for (;;) {
    const wait = waitMs(now);
    waits.push(wait);
    if (isLost(now)) break;
    now = { ...now, tries: now.tries + 1, backoff: now.backoff + 1, silentMs: now.silentMs + wait };
  }
  expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 3200, 4000, 4000, 4000]);
});

it('a client that never acknowledged anything gets three retransmissions, whatever timeout it asked for', () => {
  const unseen = { ...silence, verified: false };
  expect([0, 1, 2, 3].map((tries) => waitMs({ ...unseen, tries }))).toEqual([1000, 2000, 4000, 8000]);
  expect([2, 3].map((tries) => isLost({ ...unseen, tries, timeoutMs: 1000 }))).toEqual([false, true]);
});
