import { describe, expect, it } from 'vitest';
import { readRequest } from '../../../src/pxe/dhcp/request.ts';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import type { Mac } from '../../../src/base/mac.ts';
import {
  config,
  decide,
  lease,
  mac,
  message,
  none,
  otherMac,
  replyOf,
  server,
} from '../../pxe/dhcp/client.ts';

describe('RFC 2131 §4.3.1 DHCPDISCOVER', () => {
  it('gets an OFFER with xid, flags, chaddr and giaddr of the request, and ciaddr 0', () => {
    const { packet } = replyOf(
      decide({ type: 'discover', fields: { flags: 0x8000, xid: 7, secs: 9, hops: 3 } }),
    );
    expect(packet).toMatchObject({ op: 2, htype: 1, hlen: 6, hops: 0, xid: 7, secs: 0, flags: 0x8000 });
    expect(packet).toMatchObject({ ciaddr: none, yiaddr: '192.0.2.100', giaddr: none });
    expect(packet.chaddr.slice(0, 6)).toEqual(Uint8Array.from([0x52, 0x54, 0, 0, 0, 1]));
  });

  it('gets the parameters that table 3 demands, and those of the network', () => {
    const { packet } = replyOf(decide({ type: 'discover' }));
    const bytes = (option: number) => [...(packet.options.get(option) ?? [])];
    expect(bytes(code.messageType)).toEqual([2]);
    expect(bytes(code.serverId)).toEqual([192, 0, 2, 1]);
    expect(bytes(code.leaseTime)).toEqual([0, 1, 0x51, 0x80]);
    expect(bytes(code.subnetMask)).toEqual([255, 255, 255, 0]);
    expect(bytes(code.broadcastAddress)).toEqual([192, 0, 2, 255]);
    expect(bytes(code.router)).toEqual([192, 0, 2, 254]);
    expect(bytes(code.domainNameServer)).toEqual([192, 0, 2, 53]);
    // Table 3: these must not be in an answer.
    for (const option of [50, 55, 57]) expect(packet.options.has(option)).toBe(false);
  });

  it('gets no option without a value', () => {
    const { packet } = replyOf(decide({ type: 'discover' }, { settings: { router: undefined, dns: [] } }));
    expect(packet.options.has(code.router) || packet.options.has(code.domainNameServer)).toBe(false);
  });

  it('meets a full pool as a value of its own', () => {
    const leases = [0, 1, 2, 3].map((n) => lease(`192.0.2.10${n}`, { mac: `02:00:00:00:00:0${n}` as Mac }));
    expect(decide({ type: 'discover' }, { leases })).toEqual({ kind: 'pool-full' });
    expect(decide({ type: 'discover' }, { leases, now: 1_000_000 }).kind).toBe('offer');
  });
});

describe('RFC 2131 §4.3.3 DHCPDECLINE and §4.3.4 DHCPRELEASE', () => {
  const leases = [lease('192.0.2.100')];

  it('count when they come from the one who has the address', () => {
    const decline = { type: 'decline', requested: '192.0.2.100', serverId: server } as const;
    expect(decide(decline, { leases })).toEqual({ kind: 'declined', ip: '192.0.2.100' });
    const release = { type: 'release', ciaddr: '192.0.2.100', serverId: server } as const;
    expect(decide(release, { leases })).toEqual({ kind: 'released', ip: '192.0.2.100' });
  });

  it('do not count from others, for another server, or for an address given back already', () => {
    for (const m of [
      { type: 'decline', requested: '192.0.2.100', mac: otherMac },
      { type: 'release', ciaddr: '192.0.2.100', mac: otherMac },
      { type: 'release', ciaddr: '192.0.2.100', serverId: '192.0.2.7' },
      { type: 'decline', requested: '192.0.2.103' },
      { type: 'release' },
    ] as const) {
      expect(decide(m, { leases }).kind).toBe('ignore');
    }
    const gone = [lease('192.0.2.100', { state: 'released' })];
    expect(decide({ type: 'release', ciaddr: '192.0.2.100' }, { leases: gone }).kind).toBe('ignore');
  });
});

describe('RFC 2131 §4.3.5 DHCPINFORM', () => {
  it('gets parameters but neither address nor lease, at its own address', () => {
    const outcome = decide({ type: 'inform', ciaddr: '192.0.2.50' });
    const { packet, reply } = replyOf(outcome);
    expect(outcome).toMatchObject({ kind: 'ack', lease: undefined });
    expect(packet).toMatchObject({ ciaddr: '192.0.2.50', yiaddr: none });
    for (const option of [51, 58, 59]) expect(packet.options.has(option)).toBe(false);
    expect(packet.options.has(code.subnetMask)).toBe(true);
    expect(reply.to).toEqual({ address: '192.0.2.50', port: 68 });
  });

  it('without an address is ignored', () => {
    expect(decide({ type: 'inform' }).kind).toBe('ignore');
  });
});

