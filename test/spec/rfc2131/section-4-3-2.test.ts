import { describe, expect, it } from 'vitest';
import { LeaseTable } from '../../../src/pxe/dhcp/leases.ts';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import { decide, lease, mac, none, otherMac, poolOf, replyOf, server } from '../../pxe/dhcp/client.ts';

const mine = [lease('192.0.2.100')];
const messageTypeOf = (outcome: ReturnType<typeof decide>): number | undefined =>
  replyOf(outcome).packet.options.get(code.messageType)?.[0];

describe('RFC 2131 §4.3.2 DHCPREQUEST generated during SELECTING', () => {
  const selecting = { type: 'request', requested: '192.0.2.100', serverId: server } as const;

  it('is acknowledged when the address was offered', () => {
    const table = new LeaseTable(poolOf());
    table.hold(lease('192.0.2.100').ip, mac, 60_000, 0);
    const outcome = decide(selecting, { table });
    expect(messageTypeOf(outcome)).toBe(5);
    expect(outcome).toMatchObject({ kind: 'ack', lease: { ip: '192.0.2.100', mac, state: 'bound' } });
  });

  it('for another server is the end of our offer, and gets no answer', () => {
    const table = new LeaseTable(poolOf());
    table.hold(lease('192.0.2.100').ip, mac, 60_000, 0);
    expect(decide({ ...selecting, serverId: '192.0.2.7' }, { table })).toEqual({
      kind: 'other-server',
      otherServer: '192.0.2.7',
      dropped: '192.0.2.100',
    });
    expect(decide({ ...selecting, serverId: '192.0.2.7' }, { leases: mine })).toMatchObject({
      dropped: undefined,
    });
  });

  it('is refused when somebody else has the address by now', () => {
    const outcome = decide({ ...selecting, mac: otherMac }, { leases: mine });
    expect(messageTypeOf(outcome)).toBe(6);
  });

  it('is refused for an address that no client may have', () => {
    for (const requested of ['192.0.2.1', '192.0.2.0', '192.0.2.255', '192.0.2.50', '203.0.113.1']) {
      expect(decide({ ...selecting, requested }).kind).toBe('nak');
    }
  });

  it('without an address is ignored', () => {
    expect(decide({ type: 'request', serverId: server }).kind).toBe('ignore');
  });
});

describe('RFC 2131 §4.3.2 DHCPREQUEST generated during INIT-REBOOT', () => {
  const reboot = (requested: string) => ({ type: 'request', requested }) as const;

  it('is acknowledged for the address that the client has', () => {
    expect(messageTypeOf(decide(reboot('192.0.2.100'), { leases: mine }))).toBe(5);
    // Also when it ran out and nobody else got it.
    expect(messageTypeOf(decide(reboot('192.0.2.100'), { leases: mine, now: 9_000_000 }))).toBe(5);
  });

  it('is refused, broadcast, on the wrong network', () => {
    const { packet, reply } = replyOf(decide(reboot('198.51.100.9'), { leases: mine }));
    expect(packet.options.get(code.messageType)).toEqual(Uint8Array.of(6));
    expect(reply.to).toEqual({ address: '255.255.255.255', port: 68 });
  });

  it('is refused with the broadcast bit through a relay', () => {
    const { packet, reply } = replyOf(
      decide({ ...reboot('198.51.100.9'), giaddr: '192.0.2.2' }, { leases: mine }),
    );
    expect(packet.flags).toBe(0x8000);
    expect(reply.to).toEqual({ address: '192.0.2.2', port: 67 });
  });

  it('is refused for another address than the one on record', () => {
    expect(decide(reboot('192.0.2.101'), { leases: mine }).kind).toBe('nak');
  });

  it('meets silence when there is no record of the client', () => {
    expect(decide({ ...reboot('192.0.2.102'), mac: otherMac }, { leases: mine }).kind).toBe('ignore');
  });

  it("is refused when the record says that the address is somebody else's", () => {
    expect(decide({ ...reboot('192.0.2.100'), mac: otherMac }, { leases: mine }).kind).toBe('nak');
  });
});

describe('RFC 2131 §4.3.2 DHCPREQUEST generated during RENEWING and REBINDING', () => {
  const renew = (ciaddr: string) => ({ type: 'request', ciaddr }) as const;

  it('extends the lease, unicast to the client, with ciaddr', () => {
    const outcome = decide(renew('192.0.2.100'), { leases: mine, now: 500_000 });
    const { packet, reply } = replyOf(outcome);
    expect(reply.to).toEqual({ address: '192.0.2.100', port: 68 });
    expect([packet.ciaddr, packet.yiaddr]).toEqual(['192.0.2.100', '192.0.2.100']);
    expect(outcome).toMatchObject({ lease: { expiresAt: 500_000 + 86_400_000 } });
  });

  it('is refused, broadcast, when somebody else has the address', () => {
    const { reply } = replyOf(decide({ ...renew('192.0.2.100'), mac: otherMac }, { leases: mine }));
    expect(reply).toMatchObject({ type: 'nak', to: { address: '255.255.255.255', port: 68 } });
  });

  it('is acknowledged for a free address of our range whose record was lost', () => {
    expect(messageTypeOf(decide({ ...renew('192.0.2.102'), mac: otherMac }, { leases: mine }))).toBe(5);
  });

  it('meets silence for an address of our network that is not ours to give', () => {
    expect(decide({ ...renew('192.0.2.50'), mac: otherMac }).kind).toBe('ignore');
  });
});

describe('RFC 2131 table 4 and table 3: fields of a DHCPNAK', () => {
  it('carry no address and no parameters', () => {
    const { packet } = replyOf(
      decide({ type: 'request', requested: '198.51.100.9', options: { 61: [1, 9] } }, { leases: mine }),
    );
    expect(packet).toMatchObject({ ciaddr: none, yiaddr: none, siaddr: none, file: '', sname: '' });
    expect([...packet.options.keys()].sort((a, b) => a - b)).toEqual([53, 54, 56, 61]);
  });
});
