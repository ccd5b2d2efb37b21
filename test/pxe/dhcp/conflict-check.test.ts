import { describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../../src/base/ipv4.ts';
import type { Mac } from '../../../src/base/mac.ts';
import { ip, type Message, mac, otherMac, server, serverUuid } from './client.ts';
import { start } from './harness.ts';

/** Probes that end when the test says so; `taken` are the addresses that something uses. */
function probes(taken: readonly string[] = []) {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const inUse = (address: Ipv4): Promise<boolean> => {
    asked.push(address);
    return new Promise((resolve) => waiting.push(() => resolve(taken.includes(address))));
  };
  return { asked, inUse, finish: () => waiting.splice(0).forEach((end) => end()) };
}

const request = (ciaddr: string, who = mac): Message => ({ type: 'request', ciaddr, mac: who });
const macOf = (n: number): Mac =>
  `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}` as Mac;

describe('the check before an offer', () => {
  it('comes before the first offer to a client, not before its repetition', async () => {
    const p = probes();
    const s = await start({}, { inUse: p.inUse });
    await s.say({ type: 'discover' });
    expect(s.types()).toEqual([]);
    p.finish();
    await s.settle();
    expect(s.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.100']);
    await s.say({ type: 'discover' });
    expect(s.types()).toEqual([2, 2]);
    expect(p.asked).toEqual(['192.0.2.100']);
  });

  it('is joined by repetitions, and answers the latest of them once', async () => {
    const p = probes();
    const s = await start({}, { inUse: p.inUse });
    for (const xid of [7, 7, 8]) await s.say({ type: 'discover', fields: { xid } });
    p.finish();
    await s.settle();
    expect(s.sent.map(({ packet }) => packet.xid)).toEqual([8]);
    expect(p.asked).toHaveLength(1);
  });

  it('sets an address in use aside, tells it, and takes the next', async () => {
    const p = probes(['192.0.2.100']);
    const s = await start({}, { inUse: p.inUse });
    await s.say({ type: 'discover' });
    p.finish();
    await s.settle();
    expect(s.events).toContainEqual({ kind: 'dhcp-conflict', serverUuid, mac, ip: '192.0.2.100' });
    expect(s.leases.saved.get('192.0.2.100')).toMatchObject({ state: 'declined', expiresAt: 601_000 });
    p.finish();
    await s.settle();
    expect(s.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.101']);
    await s.say({ type: 'discover', mac: otherMac, requested: '192.0.2.100' });
    p.finish();
    await s.settle();
    expect(s.sent.at(-1)?.packet.yiaddr).toBe('192.0.2.102');
  });

  it('gives up after three addresses in use', async () => {
    const p = probes(['192.0.2.100', '192.0.2.101', '192.0.2.102']);
    const s = await start({}, { inUse: p.inUse });
    await s.say({ type: 'discover' });
    for (let n = 0; n < 4; n++) {
      p.finish();
      await s.settle();
    }
    expect(p.asked).toEqual(['192.0.2.100', '192.0.2.101', '192.0.2.102']);
    expect(s.types()).toEqual([]);
    expect(s.reasons()).toEqual(['several addresses in a row are in use']);
    await s.say({ type: 'discover' });
    p.finish();
    await s.settle();
    expect(s.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.103']);
  });

  it('runs side by side for many clients, each with an address of its own', async () => {
    const p = probes();
    const s = await start({ rangeEnd: ip('192.0.2.200') }, { inUse: p.inUse });
    for (let n = 0; n < 50; n++) await s.say({ type: 'discover', mac: macOf(n) });
    expect(p.asked).toHaveLength(50);
    expect(new Set(p.asked).size).toBe(50);
    p.finish();
    await s.settle();
    expect(new Set(s.sent.map(({ packet }) => packet.yiaddr)).size).toBe(50);
  });

  it('is left out above 256 at a time', async () => {
    const p = probes();
    const s = await start(
      { netmask: ip('255.255.0.0'), rangeBegin: ip('192.0.3.0'), rangeEnd: ip('192.0.9.0') },
      { inUse: p.inUse },
    );
    for (let n = 0; n < 260; n++) await s.say({ type: 'discover', mac: macOf(n) });
    expect(p.asked).toHaveLength(256);
    expect(s.types()).toHaveLength(4);
  });

  it('never holds up a renewal, a REQUEST or a machine that comes back', async () => {
    const p = probes();
    const s = await start({}, { inUse: p.inUse });
    await s.say({ type: 'request', requested: '192.0.2.100', serverId: server });
    await s.say(request('192.0.2.100'));
    await s.say({ type: 'release', ciaddr: '192.0.2.100' });
    await s.say({ type: 'discover' });
    expect(s.types()).toEqual([5, 5, 2]);
    expect(p.asked).toEqual([]);
  });

  it('comes again for a client that was away for long', async () => {
    const p = probes();
    const s = await start({}, { inUse: p.inUse });
    await s.say({ type: 'request', requested: '192.0.2.100', serverId: server });
    s.state.now += 86_400_000 + 3_600_001;
    await s.say({ type: 'discover' });
    expect(p.asked).toEqual(['192.0.2.100']);
  });

  it('takes an address for free that could not be checked', async () => {
    const s = await start({}, { inUse: () => Promise.reject(new Error('no ARP')) });
    await s.say({ type: 'discover' });
    expect(s.types()).toEqual([2]);
    expect(s.errors.join()).toContain('no ARP');
  });

  it('ends without an answer when the policy changed its mind, or the server closed', async () => {
    const p = probes();
    const s = await start({}, { inUse: p.inUse });
    await s.say({ type: 'discover' });
    s.state.decision = { kind: 'ignore', reason: 'no-run' };
    p.finish();
    await s.settle();
    s.state.decision = { kind: 'address' };
    await s.say({ type: 'discover', mac: otherMac });
    await s.handle.close();
    p.finish();
    await s.settle();
    expect(s.types()).toEqual([]);
  });
});
