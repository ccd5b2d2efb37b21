import { describe, expect, it } from 'vitest';
import { code } from '../../../src/pxe/dhcp/wire/option-codes.ts';
import type { DhcpPacket } from '../../../src/pxe/dhcp/wire/packet.ts';
import type { Lease } from '../../../src/pxe/ports.ts';
import { boot, decide, ip, lease, mac, type Message, otherMac, replyOf, server } from './client.ts';
import { start } from './harness.ts';

const day = 86_400_000;
const firmware = { 60: 'PXEClient:Arch:00000:UNDI:002001', 93: [0, 0] };
const request: Message = { type: 'request', requested: '192.0.2.100', serverId: server };

const seconds = (packet: DhcpPacket | undefined, option: number): number =>
  [...(packet?.options.get(option) ?? [])].reduce((sum, byte) => sum * 256 + byte, 0);
const timesOf = (packet: DhcpPacket | undefined): readonly number[] =>
  [code.leaseTime, code.renewalTime, code.rebindingTime].map((option) => seconds(packet, option));

/** What a request gets whose lease on disk has so many ms left. */
function asked(leftMs: number, changes: { m?: Message; on?: Partial<Lease>; isBoot?: boolean } = {}) {
  const now = 7 * day;
  const outcome = decide(changes.m ?? request, {
    now,
    leases: [lease('192.0.2.100', { expiresAt: now + leftMs, ...changes.on })],
    ...(changes.isBoot === true ? { decision: boot } : {}),
  });
  if (outcome.kind !== 'ack' || outcome.lease === undefined) throw new Error(outcome.kind);
  const { packet } = replyOf(outcome);
  return { ...outcome, told: timesOf(packet), writtenMs: outcome.lease.expiresAt - now };
}

const renewed = { isStored: false, told: [86_400, 43_200, 75_600], writtenMs: day };

describe('a lease with three quarters of its time left', () => {
  it('is acknowledged as it is: what is left of it, T1 and T2 by that (RFC 2131 §4.3.1, §4.4.5)', () => {
    expect(asked(day - 60_000)).toMatchObject({ isStored: true, told: [86_340, 43_170, 75_547] });
  });

  it('is told in whole seconds, never more than the disk has', () => {
    expect(asked(0.8 * day + 999)).toMatchObject({ isStored: true, told: [69_120, 34_560, 60_480] });
  });

  it('is kept from exactly three quarters to exactly the whole, and renewed beside that', () => {
    expect(asked(0.75 * day)).toMatchObject({ isStored: true, told: [64_800, 32_400, 56_700] });
    expect(asked(day)).toMatchObject({ isStored: true, told: [86_400, 43_200, 75_600] });
    expect(asked(0.75 * day - 1)).toMatchObject(renewed);
    // Written before the clock was set back, or for a kind of client with longer leases.
    expect(asked(day + 1)).toMatchObject(renewed);
    expect(asked(-1)).toMatchObject(renewed);
  });

  it('is not that of a client with another id, a released one, or one whose time the client wants to choose', () => {
    expect(asked(day, { on: { clientId: '01' } })).toMatchObject(renewed);
    expect(asked(day, { m: { ...request, options: { 61: [1, 2] } } })).toMatchObject(renewed);
    expect(
      asked(day, { m: { ...request, options: { 61: [1, 2] } }, on: { clientId: '0102' } }).isStored,
    ).toBe(true);
    expect(asked(day, { on: { state: 'released' } })).toMatchObject(renewed);
    expect(asked(day, { m: { ...request, options: { 51: [0, 1, 0, 0] } } })).toMatchObject(renewed);
  });

  it('of an installed host is not the one of its firmware', () => {
    const rom = { ...request, options: firmware };
    const short = { isStored: false, told: [300, 150, 262], writtenMs: 300_000 };
    expect(asked(day - 1, { m: rom, isBoot: true })).toMatchObject(short);
    expect(asked(299_000, { m: rom, isBoot: true })).toMatchObject({ isStored: true, told: [299, 149, 261] });
    expect(asked(299_000)).toMatchObject(renewed);
  });

  it('is offered with the time that its ACK will have', () => {
    const outcome = decide(
      { type: 'discover' },
      { leases: [lease('192.0.2.100', { expiresAt: day })], now: 60_000 },
    );
    expect(timesOf(replyOf(outcome).packet)[0]).toBe(86_340);
  });
});

