import { describe, expect, it } from 'vitest';
import { connectBmc } from '../../../src/ipmi/index.ts';
import { type FakeLab, fakeLab } from '../../support/fake-lab.ts';
import { faultsOf } from '../../support/faults.ts';
import { ipmiErrorOf } from '../../support/ipmi-deps.ts';

type Target = Parameters<typeof connectBmc>[0];

const deviceId = Uint8Array.of(0x20, 0x81, 0x07, 0x45, 0x02, 0xbf, 0x57, 0x01, 0x00, 0x34, 0x12);
const onCommand = () => ({ completionCode: 0, data: deviceId });

const connect = (lab: FakeLab, over: Partial<Target> = {}, timing = {}) =>
  lab.time.settle(connectBmc({ ...lab.target, protocol: '1.5', ...over }, lab.deps, timing));

/** Bits of Get Channel Authentication Capabilities. */
const bits = { none: 1, md2: 2, md5: 4, straight: 16 } as const;

describe('an IPMI 1.5 session', () => {
  it.each(['md5', 'straight', 'none'] as const)(
    'logs in with %s, works and is closed',
    async (ipmi15Auth) => {
      const lab = fakeLab({ onCommand, authTypes: bits[ipmi15Auth] });
      const client = await connect(lab, { ipmi15Auth });
      for (let i = 0; i < 70; i++) expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
      expect(client.facts).toMatchObject({ protocol: '1.5', cipherSuite: undefined });
      expect(() => client.solPort()).toThrow(/IPMI 2\.0/);
      await lab.time.settle(client.close());
      expect(lab.bmc.openSessions()).toBe(0);
      expect(lab.sockets()).toBe(0);
    },
  );

  it('sends the password in clear only when that is asked for', async () => {
    const inClear = (lab: FakeLab): boolean =>
      lab.sent.some((datagram) => Buffer.from(datagram).includes('test-secret'));
    const hidden = fakeLab({ onCommand });
    await connect(hidden);
    expect(inClear(hidden)).toBe(false);
    const clear = fakeLab({ onCommand });
    await connect(clear, { ipmi15Auth: 'straight' });
    expect(inClear(clear)).toBe(true);
  });

  it('is never chosen without being named: a BMC without IPMI 2.0 is an error', async () => {
    const lab = fakeLab({ onCommand, lie: 'ipmi15' });
    const error = await ipmiErrorOf(connect(lab, { protocol: '2.0' }));
    expect(error.code).toBe('suite-refused');
    expect(error.message).toMatch(/set protocol 1\.5/);
  });

  it.each([
    [bits.md2, 'md5', /MD2 is broken/],
    [bits.straight, 'md5', /only straight/],
    [bits.md5, 'none', /no IPMI 1\.5 login with "none"/],
    [0, 'md5', /only nothing/],
  ] as const)('with types %i and "%s" it is refused', async (authTypes, ipmi15Auth, text) => {
    const error = await ipmiErrorOf(connect(fakeLab({ authTypes }), { ipmi15Auth }));
    expect(error.code).toBe('suite-refused');
    expect(error.message).toMatch(text);
  });

  it('names a user that the BMC does not have', async () => {
    const error = await ipmiErrorOf(connect(fakeLab({ username: 'root' }), { username: 'admin' }));
    expect(error).toMatchObject({ code: 'auth-failed', data: { completionCode: 0x81 } });
  });

  it('a wrong password gets no answer, as the BMC drops what it cannot prove', async () => {
    const error = await ipmiErrorOf(connect(fakeLab(), { password: 'not-it' }));
    expect(error.code).toBe('no-answer');
    expect(error.message).not.toContain('not-it');
  });

  it.each(['rakp4', 'session'] as const)('does not believe answers of a liar (%s)', async (lie) => {
    const lab = fakeLab({ onCommand, lie });
    const work = connect(lab).then((client) => lab.time.settle(client.deviceId()));
    expect((await ipmiErrorOf(work)).code).toBe('bmc-not-genuine');
    expect(lab.sockets()).toBeLessThanOrEqual(1);
  });

  it('big-endian counters need the quirk', async () => {
    const lab = fakeLab({ onCommand, quirk: 'big-endian' });
    const client = await connect(lab, { quirks: ['endianseq'] });
    for (let i = 0; i < 40; i++) expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
    expect(lab.bmc.executed).toHaveLength(40);
  });

  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'works over a wire that loses 30 of 100, seed %i',
    async (seed) => {
      const plan = faultsOf({ seed, loss: 0.3, duplicate: 0.2, maxDelayMs: 700 });
      const lab = fakeLab({ seed, onCommand, wire: () => plan() });
      const client = await connect(lab, {}, { deadlineMs: 60_000 });
      for (let i = 0; i < 10; i++) expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
      await lab.time.settle(client.close());
      expect(lab.sockets()).toBe(0);
    },
  );

  it('starts again when the answer to Activate Session is lost', async () => {
    let lost = 0;
    const lab = fakeLab({
      onCommand,
      meddle: (answer) => (answer[4] === 2 && answer.length > 40 && ++lost === 1 ? [] : [answer]),
    });
    const client = await connect(lab);
    expect((await lab.time.settle(client.deviceId())).productId).toBe(0x1234);
    expect(lost).toBeGreaterThan(1);
  });
});
