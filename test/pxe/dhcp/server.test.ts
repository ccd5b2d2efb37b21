import { describe, expect, it } from 'vitest';
import { openUdp } from '../../../src/net/dgram.ts';
import { type DhcpPacket, decodeDhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import { PxeError } from '../../../src/pxe/errors.ts';
import { ignored, ip, type Message, mac, message, otherMac, server, serverUuid } from './client.ts';
import { start } from './harness.ts';

const subnet = (network: string) => ({
  subnet: ip(network),
  netmask: ip('255.255.255.0'),
  rangeBegin: ip(network.replace(/0$/, '10')),
  rangeEnd: ip(network.replace(/0$/, '20')),
});
const request = (who = mac, wanted = '192.0.2.100'): Message => ({
  type: 'request',
  mac: who,
  requested: wanted,
  serverId: server,
});

describe('a DHCP server', () => {
  it('binds port 67 of its device with broadcast, to every address', async () => {
    const s = await start({ device: 'eth7' });
    expect(s.bound).toEqual([
      { address: '0.0.0.0', port: 67, device: 'eth7', broadcast: true, bursts: 'apart' },
    ]);
    expect(s.handle).toMatchObject({ address: '0.0.0.0', port: 67 });
  });

  it('offers, acknowledges and tells each step', async () => {
    const s = await start();
    await s.say({ type: 'discover', options: { 61: [1, 2, 3] } });
    await s.say({ ...request(), options: { 61: [1, 2, 3] } });
    expect(s.sent.map(({ packet, to }) => [packet.yiaddr, to])).toEqual([
      ['192.0.2.100', '255.255.255.255:68'],
      ['192.0.2.100', '255.255.255.255:68'],
    ]);
    expect(s.events.map((e) => e.kind === 'dhcp' && [e.type, e.ip])).toEqual([
      ['discover', undefined],
      ['offer', '192.0.2.100'],
      ['request', '192.0.2.100'],
      ['ack', '192.0.2.100'],
    ]);
    expect([...s.leases.saved.values()]).toEqual([
      {
        serverUuid,
        ip: '192.0.2.100',
        mac,
        clientId: '010203',
        expiresAt: 1000 + 86_400_000,
        state: 'bound',
      },
    ]);
  });

  it('sends no ACK before its lease is durable', async () => {
    const s = await start();
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    await s.say({ type: 'discover' });
    await s.say(request());
    await s.settle();
    expect(s.types()).toEqual([2]);
    finish();
    await s.settle();
    expect(s.types()).toEqual([2, 5]);
  });

  it('commits together what arrived during a commit', async () => {
    const s = await start();
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    await s.say(request(mac, '192.0.2.100'));
    await s.say(request(otherMac, '192.0.2.101'));
    await s.say(request('52:54:00:00:00:03' as typeof mac, '192.0.2.102'));
    await s.say(request(otherMac, '192.0.2.101'));
    finish();
    await s.settle();
    await s.settle();
    expect(s.leases.commits.map((commit) => commit.map((l) => l.ip))).toEqual([
      ['192.0.2.100'],
      ['192.0.2.101', '192.0.2.102'],
    ]);
    // A repeated REQUEST gets its own ACK.
    expect(s.types()).toEqual([5, 5, 5, 5]);
  });

  it('sends no ACK when the lease can not be saved, says what to do, and serves on', async () => {
    const s = await start();
    s.leases.failure = new Error('database or disk is full');
    await s.say({ type: 'discover' });
    await s.say(request());
    expect(s.types()).toEqual([2]);
    expect(s.errors[0]).toMatch(/free space.*disk is full/);
    expect(s.events.at(-1)).toMatchObject({ kind: 'dhcp-ignored', reason: 'lease not saved' });
    s.leases.failure = undefined;
    await s.say(request());
    expect(s.types()).toEqual([2, 5]);
  });

  it('survives a store that throws at once and a receiver of events that throws', async () => {
    const s = await start(
      {},
      {
        leases: {
          load: () => Promise.resolve([]),
          commit: () => {
            throw new Error('closed');
          },
        },
        events: () => {
          throw new Error('boom');
        },
      },
    );
    await s.say({ type: 'discover' });
    await s.say(request());
    await s.say({ type: 'discover', mac: otherMac });
    expect(s.types()).toEqual([2, 2]);
    expect(s.errors.some((text) => text.includes('boom'))).toBe(true);
  });

  it('limits what waits for the store', async () => {
    const s = await start({ maxPending: 1 });
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    for (const n of [1, 2, 3]) {
      await s.say(request(`52:54:00:00:00:0${n}` as typeof mac, `192.0.2.10${n}`));
    }
    expect(s.events.filter((e) => e.kind === 'dhcp-ignored')).toHaveLength(1);
    finish();
    await s.settle();
    await s.settle();
    expect(s.types()).toEqual([5, 5]);
  });

  it('goes on after a restart with the leases that it had', async () => {
    const first = await start();
    await first.say(request(otherMac, '192.0.2.102'));
    await first.handle.close();
    const second = await start({}, { leases: first.leases });
    await second.say({ type: 'discover', mac: otherMac });
    await second.say({ type: 'discover', mac, requested: '192.0.2.102' });
    expect(second.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.102', '192.0.2.100']);
  });

  it('answers a machine that it knows also between the offer of the old process and its request', async () => {
    const s = await start();
    await s.say(request(mac, '192.0.2.103'));
    expect(s.sent.map(({ packet }) => packet.yiaddr)).toEqual(['192.0.2.103']);
  });

  it('keeps declined addresses for ten minutes, durable', async () => {
    const s = await start();
    await s.say({ type: 'discover' });
    await s.say(request());
    await s.say({ type: 'decline', requested: '192.0.2.100', serverId: server });
    expect(s.leases.saved.get('192.0.2.100')).toMatchObject({ state: 'declined', expiresAt: 601_000 });
    await s.say({ type: 'discover', requested: '192.0.2.100' });
    expect(s.sent.at(-1)?.packet.yiaddr).toBe('192.0.2.101');
  });

  it('names the other server that a client took, and frees what it had offered', async () => {
    const s = await start({ rangeEnd: ip('192.0.2.100') });
    await s.say({ type: 'discover' });
    await s.say({ type: 'discover', mac: otherMac });
    expect(s.events.at(-1)).toEqual({ kind: 'dhcp-pool-full', serverUuid, mac: otherMac });
    await s.say({ type: 'request', requested: '10.0.0.9', serverId: '10.0.0.1' });
    expect(s.events.at(-1)).toEqual({ kind: 'dhcp-other-server', serverUuid, mac, otherServer: '10.0.0.1' });
    await s.say({ type: 'discover', mac: otherMac });
    expect(s.sent.at(-1)?.packet.yiaddr).toBe('192.0.2.100');
  });

  it('says not one byte to a machine that is none of ours, and who it was', async () => {
    const s = await start();
    s.state.decision = ignored;
    for (const type of ['discover', 'request', 'inform'] as const) {
      await s.say({ type, ciaddr: '192.0.2.100' });
    }
    expect(s.sent).toEqual([]);
    expect(s.leases.commits).toEqual([]);
    expect(s.events.map((e) => e.kind === 'dhcp-ignored' && [e.reason, e.sighting.mac])).toEqual(
      Array.from({ length: 3 }, () => ['unknown-machine', mac]),
    );
  });

  it('takes other settings while it runs', async () => {
    const s = await start();
    await s.say(request());
    s.handle.update({
      rangeBegin: ip('192.0.2.200'),
      rangeEnd: ip('192.0.2.201'),
      router: ip('192.0.2.254'),
    });
    await s.say({ type: 'discover', mac: otherMac });
    expect(s.sent.at(-1)?.packet.yiaddr).toBe('192.0.2.200');
    expect(s.sent.at(-1)?.packet.options.get(3)).toEqual(Uint8Array.of(192, 0, 2, 254));
    expect(() => s.handle.update({ rangeBegin: ip('10.0.0.1') })).toThrow(PxeError);
    await s.say({ type: 'discover', mac: otherMac });
    expect(s.sent.at(-1)?.packet.yiaddr).toBe('192.0.2.200');
  });

  it('refuses a range that its subnet does not hold, before it opens anything', async () => {
    for (const wrong of [
      { rangeBegin: ip('10.0.0.1') },
      { rangeEnd: ip('192.0.3.1') },
      { rangeBegin: ip('192.0.2.104') },
      { netmask: ip('255.0.255.0') },
      { netmask: ip('255.255.255.255') },
      { reservations: [{ mac, ip: ip('10.0.0.1') }] },
      { hostLeaseSeconds: 0 },
      { reservations: [{ ip: ip('192.0.2.9') }] },
      { reservations: [{ mac, ip: ip('192.0.2.255') }] },
      {
        reservations: [
          { mac, ip: ip('192.0.2.9') },
          { mac, ip: ip('192.0.2.10') },
        ],
      },
      {
        reservations: [
          { mac, ip: ip('192.0.2.9') },
          { mac: otherMac, ip: ip('192.0.2.9') },
        ],
      },
      { excluded: [{ begin: ip('192.0.2.9'), end: ip('192.0.2.8') }] },
      { subnets: [subnet('192.0.2.0')] },
      { subnets: [subnet('198.51.100.0'), subnet('198.51.100.0')] },
      { subnets: [{ ...subnet('198.51.100.0'), subnet: ip('198.51.100.1') }] },
      { subnets: [{ ...subnet('198.51.100.0'), rangeEnd: ip('198.51.101.1') }] },
    ]) {
      await expect(start(wrong)).rejects.toMatchObject({ code: 'bad-dhcp-settings' });
    }
  });

  it('is quiet after close, which waits for the store and may be called twice', async () => {
    const s = await start();
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    await s.say(request());
    let isClosed = false;
    const closing = s.handle.close().then(() => (isClosed = true));
    await s.settle();
    expect(isClosed).toBe(false);
    finish();
    await closing;
    await s.handle.close();
    await s.say({ type: 'discover', mac: otherMac });
    expect(s.sent).toEqual([]);
    expect(s.leases.saved.size).toBe(1);
  });

  it('drops what is no request without a word', async () => {
    const s = await start();
    for (const bytes of [
      new Uint8Array(),
      new Uint8Array(240),
      message({ type: 'discover', fields: { op: 2 } }),
    ]) {
      s.raw(bytes);
    }
    expect(s.events).toEqual([]);
    expect(s.sent).toEqual([]);
  });

  it('runs over a real socket', async () => {
    const loopback = {
      bindAddress: ip('127.0.0.1'),
      serverAddress: ip('127.0.0.1'),
      netmask: ip('255.0.0.0'),
      rangeBegin: ip('127.0.0.100'),
      rangeEnd: ip('127.0.0.200'),
    };
    const s = await start({ ...loopback, port: 0 }, { openUdp });
    expect(s.handle.port).toBeGreaterThan(0);
    const answer = new Promise<DhcpPacket>((resolve) => {
      void openUdp({ address: ip('127.0.0.2'), port: 0 }, (data) => resolve(decodeDhcpPacket(data))).then(
        async (client) => {
          // A client that has an address already is answered there; the port is the one that was set.
          await s.handle.close();
          const again = await start({ ...loopback, port: 0, clientPort: client.local.port }, { openUdp });
          const inform = message({ type: 'inform', ciaddr: '127.0.0.2' });
          await client.send(inform, { address: '127.0.0.1', port: again.handle.port });
        },
      );
    });
    expect((await answer).options.get(54)).toEqual(Uint8Array.of(127, 0, 0, 1));
  });
});
