import { describe, expect, it } from 'vitest';
import { WireError } from '../../../src/base/bytes.ts';
import { decodeRelayInfo } from '../../../src/pxe/dhcp/wire/options/relay-info.ts';
import { ip, mac, otherMac, server } from '../../pxe/dhcp/client.ts';
import { start } from '../../pxe/dhcp/harness.ts';

const subnet = (network: string, router: string) => ({
  subnet: ip(network),
  netmask: ip('255.255.255.0'),
  rangeBegin: ip(network.replace(/0$/, '10')),
  rangeEnd: ip(network.replace(/0$/, '11')),
  router: ip(router),
});
const settings = { subnets: [subnet('198.51.100.0', '198.51.100.1'), subnet('203.0.113.0', '203.0.113.1')] };
const relayed = async () => start(settings);
const circuit = [1, 4, 0x65, 0x74, 0x68, 0x37];

describe('RFC 2131 §4.3.1 clients behind relays', () => {
  it('get addresses, router and netmask of their own subnet, through their relay', async () => {
    const s = await relayed();
    await s.say({ type: 'discover', giaddr: '198.51.100.1' }, '198.51.100.1');
    await s.say({ type: 'discover', giaddr: '203.0.113.2' }, '203.0.113.2');
    await s.say({ type: 'discover' });
    expect(s.sent.map(({ packet, to }) => [packet.yiaddr, to])).toEqual([
      ['198.51.100.10', '198.51.100.1:67'],
      ['203.0.113.10', '203.0.113.2:67'],
      ['192.0.2.100', '255.255.255.255:68'],
    ]);
    expect(s.sent[0]?.packet.options.get(3)).toEqual(Uint8Array.of(198, 51, 100, 1));
    expect(s.sent[2]?.packet.options.has(3)).toBe(false);
    expect(s.sent[0]?.packet.options.get(28)).toEqual(Uint8Array.of(198, 51, 100, 255));
  });

  it('renew without the relay, and give back without it', async () => {
    const s = await relayed();
    await s.say({ type: 'request', requested: '198.51.100.10', serverId: server, giaddr: '198.51.100.1' });
    await s.say({ type: 'request', ciaddr: '198.51.100.10' }, '198.51.100.10');
    expect(s.sent.at(-1)).toMatchObject({ to: '198.51.100.10:68', packet: { yiaddr: '198.51.100.10' } });
    await s.say({ type: 'release', ciaddr: '198.51.100.10' }, '198.51.100.10');
    expect(s.leases.saved.get('198.51.100.10')).toMatchObject({ state: 'released' });
  });

  it('are refused with the broadcast flag when they come from another subnet', async () => {
    const s = await relayed();
    await s.say({ type: 'request', requested: '203.0.113.10', giaddr: '198.51.100.1' });
    expect(s.sent[0]).toMatchObject({ to: '198.51.100.1:67', packet: { flags: 0x8000, yiaddr: '0.0.0.0' } });
    expect(s.types()).toEqual([6]);
  });

  it('of a subnet that is not served get silence, and the event names the relay', async () => {
    const s = await relayed();
    await s.say({ type: 'discover', giaddr: '10.9.0.1' }, '10.9.0.1');
    expect(s.sent).toEqual([]);
    expect(s.reasons()).toEqual(['relay 10.9.0.1 of subnet 10.9.0.1, which is not served here']);
  });

  it('keep their leases through changes of the settings, and a subnet that comes back knows its own', async () => {
    const s = await relayed();
    await s.say({ type: 'request', requested: '198.51.100.10', serverId: server, giaddr: '198.51.100.1' });
    s.handle.update({ subnets: [] });
    await s.say({ type: 'request', ciaddr: '198.51.100.10' });
    expect(s.types()).toEqual([5, 6]);
    s.handle.update(settings);
    await s.say({ type: 'discover', giaddr: '198.51.100.1', mac: otherMac, requested: '198.51.100.10' });
    await s.say({ type: 'discover', giaddr: '198.51.100.1', mac });
    expect(s.sent.slice(2).map(({ packet }) => packet.yiaddr)).toEqual(['198.51.100.11', '198.51.100.10']);
  });

  it('send no answer to an address that is no relay', async () => {
    const s = await relayed();
    for (const giaddr of ['192.0.2.255', '192.0.2.0', server, '198.51.100.255']) {
      await s.say({ type: 'discover', giaddr });
    }
    expect(s.sent).toEqual([]);
  });
});

