import { describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import { createPolledAsker } from '../../src/net/probe/polled-asker.ts';

const ip = (n: number): Ipv4 => `192.0.2.${n}` as Ipv4;

/** A segment whose time stands still until `pass`; a packet is the last byte of the address that it is from. */
function segment(lookEveryMs = 10) {
  let now = 1_000_000;
  let timer: (() => void) | undefined;
  const asked: [number, Ipv4][] = [];
  const arrived: number[] = [];
  let timers = 0;
  let closed = 0;
  const start = now;
  const asker = createPolledAsker<string>(
    {
      socket: {
        send: () => true,
        receive: () => {
          const from = arrived.shift();
          return from === undefined ? undefined : Uint8Array.of(from);
        },
        close: () => void (closed += 1),
      },
      ask: (address) => void asked.push([now - start, address]),
      read: (packet) => ({ ip: ip(packet[0] ?? 0), answer: `mac of ${packet[0]}` }),
      repeatAtMs: [100],
      giveUpAfterMs: 250,
      mostOpen: 3,
    },
    {
      now: () => now,
      after(ms, run) {
        expect(ms).toBe(lookEveryMs);
        expect(timer).toBeUndefined();
        timers += 1;
        timer = run;
        return () => (timer = undefined);
      },
    },
  );
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    const run = timer;
    timer = undefined;
    run?.();
    await Promise.resolve();
  };
  return {
    asker,
    asked,
    arrived,
    pass,
    isWaiting: () => timer !== undefined,
    closed: () => closed,
    timers: () => timers,
  };
}

describe('asking by looking', () => {
  it('asks twice, gives up after a quarter of a second, and rests', async () => {
    const s = segment();
    let answer: unknown = 'open';
    void s.asker.ask(ip(1)).then((value) => (answer = value));
    for (let ms = 0; ms < 240; ms += 10) await s.pass(10);
    expect(s.asked).toEqual([
      [0, ip(1)],
      [100, ip(1)],
    ]);
    expect(answer).toBe('open');
    await s.pass(10);
    await Promise.resolve();
    expect(answer).toBeUndefined();
    expect(s.isWaiting()).toBe(false);
  });

  it('takes what has arrived also when it looks too late', async () => {
    const s = segment();
    const answer = s.asker.ask(ip(1));
    s.arrived.push(9, 1);
    await s.pass(60_000);
    expect(await answer).toBe('mac of 1');
  });

  it('does not take an answer that came before the question', async () => {
    const s = segment();
    s.arrived.push(1);
    const answer = s.asker.ask(ip(1));
    for (let looks = 0; looks < 25; looks++) await s.pass(10);
    expect(await answer).toBeUndefined();
  });

  it('has one timer for all, one wait for one address, and no more than it may', async () => {
    const s = segment();
    const answers = [ip(1), ip(2), ip(1), ip(3)].map((address) => s.asker.ask(address));
    expect(await s.asker.ask(ip(4))).toBeUndefined();
    expect(s.timers()).toBe(1);
    expect(s.asked.map(([, address]) => address)).toEqual([ip(1), ip(2), ip(3)]);
    s.arrived.push(2, 1);
    await s.pass(10);
    expect(await answers[0]).toBe('mac of 1');
    expect(await answers[1]).toBe('mac of 2');
    expect(await answers[2]).toBe('mac of 1');
    s.asker.close();
    expect(await answers[3]).toBeUndefined();
    expect(s.isWaiting()).toBe(false);
    expect(await s.asker.ask(ip(1))).toBeUndefined();
    expect(s.closed()).toBe(1);
  });

  it('waits anew when the clock is set back, instead of until it has caught up', async () => {
    const s = segment();
    const answer = s.asker.ask(ip(1));
    await s.pass(-3_600_000);
    for (let looks = 0; looks < 25; looks++) await s.pass(10);
    expect(await answer).toBeUndefined();
  });
});