describe('a server with such a lease', () => {
  it('writes once for a machine that asks three times as it boots, and tells each answer', async () => {
    const s = await start({}, { loaderFor: () => 'undionly.kpxe' });
    s.state.decision = boot;
    for (const at of [0, 20_000, 40_000]) {
      s.state.now = at;
      await s.say({ type: 'discover', options: firmware });
      await s.say({ ...request, options: firmware });
    }
    expect(s.leases.commits).toHaveLength(1);
    expect(s.types()).toEqual([2, 5, 2, 5, 2, 5]);
    expect(s.sent.map(({ packet }) => seconds(packet, code.leaseTime))).toEqual([
      300, 300, 280, 280, 260, 260,
    ]);
    const acks = s.events.filter((event) => event.kind === 'dhcp' && event.type === 'ack');
    expect(acks).toHaveLength(3);
  });

  it('needs no disk for it, and writes again when a quarter is over', async () => {
    const s = await start();
    await s.say(request);
    s.leases.failure = new Error('database or disk is full');
    s.state.now += day / 4;
    await s.say(request);
    expect(s.types()).toEqual([5, 5]);
    s.state.now += 1;
    await s.say(request);
    expect(s.types()).toEqual([5, 5]);
    // Nobody knows now what the disk has.
    s.state.now -= 1;
    s.leases.failure = undefined;
    await s.say(request);
    expect(s.leases.commits).toHaveLength(3);
    expect(s.sent.map(({ packet }) => seconds(packet, code.leaseTime))).toEqual([86_400, 64_800, 86_400]);
  });

  it('goes by the disk after a restart', async () => {
    const first = await start();
    await first.say(request);
    await first.handle.close();
    const second = await start({}, { leases: first.leases });
    second.state.now += 3_600_000;
    await second.say(request);
    expect(second.leases.commits).toHaveLength(1);
    expect(seconds(second.sent[0]?.packet, code.leaseTime)).toBe(82_800);
    await second.say({ ...request, mac: otherMac, requested: '192.0.2.101' });
    expect(second.leases.saved.get('192.0.2.101')).toMatchObject({ mac: otherMac });
  });

  it('promises nothing of the old lease while a shorter one is on its way to the disk', async () => {
    const s = await start({}, { loaderFor: () => 'undionly.kpxe' });
    await s.say(request);
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    s.state.decision = boot;
    await s.say({ ...request, options: firmware });
    s.state.decision = { kind: 'address' };
    await s.say(request);
    expect(s.types()).toEqual([5]);
    finish();
    await s.settle();
    await s.settle();
    expect(s.types()).toEqual([5, 5, 5]);
    expect(s.leases.saved.get('192.0.2.100')?.expiresAt).toBe(1000 + day);
  });

  it('writes after settings took the place of others while a lease was on its way', async () => {
    const s = await start();
    let finish = (): void => {};
    s.leases.gate = new Promise((resolve) => (finish = resolve));
    await s.say(request);
    s.handle.update({ router: ip('192.0.2.254') });
    finish();
    await s.settle();
    await s.say(request);
    await s.say(request);
    expect(s.leases.commits).toHaveLength(2);
    expect(s.types()).toEqual([5, 5, 5]);
  });

  it('writes for a client that gave its address back', async () => {
    const s = await start();
    await s.say(request);
    await s.say({ type: 'release', ciaddr: '192.0.2.100', mac });
    await s.say(request);
    expect(s.leases.commits.flat().map(({ state }) => state)).toEqual(['bound', 'released', 'bound']);
  });
});
