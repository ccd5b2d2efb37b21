import { afterEach, describe, expect, it } from 'vitest';
import { type BmcSim, type BmcSimOptions, createBmcSim } from '../../../hardware-lab/bmc-sim/sim.ts';
import {
  type BmcSession,
  type BmcTarget,
  connectBmc,
  createLockoutGuard,
  measureProfile,
  memoryGuardStore,
  readLoginFacts,
} from '../../../src/ipmi/index.ts';
import { setBootOptions } from '../../../src/ipmi/commands/chassis/set-boot-options.ts';
import type { Connect } from '../../../src/ipmi/pool/bmc-slot.ts';
import { profileFindings } from '../../../src/ipmi/profile/measure.ts';
import { ipmiErrorOf, realDeps, using } from '../../support/ipmi-deps.ts';

const quick = { retryMs: [50, 100], deadlineMs: 800, powerTryMs: 400, closeMs: 100 };
let sim: BmcSim;
afterEach(() => sim.close());

async function start(options: Partial<BmcSimOptions> = {}) {
  sim = await createBmcSim({ bind: { address: '127.9.1.1', port: 0 }, ...options });
  const who = { username: 'admin', password: 'test-secret', privilege: 'administrator' } as const;
  const target: BmcTarget = { address: sim.address, port: sim.port, ...who };
  const guard = createLockoutGuard(memoryGuardStore(), realDeps.clock);
  let logins = 0;
  const connect: Connect = (one) =>
    guard.attempt('a', one, () => {
      logins++;
      return connectBmc(one, realDeps, quick);
    });
  const deps = {
    clock: realDeps.clock,
    readFacts: (one: BmcTarget) => readLoginFacts(one, realDeps, quick),
  };
  const measure = (over: Partial<BmcTarget> = {}, options = {}) =>
    measureProfile(connect, { ...target, ...over }, deps, options);
  return { target, connect, deps, guard, measure, logins: () => logins };
}

/** Sessions whose `exclusively` breaks off after the `nth` Set System Boot Options. */
function breaking(session: BmcSession, nth: number, begin: () => void): BmcSession {
  let sets = 0;
  return {
    ...session,
    exclusively: (work) =>
      session.exclusively((execute) =>
        work(async (command, request, options) => {
          const reply = await execute(command, request, options);
          if (command.name === setBootOptions.name && ++sets === nth) begin();
          return reply;
        }),
      ),
  };
}

describe('a measurement', () => {
  it('learns the BMC and leaves it as it was', async () => {
    const { measure } = await start({ sessionLimit: 3 });
    const before = sim.state().boot;
    const profile = await measure({}, { countSessions: true });
    expect(profile).toMatchObject({
      version: 1,
      vendor: 'IANA 1044720',
      ipmiVersion: '2.0',
      suites: { advertised: [3, 17], working: [3, 17] },
      sessions: { tried: 3 },
      sol: { enabled: true, baud: 115_200 },
      bootFlag: { keepsPxe: true, keepsEfi: true, marksValid: true, restored: true },
    });
    expect(profile.systemGuid).toBe(Buffer.from(sim.state().guid).toString('hex'));
    expect(profile.notes.join('\n')).toMatch(/no more than 3 sessions/);
    expect(sim.state().boot.values.get(5)).toEqual(before.values.get(5) ?? new Uint8Array(5));
    expect(sim.state().power.on).toBe(false);
    expect(sim.state().sessions.length).toBe(0);
    expect(JSON.stringify(profile)).not.toContain('test-secret');
  });

  it('does not touch flags that wait for a boot', async () => {
    const { measure, target } = await start();
    await using(connectBmc(target, realDeps, quick), (client) =>
      client.setBootDevice({ device: 'disk', efi: true, persistent: false }),
    );
    const profile = await measure();
    expect(profile.bootFlag).toBeUndefined();
    expect(profile.notes.join('\n')).toMatch(/wait for the next boot/);
    await using(connectBmc(target, realDeps, quick), async (client) =>
      expect(await client.bootDevice()).toMatchObject({ device: 'disk', valid: true }),
    );
  });

  it('puts the boot flag back over a new session when its own is lost in between', async () => {
    const { connect, deps, target } = await start();
    let isFirst = true;
    const flaky: Connect = async (one, timing) => {
      const session = await connect(one, timing);
      if (!isFirst || one.cipherSuite !== 17) return session;
      isFirst = false;
      // Set in progress, acknowledge and flags have gone through; then this session is no more.
      return breaking(session, 3, () => void session.close());
    };
    await measureProfile(flaky, target, deps).catch(() => undefined);
    await using(connectBmc(target, realDeps, quick), async (client) =>
      expect(await client.bootDevice()).toMatchObject({ valid: false }),
    );
  });

  it('finds out which suites work, whatever is advertised', async () => {
    const { measure } = await start({ suites: [17] });
    expect((await measure()).suites).toEqual({ advertised: [17], working: [17] });
    await sim.close();
    const other = await start({ suites: [3] });
    expect((await other.measure()).suites).toEqual({ advertised: [3], working: [3] });
    expect((await ipmiErrorOf(other.measure({ cipherSuite: 17 }))).code).toBe('suite-refused');
  });

  it('tries a wrong password once', async () => {
    const { measure, logins, guard, target } = await start();
    expect((await ipmiErrorOf(measure({ password: 'not-this-one' }))).code).toBe('auth-failed');
    expect([logins(), await guard.failures(target)]).toEqual([1, 1]);
  });

  it('names what is weak and what is peculiar', () => {
    const facts = {
      supportsIpmi15: true,
      supportsIpmi20: false,
      kgSet: true,
      authTypes: ['none'],
      perMessageAuthOff: false,
      userLevelAuthOff: false,
      namedUsers: true,
      nullUser: true,
      anonymousLogin: false,
      cipherSuites: [0, 3],
    } as const;
    expect(profileFindings(facts)).toEqual([
      'no-password-suite',
      'no-password-auth',
      'null-user',
      'ipmi-1.5-only',
      'kg-set',
    ]);
  });
});
