import { describe, expect, it } from 'vitest';
import { defaultUsers } from '../../hardware-lab/bmc-sim/config.ts';
import { findUser, rmcpStatus } from '../../hardware-lab/bmc-sim/login.ts';
import { encodeOpenSessionRequest } from '../../src/ipmi/wire/open-session.ts';
import { encodeRakp3 } from '../../src/ipmi/wire/rakp3.ts';
import { payloadType } from '../../src/ipmi/wire/session-packet.ts';
import { Bench, logIn, mustLogIn, suiteOf, TestSession } from './console.ts';

const chassisStatus = [0x00, 0x01] as const;

describe('login at the simulated BMC', () => {
  it.each([3, 17])('opens a session with cipher suite %i', (id) => {
    const session = mustLogIn(new Bench(), { suite: suiteOf(id) });
    expect(session.genuine).toBe(true);
    expect(session.command(...chassisStatus)?.[0]).toBe(0);
  });

  it('refuses suites that are not configured, and suite 0 always', () => {
    const bench = new Bench({ suites: [17] });
    expect(logIn(bench, { suite: suiteOf(3) })).toBe(rmcpStatus.noMatchingSuite);
    const algorithms = { authentication: 0, integrity: 0, confidentiality: 0 };
    const request = encodeOpenSessionRequest({ tag: 1, maxPrivilege: 0, consoleSessionId: 5, algorithms });
    const everything = new Bench({ suites: [0, 3, 17] });
    expect(everything.plain(payloadType.openSessionRequest, request)?.[1]).toBe(rmcpStatus.noMatchingSuite);
    expect(bench.state.logins).toEqual([]);
  });

  it.each([
    ['unknown name', { username: 'nobody' }, rmcpStatus.unauthorizedName],
    ['disabled null user', { username: '' }, rmcpStatus.unauthorizedName],
    ['more than the user may', { username: 'oper', password: 'oper-secret' }, rmcpStatus.unauthorizedRole],
    ['wrong password', { password: 'wrong' }, rmcpStatus.invalidIntegrityValue],
  ])('refuses %s and keeps nothing', (_, wish, status) => {
    const bench = new Bench();
    expect(logIn(bench, wish)).toBe(status);
    expect([bench.state.logins, bench.state.sessions]).toEqual([[], []]);
  });

  it('needs K_G where it is set, and tells so before', () => {
    const kg = new TextEncoder().encode('kg-secret');
    const bench = new Bench({ kg });
    expect(mustLogIn(bench, { kg }).command(...chassisStatus)?.[0]).toBe(0);
    // The password alone proves enough for RAKP 3; the keys differ, and so nothing is understood afterwards.
    const oneKey = mustLogIn(bench);
    expect(oneKey.genuine).toBe(false);
    expect(oneKey.command(...chassisStatus)).toBeUndefined();
  });

  it('limits sessions and logins together, and frees what was given up', () => {
    const bench = new Bench({ sessionLimit: 2 });
    const first = mustLogIn(bench);
    mustLogIn(bench);
    expect(logIn(bench)).toBe(rmcpStatus.noResources);
    const id = first.secrets.bmcSessionId;
    const closing = [id & 255, (id >>> 8) & 255, (id >>> 16) & 255, id >>> 24];
    expect(first.command(0x06, 0x3c, closing)).toEqual([0]);
    expect(logIn(bench)).toBeInstanceOf(TestSession);
  });

  it('forgets a session after 60 s without a packet, not before', () => {
    const bench = new Bench();
    const session = mustLogIn(bench);
    bench.pass(59_999);
    expect(session.command(...chassisStatus)?.[0]).toBe(0);
    bench.pass(59_999);
    expect(bench.state.sessions).toHaveLength(1);
    bench.pass(1);
    expect(bench.state.sessions).toEqual([]);
    expect(session.command(...chassisStatus)).toBeUndefined();
  });

  it('drops a login that the console gives up', () => {
    const bench = new Bench();
    const algorithms = { authentication: 1, integrity: 1, confidentiality: 1 };
    const request = encodeOpenSessionRequest({ tag: 1, maxPrivilege: 0, consoleSessionId: 5, algorithms });
    bench.plain(payloadType.openSessionRequest, request);
    const [login] = bench.state.logins;
    // A repetition does not take a second slot.
    bench.plain(payloadType.openSessionRequest, request);
    expect(bench.state.logins).toHaveLength(1);
    const { bmcSessionId } = bench.state.logins[0]!;
    expect(bmcSessionId).not.toBe(login!.bmcSessionId);
    bench.plain(payloadType.rakp3, encodeRakp3({ kind: 'refused', tag: 1, status: 8, bmcSessionId }));
    expect(bench.state.logins).toHaveLength(1);
    bench.pass(60_000);
    expect(bench.state.logins).toEqual([]);
  });

  it('proves nothing false unless told to', () => {
    const bench = new Bench();
    for (const fault of ['wrongRakp2', 'wrongRakp4'] as const) {
      bench.happen({ kind: 'faults', faults: { [fault]: true } });
      expect(mustLogIn(bench).genuine).toBe(false);
      bench.happen({ kind: 'faults', faults: { [fault]: false } });
    }
    expect(mustLogIn(bench).genuine).toBe(true);
  });
});

describe('user lookup', () => {
  const two = [...defaultUsers, { name: 'admin', password: 'second', privilege: 3, enabled: true }];
  it('by name alone finds the first, by name and role the one with that limit', () => {
    expect(findUser(two, 'admin', 0x13)).toBe(two[1]);
    expect(findUser(two, 'admin', 0x03)).toBe(two[4]);
    expect(findUser(two, 'admin', 0x04)).toBe(two[1]);
    expect(findUser(two, 'oper', 0x02)).toBe(two[2]);
    expect(findUser(two, 'oper', 0x04)).toBe(rmcpStatus.unauthorizedRole);
  });
});