describe('RFC 2131 §4.1 destinations', () => {
  it("are the relay, the client's address, or everybody", () => {
    const to = (m: Parameters<typeof decide>[0]) =>
      replyOf(decide(m, { leases: [lease('192.0.2.100')] })).reply.to;
    expect(to({ type: 'discover', giaddr: '192.0.2.2', ciaddr: '192.0.2.100' })).toEqual({
      address: '192.0.2.2',
      port: 67,
    });
    expect(to({ type: 'request', ciaddr: '192.0.2.100' })).toEqual({ address: '192.0.2.100', port: 68 });
    expect(to({ type: 'discover' })).toEqual({ address: '255.255.255.255', port: 68 });
    expect(to({ type: 'discover', fields: { flags: 0x8000 } }).address).toBe('255.255.255.255');
  });

  it('are never a third party that the message names as its address', () => {
    for (const type of ['discover', 'request'] as const) {
      const m = { type, ciaddr: '203.0.113.9', requested: '203.0.113.9' } as const;
      expect(replyOf(decide(m)).reply.to.address).toBe('255.255.255.255');
    }
    expect(decide({ type: 'inform', ciaddr: '203.0.113.9' }).kind).toBe('ignore');
  });

  it('may be the address to come, where the broadcast flag is clear and no relay is between', () => {
    const direct = (m: Parameters<typeof decide>[0]) => replyOf(decide(m)).reply.direct;
    expect(direct({ type: 'discover' })).toBe('192.0.2.100');
    expect(direct({ type: 'discover', fields: { flags: 0x8000 } })).toBeUndefined();
    expect(direct({ type: 'discover', giaddr: '192.0.2.2' })).toBeUndefined();
    expect(direct({ type: 'request', requested: '10.0.0.1' })).toBeUndefined();
  });
});

describe('RFC 2131 §2 sizes', () => {
  const long = { loaderFor: () => 'x'.repeat(120) };
  const options = { 55: [66, 67], 60: 'PXEClient', 82: Array.from({ length: 110 }, () => 1), 93: [0, 0] };
  const boot = { kind: 'boot', scriptUrl: 'http://h/' } as const;

  it('of an answer stay within 576 bytes, unless option 57 says that more fits', () => {
    const small = replyOf(decide({ type: 'discover', options }, { decision: boot, settings: long }));
    expect(small.reply.datagram.length + 28).toBeLessThanOrEqual(576);
    expect(small.packet.file).toHaveLength(120);
    expect(small.packet.options.has(67)).toBe(false);
    const large = decide(
      { type: 'discover', options: { ...options, 57: [5, 0xdc] } },
      { decision: boot, settings: long },
    );
    expect(replyOf(large).packet.options.has(67)).toBe(true);
  });

  it('that no client could take are not sent', () => {
    const options = { 61: Array.from({ length: 500 }, () => 1) };
    expect(decide({ type: 'discover', options }).kind).toBe('ignore');
    expect(decide({ type: 'request', requested: '10.0.0.1', options }).kind).toBe('ignore');
  });
});

describe('echoes', () => {
  it('of client id (RFC 6842 §3) and relay information (RFC 3046 §2.2, last) in OFFER, ACK and NAK', () => {
    const options = { 61: [1, 2, 3], 82: [1, 2, 7, 7] };
    for (const m of [
      { type: 'discover', options },
      { type: 'request', requested: '192.0.2.100', serverId: server, options },
      { type: 'request', requested: '10.0.0.1', options },
    ] as const) {
      const { packet, reply } = replyOf(decide(m));
      expect(packet.options.get(61)).toEqual(Uint8Array.of(1, 2, 3));
      const tail = Buffer.from(reply.datagram).lastIndexOf(Buffer.from([82, 4, 1, 2, 7, 7, 255]));
      expect(tail).toBeGreaterThan(240);
    }
  });
});

describe('datagrams that are none of ours', () => {
  const reasonOf = (bytes: Uint8Array) => {
    const reading = readRequest(bytes);
    return reading.kind === 'ignore' ? reading.reason : reading.kind;
  };

  it('are ignored with a reason', () => {
    expect(reasonOf(message({ type: 'discover', fields: { op: 2 } }))).toBe('not-a-request');
    expect(reasonOf(message({ type: 'discover', fields: { op: 0 } }))).toBe('not-a-request');
    expect(reasonOf(message({ type: 'discover', fields: { htype: 32 } }))).toBe('not-ethernet');
    expect(reasonOf(message({ type: 'discover', fields: { hlen: 8 } }))).toBe('not-ethernet');
    expect(reasonOf(message({ type: 'discover', mac: '01:00:5e:00:00:01' as Mac }))).toBe('bad-mac');
    expect(reasonOf(message({ type: 'discover', mac: '00:00:00:00:00:00' as Mac }))).toBe('bad-mac');
    for (const type of ['offer', 'ack', 'nak'] as const)
      expect(reasonOf(message({ type }))).toBe('not-from-a-client');
    expect(reasonOf(message({ type: 'none', options: { 53: [13] } }))).toBe('malformed');
    expect(reasonOf(message({ type: 'request', options: { 50: [1, 2] } }))).toBe('malformed');
    expect(reasonOf(message({ type: 'discover' }).fill(0, 236, 237))).toBe('malformed');
    expect(reasonOf(message({ type: 'discover' }).subarray(0, 239))).toBe('malformed');
  });

  it('do not include those with broken remarks about the machine', () => {
    const reading = readRequest(
      message({ type: 'discover', options: { 61: [1], 93: [1], 97: [9], 57: [0] } }),
    );
    const text = (field: string) => expect.stringContaining(field) as string;
    expect(reading).toMatchObject({
      request: {
        mac,
        archs: [],
        clientId: undefined,
        malformed: ['61', '93', '97', '57'].map((option) => text(`dhcp.options.${option}`)),
      },
    });
  });
});

it('RFC 2131 §4.1 option overload: options of file and sname count', () => {
  const bytes = message({ type: 'none', options: { 52: [3] } });
  bytes.set([53, 1, 1, 255], 108);
  bytes.set([50, 4, 192, 0, 2, 103, 255], 44);
  const reading = readRequest(bytes);
  expect(reading).toMatchObject({ request: { type: 'discover', requestedAddress: '192.0.2.103' } });
  expect(config.serverAddress).toBe(server);
});
