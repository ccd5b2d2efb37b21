import { describe, expect, it } from 'vitest';
import { boot, decide, ip, mac, replyOf } from '../../pxe/dhcp/client.ts';
import { start } from '../../pxe/dhcp/harness.ts';

const bootp = { type: 'none' } as const;

describe('RFC 1534 §2 BOOTP clients', () => {
  it('get nothing unless the server is told to', () => {
    expect(decide(bootp)).toEqual({ kind: 'ignore', reason: 'BOOTP is off' });
  });

  it('get an address for ever in 300 bytes without a word of DHCP', () => {
    const outcome = decide(bootp, { settings: { bootp: true } });
    expect(outcome).toMatchObject({
      kind: 'ack',
      lease: { ip: '192.0.2.100', expiresAt: 0xffffffff * 1000 },
    });
    const { packet, reply } = replyOf(outcome);
    expect(reply.datagram).toHaveLength(300);
    expect(packet.yiaddr).toBe('192.0.2.100');
    expect([...packet.options.keys()].sort((a, b) => a - b)).toEqual([1, 3, 6, 28]);
  });

  it('get what fits of many options, and no overload, which they do not know', () => {
    const settings = { bootp: true, dns: Array.from({ length: 20 }, () => ip('192.0.2.53')) };
    const { packet, reply } = replyOf(decide(bootp, { settings, decision: boot }));
    expect(reply.datagram).toHaveLength(300);
    expect([...packet.options.keys()]).toEqual([1, 3, 28]);
    expect(reply.datagram.subarray(44, 236).every((byte) => byte === 0)).toBe(true);
  });

  it('keep their reservation, durable before the answer', async () => {
    const s = await start({ bootp: true, reservations: [{ mac, ip: ip('192.0.2.50') }] });
    await s.say(bootp);
    expect(s.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.50']);
    expect(s.leases.saved.get('192.0.2.50')).toMatchObject({ mac, state: 'bound' });
    expect(s.events.map((e) => e.kind === 'dhcp' && e.type)).toEqual(['request', 'ack']);
  });
});
