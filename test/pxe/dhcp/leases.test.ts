import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ipv4, ipv4FromNumber } from '../../../src/base/ipv4.ts';
import type { Mac } from '../../../src/base/mac.ts';
import type { Lease } from '../../../src/pxe/ports.ts';
import { createPool } from '../../../src/pxe/dhcp/address-pool.ts';
import { LeaseTable } from '../../../src/pxe/dhcp/leases.ts';
import { cases } from '../../support/cases.ts';
import { client, config, ip, lease, mac, otherMac, poolOf, server, tableOf } from './client.ts';

const macOf = (n: number): Mac =>
  `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}` as Mac;

interface Step {
  readonly machine: number;
  readonly wait: number;
  readonly what: 'discover' | 'bind' | 'release' | 'decline';
}

/** Plays the steps against what the clients believe; addresses that were given while another client believed to have them. */
function doublePromises(steps: readonly Step[]): readonly Ipv4[] {
  const table = new LeaseTable(poolOf());
  const believes = new Map<Mac, { ip: Ipv4; until: number }>();
  const doubles: Ipv4[] = [];
  let now = 0;
  for (const { machine, wait, what } of steps) {
    now += wait;
    const who = macOf(machine);
    const has = believes.get(who);
    const mine = has && has.until > now ? has.ip : undefined;
    if (what === 'discover') {
      const got = table.choose(client(who), undefined, now);
      if (got === undefined) continue;
      if ([...believes].some(([m, b]) => m !== who && b.ip === got && b.until > now)) doubles.push(got);
      table.hold(got, who, now + 60, now);
      believes.set(who, { ip: got, until: Math.max(now + 60, has?.ip === got ? has.until : 0) });
    } else if (mine !== undefined && what === 'bind') {
      if (!table.bind(lease(mine, { mac: who, expiresAt: now + 100 }))) doubles.push(mine);
      believes.set(who, { ip: mine, until: now + 100 });
    } else if (mine !== undefined) {
      const [state, until] =
        what === 'release' ? (['released', now] as const) : (['declined', now + 50] as const);
      table.end(mine, who, state, until);
      believes.delete(who);
    }
  }
  return doubles;
}

describe('a pool', () => {
  const pool = createPool({
    subnet: server,
    taken: [server],
    netmask: config.netmask,
    rangeBegin: ip('192.0.2.0'),
    rangeEnd: ip('192.0.2.255'),
    excluded: [{ begin: ip('192.0.2.7'), end: ip('192.0.2.7') }],
    reservations: [
      { mac, ip: ip('192.0.2.9') },
      { mac: otherMac, ip: ip('198.51.100.1') },
    ],
  });
  const table = new LeaseTable(pool);

  it('leaves out network, broadcast, server, excluded and reserved addresses', () => {
    const given = new Set<Ipv4>();
    for (let n = 0; ; n++) {
      const got = table.choose(client(macOf(n)), undefined, 0);
      if (got === undefined) break;
      table.hold(got, macOf(n), 60, 0);
      given.add(got);
    }
    expect(given.size).toBe(256 - 5);
    for (const last of [0, 1, 7, 9, 255]) expect(given.has(ip(`192.0.2.${last}`))).toBe(false);
  });

  it('gives a reserved address to its owner alone, and one outside of the subnet to nobody', () => {
    expect(table.choose(client(mac), ip('192.0.2.50'), 0)).toBe('192.0.2.9');
    expect(table.isFreeFor(ip('192.0.2.9'), client(otherMac), 0)).toBe(false);
    expect(table.isFreeFor(ip('198.51.100.1'), client(otherMac), 0)).toBe(false);
  });
});

