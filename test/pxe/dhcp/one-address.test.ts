import { describe, expect, it } from 'vitest';
import { type Message, mac, otherMac, server } from './client.ts';
import { start } from './harness.ts';

const request = (requested: string, who = mac): Message => ({
  type: 'request',
  requested,
  serverId: server,
  mac: who,
});

describe('a client has one address', () => {
  const states = (s: Awaited<ReturnType<typeof start>>): Record<string, string> =>
    Object.fromEntries([...s.leases.saved].map(([ip, { state }]) => [ip, state]));

  it('gives back what it had once another one is its lease, on disk too', async () => {
    const s = await start();
    for (const last of [100, 101, 102, 103, 101]) {
      await s.say(request(`192.0.2.${last}`));
      await s.settle();
    }
    expect(s.types()).toEqual([5, 5, 5, 5, 5]);
    expect(states(s)).toEqual({
      '192.0.2.100': 'released',
      '192.0.2.101': 'bound',
      '192.0.2.102': 'released',
      '192.0.2.103': 'released',
    });
    // All others are free again.
    for (const n of [2, 3, 4]) await s.say({ type: 'discover', mac: `52:54:00:00:00:0${n}` as typeof mac });
    expect(s.types().slice(5)).toEqual([2, 2, 2]);
  });

  it('keeps what it had while the new lease is not on disk, and when that fails', async () => {
    const s = await start();
    await s.say(request('192.0.2.100'));
    s.leases.failure = new Error('disk is full');
    await s.say(request('192.0.2.101'));
    expect(states(s)).toEqual({ '192.0.2.100': 'bound' });
    await s.say(request('192.0.2.100', otherMac));
    expect(s.types()).toEqual([5, 6]);
    s.leases.failure = undefined;
    await s.say(request('192.0.2.101'));
    await s.settle();
    expect(states(s)).toEqual({ '192.0.2.100': 'released', '192.0.2.101': 'bound' });
  });

  it('also when it asks for all at once, before any of them is on disk', async () => {
    const s = await start();
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    for (const last of [100, 101, 102, 103]) await s.say(request(`192.0.2.${last}`));
    finish();
    for (let turns = 0; turns < 5; turns++) await s.settle();
    expect(Object.values(states(s)).filter((state) => state === 'bound')).toHaveLength(1);
    expect(states(s)['192.0.2.103']).toBe('bound');
  });

  it('is what it goes on with after a restart', async () => {
    const s = await start();
    await s.say(request('192.0.2.100'));
    await s.say(request('192.0.2.101'));
    await s.settle();
    await s.handle.close();
    const again = await start({}, { leases: s.leases });
    await again.say({ type: 'discover' });
    await again.say({ type: 'discover', mac: otherMac, requested: '192.0.2.100' });
    expect(again.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.101', '192.0.2.100']);
  });
});
