import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/base/bytes.ts';
import { connectBmc } from '../../../src/ipmi/index.ts';
import { decodeOpenSessionRequest } from '../../../src/ipmi/wire/open-session.ts';
import { decodeSessionPacket, payloadType } from '../../../src/ipmi/wire/session-packet.ts';
import { type FakeLab, fakeLab } from '../../support/fake-lab.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';

type Target = Parameters<typeof connectBmc>[0];

const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const onCommand = () => ({ completionCode: 0, data: deviceId });

const connect = (lab: FakeLab, over: Partial<Target> = {}) =>
  lab.time.settle(connectBmc({ ...lab.target, ...over }, lab.deps));

/** Open Session Requests that were sent. */
function opens(lab: FakeLab) {
  return lab.sent
    .filter((datagram) => datagram[4] === 6 && datagram[5] === payloadType.openSessionRequest)
    .map((datagram) => decodeOpenSessionRequest(decodeSessionPacket(datagram.subarray(4), 0).payload));
}

const authenticationsOf = (lab: FakeLab): number[] =>
  opens(lab).map(({ algorithms }) => algorithms.authentication);

describe('the cipher suite of a login', () => {
  it.each([
    [[3, 17], [3, 17], 17, [3]],
    [[3], [3], 3, [1]],
    // Boards lie: one lists 17 and refuses it, another takes 17 and lists it not.
    [[3], [17, 3], 3, [3, 1]],
    [[17], [3], 17, [1, 3]],
    [[3], 'refused', 3, [3, 1]],
    [[3], 'silent', 3, [3, 1]],
    [[3, 17], 'silent', 17, [3]],
  ] as const)('takes %j, lists %j: %i', async (suites, listed, used, tried) => {
    const lab = fakeLab({ onCommand, suites, listed });
    const client = await connect(lab);
    expect(client.facts.cipherSuite).toBe(used);
    expect(authenticationsOf(lab)).toEqual(tried);
    expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
    await lab.time.settle(client.close());
    expect(lab.bmc.openSessions()).toBe(0);
  });

  it.each([1, 2, 3, 8, 12, 17])('%i works when it is pinned', async (cipherSuite) => {
    const lab = fakeLab({ onCommand, suites: [cipherSuite], listed: 'silent' });
    const client = await connect(lab, { cipherSuite, allowWeakSuites: true });
    for (let i = 0; i < 20; i++) await lab.time.settle(client.deviceId());
    expect(client.facts.cipherSuite).toBe(cipherSuite);
    await lab.time.settle(client.close());
    expect(lab.bmc.openSessions()).toBe(0);
  });

  it('never becomes a weak one unless that is allowed', async () => {
    const lab = fakeLab({ suites: [0, 1, 2, 8, 12] });
    const error = await ipmiErrorOf(connect(lab));
    expect(error.code).toBe('suite-refused');
    expect(new Set(authenticationsOf(lab))).toEqual(new Set([1, 3]));
    const allowing = fakeLab({ onCommand, suites: [2] });
    expect((await connect(allowing, { allowWeakSuites: true })).facts.cipherSuite).toBe(2);
  });

  it('stays the only one tried when it is pinned', async () => {
    const lab = fakeLab({ suites: [3] });
    expect((await ipmiErrorOf(connect(lab, { cipherSuite: 17 }))).message).toMatch(/cipher suite 17/);
    expect(authenticationsOf(lab)).toEqual([3]);
  });

  it.each([
    [{ lie: 'rakp2' }, 'auth-failed'],
    [{ refuse: { at: 'open', status: 0x0d } }, 'auth-failed'],
    [{ refuse: { at: 'open', status: 0x01 } }, 'out-of-sessions'],
    [{ refuse: { at: 'rakp2', status: 0x0d } }, 'auth-failed'],
    [{ refuse: { at: 'rakp2', status: 0x11 } }, 'suite-refused'],
    [{ refuse: { at: 'rakp4', status: 0x0f } }, 'auth-failed'],
  ] as const)('is not lowered after %j', async (options, code) => {
    const lab = fakeLab(options);
    expect((await ipmiErrorOf(connect(lab))).code).toBe(code);
    expect(authenticationsOf(lab)).toEqual([3]);
  });

  it('0 is reported when a BMC lists it', async () => {
    const lab = fakeLab({ onCommand, listed: [0, 3, 17] });
    expect((await connect(lab)).facts.cipherSuites).toEqual([0, 3, 17]);
  });

  it('is found in a list of several parts', async () => {
    const lab = fakeLab({ onCommand, listed: [1, 2, 6, 7, 8, 11, 12, 15, 16, 17, 3] });
    expect((await connect(lab)).facts.cipherSuites).toHaveLength(11);
  });

  it('is found although a board sends the same part of its list for ever', async () => {
    const suites = [...Array.from({ length: 15 }, (_, i) => i + 1), 17];
    const lab = fakeLab({ onCommand, listed: suites, quirk: 'endless-list' });
    const client = await connect(lab);
    expect(client.facts.cipherSuite).toBe(3);
    expect(lab.sent.length).toBeLessThan(10);
  });
});

