import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeLeftoverSessions, connectBmc, type IpmiTiming, pingPresence } from '../../src/ipmi/index.ts';
import { ipmiErrorOf, realDeps } from '../support/ipmi-deps.ts';
import { type IpmiSim, simAdmin, simTool, startIpmiSim } from '../support/ipmi-sim.ts';
import { lossyRelay } from '../support/lossy-relay.ts';
import { needTools } from '../support/need.ts';

type Target = Parameters<typeof connectBmc>[0];

/** No repetitions: each message must be right the first time. */
const once: Partial<IpmiTiming> = { retryMs: [], deadlineMs: 1500, powerTryMs: 1000, closeMs: 300 };
const operator = { name: 'oper', password: 'test-oper', privilege: 'operator' } as const;

async function work(target: Target, timing: Partial<IpmiTiming> = once) {
  const client = await connectBmc(target, realDeps, timing);
  try {
    for (let i = 0; i < 40; i++) expect((await client.deviceId()).manufacturerId).toBe(0x1291);
    await client.chassisControl('power-up');
    expect((await client.chassisStatus()).powerOn).toBe(true);
    await client.chassisControl('power-down');
    return client.facts;
  } finally {
    await client.close();
  }
}

describe.skipIf(!needTools(simTool))('ipmi_sim with a profile, without repetitions', () => {
  let sim: IpmiSim;
  beforeEach(async () => {
    sim = await startIpmiSim({ users: [simAdmin, operator] });
  });
  afterEach(() => sim.close());

  const target = (over: Partial<Target> = {}): Target => {
    const { name: username, password } = simAdmin;
    return { address: sim.address, port: sim.port, username, password, ...over };
  };

  it.each(['md5', 'straight', 'none'] as const)('IPMI 1.5 with %s', async (ipmi15Auth) => {
    const facts = await work(target({ protocol: '1.5', ipmi15Auth }));
    expect(facts).toMatchObject({ protocol: '1.5', authTypes: ['none', 'md2', 'md5', 'straight'] });
    expect(sim.calls()).toEqual(['set power 1', 'set power 0']);
  });

  it('IPMI 1.5 names a wrong password and a wrong user, in its own way', async () => {
    const wrong = await ipmiErrorOf(work(target({ protocol: '1.5', password: 'not-it' })));
    expect(wrong.code).toMatch(/^(?:auth-failed|no-answer)$/);
    expect(wrong.message).not.toMatch(/not-it|test-secret/);
    const nobody = await ipmiErrorOf(work(target({ protocol: '1.5', username: 'nobody' })));
    expect(nobody).toMatchObject({ code: 'auth-failed', data: { completionCode: 0x81 } });
  });

  it('IPMI 1.5 refuses what is above the user', async () => {
    const { name: username, password } = operator;
    const above = target({ username, password, protocol: '1.5', privilege: 'administrator' });
    expect((await ipmiErrorOf(work(above))).code).toMatch(/^(?:auth-failed|privilege)$/);
    expect((await work({ ...above, privilege: 'operator' })).privilege).toBe(3);
  });

  it('leaks no IPMI 1.5 session: 100 in a row', async () => {
    for (let i = 0; i < 100; i++) {
      const client = await connectBmc(target({ protocol: '1.5' }), realDeps, once);
      expect((await client.deviceId()).manufacturerId).toBe(0x1291);
      await client.close();
    }
  });

  it('suite 3 by choice: it lists 0 to 14, so 17 is not even tried', async () => {
    const facts = await work(target());
    expect(facts.cipherSuite).toBe(3);
    expect(facts.cipherSuites).toEqual(Array.from({ length: 15 }, (_, id) => id));
  });

  it.each([1, 2, 3])('suite %i where it is pinned', async (cipherSuite) => {
    expect((await work(target({ cipherSuite, allowWeakSuites: true }))).cipherSuite).toBe(cipherSuite);
  });

  it.each([15, 16, 17])('suite %i, which it does not know, is refused by name', async (cipherSuite) => {
    const error = await ipmiErrorOf(work(target({ cipherSuite, allowWeakSuites: true })));
    expect(error).toMatchObject({ code: 'suite-refused', data: { rakpStatus: 0x04 } });
    expect(error.message).toContain(`cipher suite ${cipherSuite}`);
  });

  it('role-based lookup finds a user by its own level only', async () => {
    const { name: username, password } = operator;
    const byRole = target({ username, password, userLookup: 'name-and-role' });
    expect((await work({ ...byRole, privilege: 'operator' })).privilege).toBe(3);
    expect((await ipmiErrorOf(work({ ...byRole, privilege: 'administrator' }))).code).toBe('auth-failed');
  });

  it('sessions without a console address are nobody of ours, and stay', async () => {
    const client = await connectBmc(target(), realDeps, once);
    const other = await connectBmc(target(), realDeps, once);
    expect(await closeLeftoverSessions(client)).toBe(0);
    expect((await other.deviceId()).manufacturerId).toBe(0x1291);
    await client.close();
    await other.close();
  });

  it('answers the presence ping', async () => {
    const { port } = sim;
    const found = await pingPresence([sim.address, '127.200.200.200'], realDeps, { port, waitMs: 300 });
    expect([...found.keys()]).toEqual([sim.address]);
    expect(found.get(sim.address)).toMatchObject({ supportsIpmi: true, asfVersion: 1 });
  });
});

describe.skipIf(!needTools(simTool))('an ipmi_sim that takes IPMI 1.5 with MD2 alone', () => {
  it('is refused with a text that says what to do', async () => {
    const sim = await startIpmiSim({ auths: 'md2' });
    try {
      const { name: username, password } = simAdmin;
      const { address, port } = sim;
      const error = await ipmiErrorOf(work({ address, port, username, password, protocol: '1.5' }));
      expect(error.code).toBe('suite-refused');
      expect(error.message).toMatch(/MD2 is broken.*switch on MD5/);
    } finally {
      await sim.close();
    }
  });
});

describe.skipIf(!needTools(simTool)).concurrent('ipmi_sim behind a network that loses 30 of 100', () => {
  it.each([
    ['2.0', 1],
    ['2.0', 2],
    ['1.5', 3],
    ['1.5', 4],
  ] as const)('IPMI %s cycles the power at most once, seed %i', async (protocol, seed) => {
    const sim = await startIpmiSim({ powerOn: true });
    const relay = await lossyRelay(sim, { seed, loss: 0.3, duplicate: 0, maxDelayMs: 20 });
    const { name: username, password } = simAdmin;
    const timing = { retryMs: [50, 100, 200], deadlineMs: 4000, powerTryMs: 400, closeMs: 200 };
    try {
      const client = await connectBmc({ ...relay.at, username, password, protocol }, realDeps, timing);
      for (let i = 0; i < 10; i++) expect((await client.deviceId()).manufacturerId).toBe(0x1291);
      await client.chassisControl('power-cycle').catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'no-answer', data: { mayHaveRun: true } });
      });
      await client.close();
      const offs = sim.calls().filter((call) => call === 'set power 0').length;
      expect(offs).toBeLessThanOrEqual(1);
      expect(relay.dropped()).toBeGreaterThan(0);
    } finally {
      await relay.close();
      await sim.close();
    }
  });
});