describe('a lease table', () => {
  it('goes on with the address that a client has or had, then what it asks, then a new one', () => {
    const table = tableOf([lease('192.0.2.102', { expiresAt: 10 })]);
    expect(table.choose(client(mac), undefined, 5)).toBe('192.0.2.102');
    expect(table.choose(client(mac), ip('192.0.2.103'), 1e9)).toBe('192.0.2.102');
    expect(table.choose(client(otherMac), ip('192.0.2.103'), 5)).toBe('192.0.2.103');
    expect(table.choose(client(otherMac), ip('192.0.2.102'), 5)).toBe('192.0.2.100');
    expect(table.choose(client(otherMac), ip('203.0.113.1'), 5)).toBe('192.0.2.100');
  });

  it('takes the address that ran out longest ago when all had an owner', () => {
    const ends = [400, 100, 300, 200];
    const leases = ends.map((expiresAt, i) => lease(`192.0.2.10${i}`, { expiresAt, mac: macOf(i) }));
    const table = tableOf(leases);
    expect(table.choose(client(macOf(9)), undefined, 99)).toBeUndefined();
    expect(table.choose(client(macOf(9)), undefined, 250)).toBe('192.0.2.101');
    table.hold(ip('192.0.2.101'), macOf(9), 900, 250);
    expect(table.choose(client(macOf(8)), undefined, 250)).toBe('192.0.2.103');
    // Its old owner lost it.
    expect(table.addressOf(macOf(1))).toBeUndefined();
  });

  it('keeps an offer for its time, and a declined address from everybody', () => {
    const table = new LeaseTable(poolOf('192.0.2.100', '192.0.2.100'));
    const one = ip('192.0.2.100');
    table.hold(one, mac, 60, 0);
    expect(table.choose(client(otherMac), undefined, 59)).toBeUndefined();
    expect(table.choose(client(otherMac), undefined, 60)).toBe(one);
    table.end(one, mac, 'declined', 600);
    expect(table.choose(client(mac), undefined, 599)).toBeUndefined();
    expect(table.choose(client(mac), one, 600)).toBe(one);
  });

  it('gives a released address back to the same client, or to another that needs it', () => {
    const table = tableOf([lease('192.0.2.100')], poolOf('192.0.2.100', '192.0.2.100'));
    expect(table.choose(client(otherMac), undefined, 5)).toBeUndefined();
    table.end(ip('192.0.2.100'), mac, 'released', 5);
    expect(table.choose(client(mac), undefined, 5)).toBe('192.0.2.100');
    expect(table.choose(client(otherMac), undefined, 5)).toBe('192.0.2.100');
  });

  it('does not bind what its client gave up while the commit was under way', () => {
    const table = new LeaseTable(poolOf());
    const late = lease('192.0.2.100');
    table.hold(late.ip, mac, 60, 0);
    table.end(late.ip, mac, 'released', 1);
    expect(table.bind(late)).toBe(false);
    table.hold(late.ip, otherMac, 60, 2);
    expect(table.bind(late)).toBe(false);
    expect(table.holdingOf(late.ip)).toMatchObject({ mac: otherMac, state: 'held' });
  });

  it('does not shorten a lease by an offer', () => {
    const table = tableOf([lease('192.0.2.100', { expiresAt: 5000 })]);
    table.hold(ip('192.0.2.100'), mac, 60, 0);
    expect(table.holdingOf(ip('192.0.2.100'))).toMatchObject({ mac, state: 'bound', until: 5000 });
  });

  it('knows what the disk says of a lease, and of none that is on its way there', () => {
    const one = ip('192.0.2.100');
    const who = { mac, clientId: '01' };
    const table = tableOf([lease('192.0.2.100', { expiresAt: 5000, clientId: '01' })]);
    expect(table.storedUntil(one, who)).toBe(5000);
    expect(table.storedUntil(one, client(mac))).toBeUndefined();
    expect(table.storedUntil(one, { mac: otherMac, clientId: '01' })).toBeUndefined();
    // An offer writes nothing, and its time is none of the disk's.
    table.hold(one, mac, 9000, 0);
    expect(table.storedUntil(one, who)).toBe(5000);
    const [shorter, longer] = [300, 8000].map((expiresAt) =>
      lease('192.0.2.100', { expiresAt, clientId: '01' }),
    ) as [Lease, Lease];
    table.write(longer);
    table.write(shorter);
    expect(table.storedUntil(one, who)).toBeUndefined();
    table.bind(longer);
    expect(table.storedUntil(one, who)).toBeUndefined();
    const moved = new LeaseTable(poolOf(), table.entries());
    table.bind(shorter);
    expect(table.storedUntil(one, who)).toBe(300);
    moved.bind(shorter);
    expect(moved.storedUntil(one, who)).toBeUndefined();
    table.end(one, mac, 'released', 1);
    table.hold(one, mac, 60, 2);
    expect(table.storedUntil(one, who)).toBeUndefined();
  });

  it('takes no lease for stored that its client would not go on with after a restart', () => {
    const two = [lease('192.0.2.100', { expiresAt: 4000 }), lease('192.0.2.101', { expiresAt: 5000 })];
    const table = tableOf(two);
    expect(table.storedUntil(ip('192.0.2.100'), client(mac))).toBeUndefined();
    expect(table.storedUntil(ip('192.0.2.101'), client(mac))).toBe(5000);
  });

  it('knows its leases over another pool', () => {
    const table = tableOf([lease('192.0.2.100'), lease('192.0.2.101', { mac: otherMac })]);
    const moved = new LeaseTable(poolOf('192.0.2.101', '192.0.2.102'), table.entries());
    expect(moved.choose(client(otherMac), undefined, 0)).toBe('192.0.2.101');
    expect(moved.choose(client(mac), undefined, 0)).toBe('192.0.2.102');
  });

  it('never promises one address to two clients, whatever happens', () => {
    const step = fc.record({
      machine: fc.nat(7),
      wait: fc.nat(40),
      what: fc.constantFrom<Step['what']>('discover', 'bind', 'release', 'decline'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        expect(doublePromises(steps)).toEqual([]);
      }),
      { numRuns: cases(20_000) },
    );
  });

  it('serves 65,000 clients, and as many again when their leases ran out', () => {
    const table = new LeaseTable(
      createPool({
        subnet: ip('10.0.0.1'),
        taken: [ip('10.0.0.1')],
        netmask: ip('255.255.0.0'),
        rangeBegin: ip('10.0.0.2'),
        rangeEnd: ip('10.0.255.254'),
      }),
    );
    const take = (machine: number, now: number): Ipv4 | undefined => {
      const who = ipv4FromNumber(machine) as string as Mac;
      const got = table.choose(client(who), undefined, now);
      if (got !== undefined) table.hold(got, who, now + 60_000, now);
      return got;
    };
    const first = new Set(Array.from({ length: 65_533 }, (_, n) => take(n, n % 7)));
    expect(first.size).toBe(65_533);
    expect(first.has(undefined)).toBe(false);
    expect(take(70_000, 100)).toBeUndefined();
    const second = new Set(Array.from({ length: 65_533 }, (_, n) => take(100_000 + n, 70_000)));
    expect(second.size).toBe(65_533);
  });
});
