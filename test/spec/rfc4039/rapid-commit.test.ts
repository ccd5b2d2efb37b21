import { describe, expect, it } from 'vitest';
import { decide, mac, otherMac, replyOf, scriptUrl } from '../../pxe/dhcp/client.ts';
import { start } from '../../pxe/dhcp/harness.ts';

const asks = { type: 'discover', options: { 80: [] } } as const;

describe('RFC 4039 §3.1 rapid commit', () => {
  it('is an ACK with option 80 and a lease, where the server is told to', () => {
    const outcome = decide(asks, { settings: { rapidCommit: true } });
    expect(outcome).toMatchObject({ kind: 'ack', lease: { ip: '192.0.2.100', mac } });
    const { packet } = replyOf(outcome);
    expect(packet.options.get(53)).toEqual(Uint8Array.of(5));
    expect(packet.options.get(80)).toEqual(new Uint8Array());
  });

  it('is an OFFER without option 80 otherwise', () => {
    for (const outcome of [decide(asks), decide({ type: 'discover' }, { settings: { rapidCommit: true } })]) {
      expect(outcome.kind).toBe('offer');
      expect(replyOf(outcome).packet.options.has(80)).toBe(false);
    }
  });

  it('saves the lease before the ACK leaves', async () => {
    const s = await start({ rapidCommit: true });
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    await s.say(asks);
    expect(s.types()).toEqual([]);
    finish();
    await s.settle();
    expect(s.types()).toEqual([5]);
    expect(s.leases.saved.get('192.0.2.100')).toMatchObject({ state: 'bound' });
  });

  it('goes with a boot file too', () => {
    const options = { 80: [], 77: 'iPXE', 60: 'PXEClient' };
    const decision = { kind: 'boot', scriptUrl } as const;
    const { packet } = replyOf(
      decide({ type: 'discover', mac: otherMac, options }, { decision, settings: { rapidCommit: true } }),
    );
    expect([packet.file, packet.options.has(80)]).toEqual([scriptUrl, true]);
  });
});