describe('RFC 3527 link selection and RFC 3011 subnet selection', () => {
  const link = [5, 4, 203, 0, 113, 0];

  it('name the subnet: the relay before the client, the client before giaddr', async () => {
    const s = await relayed();
    const giaddr = '198.51.100.1';
    await s.say({ type: 'discover', giaddr, options: { 82: link, 118: [192, 0, 2, 0] } });
    await s.say({ type: 'discover', giaddr, options: { 118: [203, 0, 113, 0] } });
    await s.say({ type: 'discover', giaddr });
    expect(s.sent.map(({ packet, to }) => [packet.yiaddr, to])).toEqual([
      ['203.0.113.10', '198.51.100.1:67'],
      ['203.0.113.10', '198.51.100.1:67'],
      ['198.51.100.10', '198.51.100.1:67'],
    ]);
    // Only a selection that was heeded comes back. RFC 3011 §2
    expect(s.sent.map(({ packet }) => packet.options.has(118))).toEqual([false, true, false]);
  });

  it('serve a relay elsewhere, but only one that sends itself', async () => {
    const s = await relayed();
    const m = { type: 'discover', giaddr: '10.9.0.1', options: { 82: link } } as const;
    await s.say(m, '10.9.0.1');
    expect(s.sent.map(({ packet, to }) => [packet.yiaddr, to])).toEqual([['203.0.113.10', '10.9.0.1:67']]);
    await s.say(m, '10.9.0.2');
    expect(s.sent).toHaveLength(1);
  });

  it('are not for clients on our own segment', async () => {
    const s = await relayed();
    await s.say({ type: 'discover', options: { 82: link, 118: [203, 0, 113, 0] } });
    expect(s.sent[0]?.packet.yiaddr).toBe('192.0.2.100');
    expect(s.sent[0]?.packet.options.has(118)).toBe(false);
  });

  it('of a subnet that is not served get silence', async () => {
    const s = await relayed();
    await s.say({ type: 'discover', giaddr: '192.0.2.2', options: { 82: [5, 4, 10, 9, 0, 0] } });
    expect(s.reasons()).toEqual(['relay 192.0.2.2 of subnet 10.9.0.0, which is not served here']);
  });
});

describe('RFC 5107 §4 server identifier override', () => {
  const override = [11, 4, 198, 51, 100, 1];
  const giaddr = '198.51.100.1';

  it('is what the client takes for the server, in the offer and in its request', async () => {
    const s = await relayed();
    await s.say({ type: 'discover', giaddr, options: { 82: override } });
    await s.say({
      type: 'request',
      requested: '198.51.100.10',
      serverId: giaddr,
      giaddr,
      options: { 82: override },
    });
    expect(s.types()).toEqual([2, 5]);
    for (const { packet } of s.sent) expect(packet.options.get(54)).toEqual(Uint8Array.of(198, 51, 100, 1));
    expect(s.events.some(({ kind }) => kind === 'dhcp-other-server')).toBe(false);
  });

  it('counts from a relay alone', async () => {
    const s = await relayed();
    await s.say({ type: 'discover', options: { 82: override } });
    expect(s.sent[0]?.packet.options.get(54)).toEqual(Uint8Array.of(192, 0, 2, 1));
  });
});

describe('RFC 3046 §2.2 relay agent information', () => {
  it('comes back as it was, last, in OFFER, ACK and NAK, also where nobody can read it', async () => {
    const s = await relayed();
    for (const bytes of [circuit, [1, 200, 9]]) {
      const options = { 61: [1, 2, 3], 82: bytes, 118: [198, 51, 100, 0] };
      await s.say({ type: 'discover', giaddr: '198.51.100.1', options });
      await s.say({
        type: 'request',
        requested: '198.51.100.10',
        serverId: server,
        giaddr: '198.51.100.1',
        options,
      });
      await s.say({ type: 'request', requested: '10.0.0.1', giaddr: '198.51.100.1', options });
      for (const { packet } of s.sent.splice(0)) {
        expect([...packet.options].at(-1)).toEqual([82, Uint8Array.from(bytes)]);
      }
    }
  });

  it('has circuit, remote, link and server', () => {
    const all = Uint8Array.from([
      ...circuit,
      2,
      2,
      0xab,
      1,
      5,
      4,
      10,
      0,
      0,
      0,
      11,
      4,
      10,
      0,
      0,
      1,
      151,
      1,
      0,
    ]);
    expect(decodeRelayInfo(all)).toEqual({
      circuitId: '65746837',
      remoteId: 'ab01',
      linkSelection: '10.0.0.0',
      serverIdOverride: '10.0.0.1',
    });
    expect(() => decodeRelayInfo(Uint8Array.of(5, 3, 1, 2, 3))).toThrow(WireError);
    expect(() => decodeRelayInfo(Uint8Array.of(1, 9))).toThrow(WireError);
  });
});