describe('the second key K_G', () => {
  const kg = new TextEncoder().encode('second-key');

  it.each([3, 17])('opens a session with suite %i', async (cipherSuite) => {
    const lab = fakeLab({ onCommand, kg });
    const client = await connect(lab, { kg: 'second-key', cipherSuite });
    expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
    expect(client.facts.kgSet).toBe(true);
  });

  it.each([
    [{}, /K_G.*set: give it/],
    [{ kg: 'other' }, /K_G.*not the one/],
  ])('with %j the login fails, and says why', async (over, text) => {
    const lab = fakeLab({ kg });
    const error = await ipmiErrorOf(connect(lab, over));
    expect(error.code).toBe('auth-failed');
    expect(error.message).toMatch(text);
    expect(error.message).not.toMatch(/other|second-key/);
    expect(lab.sockets()).toBe(0);
    expect(lab.bmc.executed).toEqual([]);
  });

  it('for a BMC that has none is an error, not a one-key login', async () => {
    expect((await ipmiErrorOf(connect(fakeLab(), { kg: 'second-key' }))).code).toBe('auth-failed');
  });
});

describe('quirks', () => {
  it.each([
    ['long-rakp2', 'supermicro20', { cipherSuite: 3 }],
    ['long-rakp2', 'sun20', { cipherSuite: 3 }],
    ['open-privilege', 'opensesspriv', {}],
    ['open-privilege', 'sun20', {}],
    ['padded-username', 'intel20', {}],
    ['bad-checksums', 'nochecksumcheck', {}],
  ] as const)('a BMC with %s needs %s', async (quirk, name, over) => {
    const without = fakeLab({ onCommand, quirk });
    expect(['auth-failed', 'no-answer']).toContain((await ipmiErrorOf(connect(without, over))).code);
    const lab = fakeLab({ onCommand, quirk });
    const client = await connect(lab, { ...over, quirks: [name] });
    expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
  });

  it('authcap goes on when a BMC says that it has no IPMI 2.0', async () => {
    const lab = fakeLab({ onCommand, lie: 'ipmi15' });
    expect((await connect(lab, { quirks: ['authcap'] })).facts.protocol).toBe('2.0');
  });

  it('the level of Open Session is 0 without a quirk', async () => {
    const lab = fakeLab({ onCommand });
    await connect(lab, { privilege: 'administrator' });
    expect(opens(lab).map(({ maxPrivilege }) => maxPrivilege)).toEqual([0]);
  });
});

it('the user is looked up as the profile says', async () => {
  const roles = [];
  for (const userLookup of ['name', 'name-and-role'] as const) {
    const lab = fakeLab({ onCommand });
    await connect(lab, { userLookup, privilege: 'user' });
    const rakp1 = lab.sent.find((datagram) => datagram[5] === payloadType.rakp1);
    roles.push(new ByteReader(rakp1 ?? new Uint8Array(), 16 + 24).u8('role'));
  }
  expect(roles).toEqual([0x12, 0x02]);
});
