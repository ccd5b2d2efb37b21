import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IpmiError } from '../../src/ipmi/index.ts';
import {
  createHarness,
  type Harness,
  inspectionReport,
  lease,
  tokenOf,
} from '../support/provision-harness.ts';
import { testProfile } from '../support/test-bmc.ts';

let rig: Harness;
beforeEach(async () => {
  rig = await createHarness();
});
afterEach(() => rig.close());

const service = () => rig.provision.service;
const names = () => rig.notices.map(({ name }) => name);
const profiles = async () => (await rig.store.provision.listBmcProfiles()).get(rig.chassisUuid);
const steps = async () => (await service().timeline(rig.chassisUuid))?.entries.map(({ step }) => step);

/** Virtual time that goes on slowly enough for the store to keep up. */
async function pass(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 1000) await rig.clock.advance(1000);
  await rig.settle();
}

async function watch(): Promise<void> {
  rig.limits.powerPollSeconds = 10;
  await pass(20_000);
}

async function provision(): Promise<void> {
  const state = { ended: false };
  const call = service()
    .provision(rig.chassisUuid)
    .finally(() => {
      state.ended = true;
    });
  while (!state.ended) {
    await rig.clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await call;
}

describe('the power of machines is watched', () => {
  it('with its age, and not at all while the interval is 0', async () => {
    const since = rig.clock.now();
    await pass(30_000);
    expect((await service().bmcReport(rig.chassisUuid)).power).toEqual({
      kind: 'unknown',
      reason: 'not-asked',
      since,
    });
    await watch();
    const { power } = await service().bmcReport(rig.chassisUuid);
    expect(power).toMatchObject({ kind: 'known', on: false });
    expect(rig.clock.now() - (power.kind === 'known' ? power.at : 0)).toBeLessThanOrEqual(10_000);
  });

  it('and a change behind our back is told within one interval, with the cause that the BMC knows', async () => {
    await watch();
    rig.bmc.answers.set('Get SEL Info', { entries: 0 });
    rig.bmc.answers.set('Get SEL Time', 1_700_000_000);
    rig.bmc.answers.set('Get System Restart Cause', { cause: 3, channel: 0 });
    rig.bmc.on = true;
    await pass(11_000);
    expect(rig.notices).toEqual([
      expect.objectContaining({
        name: 'power-changed',
        severity: 'Warning',
        about: { type: 'chassis', uuid: rig.chassisUuid },
        text: expect.stringMatching(
          /"r1u1" went on and Rackwright did not do it.*power-up by the power button/,
        ),
      }),
    ]);
    // Adopted, not fought.
    await pass(60_000);
    expect(rig.bmc.on).toBe(true);
    expect(names()).toHaveLength(1);
    rig.bmc.answers.clear();
    rig.bmc.on = false;
    expect(await service().powerStatus(rig.chassisUuid)).toBe('OFF');
    await pass(1000);
    expect(rig.notices[1]?.text).toContain('its BMC tells no cause');
  });

  it('and our own commands are no news, nor is the end of an inspection', async () => {
    await watch();
    for (const action of ['on', 'reset', 'off'] as const) {
      await service().power(rig.chassisUuid, action);
      await pass(15_000);
    }
    await provision();
    // Long after the power-on, which would explain it too.
    await pass(150_000);
    const token = tokenOf(await rig.boot(), 'inspection');
    const body = new TextEncoder().encode(JSON.stringify(inspectionReport()));
    await rig.provision.content.post({ token, artefact: 'inspection', client: lease, body });
    rig.bmc.on = false;
    await pass(60_000);
    expect(await rig.status()).toBe('Unprovisioned');
    expect(names()).toEqual([]);
    await pass(300_000);
    rig.bmc.on = true;
    await pass(11_000);
    expect(names()).toEqual(['power-changed']);
  });

  it('and a machine whose run has just ended may do what it likes for a while', async () => {
    await watch();
    await provision();
    await pass(150_000);
    await service().updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
    for (const on of [false, true]) {
      rig.bmc.on = on;
      await pass(11_000);
    }
    expect(names()).toEqual([]);
    await pass(150_000);
    rig.bmc.on = false;
    await pass(11_000);
    expect(names()).toEqual(['power-changed']);
  });

  it('and a run whose machine loses its power has that in its timeline, and no more time for it', async () => {
    await watch();
    await provision();
    await pass(150_000);
    rig.bmc.on = false;
    await pass(11_000);
    expect(await steps()).toContain('power-changed');
    expect(names()).toEqual(['power-changed']);
    const begun = (await service().timeline(rig.chassisUuid))?.entries.find(
      ({ step }) => step === 'power',
    )?.at;
    await pass(160_000);
    expect(rig.clock.now() - (begun ?? 0)).toBeLessThan(340_000);
    expect(names()).toEqual(['power-changed', 'boot-failed']);
  });

  it('and is UNKNOWN only with a reason', async () => {
    await watch();
    const on = await service().bmcReport(rig.chassisUuid);
    rig.bmc.failWith = new IpmiError('no-answer', 'silent');
    await pass(11_000);
    expect((await service().bmcReport(rig.chassisUuid)).power).toMatchObject({ kind: on.power.kind });
    await pass(30_000);
    expect((await service().bmcReport(rig.chassisUuid)).power).toMatchObject({
      kind: 'unknown',
      reason: 'no-answer',
    });
    // A machine that changed while nobody could look is news when it can be looked at again.
    rig.bmc.failWith = undefined;
    rig.bmc.on = true;
    await pass(11_000);
    expect(names()).toEqual(['power-changed']);
  });
});

describe('a BMC is measured', () => {
  it('after its chassis was entered with a login, and never with a boot flag', async () => {
    await rig.settle();
    expect(rig.bmc.measured).toEqual([[rig.chassisUuid, { probeBoot: false }]]);
    expect(await profiles()).toEqual(testProfile);
    const { profile, findings } = await service().bmcReport(rig.chassisUuid);
    expect([profile, findings]).toEqual([
      testProfile,
      [{ name: 'no-password-suite', text: expect.stringContaining('switch the suite off') }],
    ]);
    await service().createChassis({
      name: 'r1u2',
      ipmiAddress: '198.51.100.12',
      ipmiUsername: 'admin',
      ipmiPassword: 'x',
      systemTags: ['skipIpmiCheck::true'],
    });
    await rig.settle();
    expect(rig.bmc.measured).toHaveLength(1);
  });

  it('anew when its chassis gets another one, which knows nothing of the one before', async () => {
    await rig.settle();
    await service().updateChassis(rig.chassisUuid, { ipmiPassword: 'other' });
    await rig.settle();
    expect(rig.bmc.measured).toHaveLength(1);
    await service().updateChassis(rig.chassisUuid, {
      ipmiAddress: '198.51.100.99',
      systemTags: ['skipIpmiCheck::true'],
    });
    expect(await profiles()).toBeUndefined();
    await service().updateChassis(rig.chassisUuid, { ipmiPort: 6230 });
    await rig.settle();
    expect(rig.bmc.measured).toHaveLength(2);
  });

  it('with a boot flag only when it is asked for and no run goes on', async () => {
    await service().measureBmc(rig.chassisUuid, { probeBoot: true });
    expect(rig.bmc.measured.at(-1)).toEqual([rig.chassisUuid, { probeBoot: true }]);
    await provision();
    await expect(service().measureBmc(rig.chassisUuid, { probeBoot: true })).rejects.toMatchObject({
      code: 'run-in-progress',
    });
    await service().measureBmc(rig.chassisUuid, { probeBoot: false });
    rig.bmc.failWith = new IpmiError('locked-out', 'no more tries');
    await expect(service().measureBmc(rig.chassisUuid, { probeBoot: false })).rejects.toMatchObject({
      code: 'bmc-failed',
      message: expect.stringContaining('releaseBaremetalChassisBmc'),
    });
  });

  it('and keeps learning how long power takes; a new measurement forgets none of it, nor a trial', async () => {
    await rig.settle();
    rig.bmc.profile = {
      ...testProfile,
      bootFlag: { keepsPxe: false, keepsEfi: true, marksValid: true, restored: true },
    };
    await service().measureBmc(rig.chassisUuid, { probeBoot: true });
    rig.bmc.profile = testProfile;
    await service().power(rig.chassisUuid, 'on');
    await pass(3000);
    await service().power(rig.chassisUuid, 'on');
    await pass(3000);
    await service().measureBmc(rig.chassisUuid, { probeBoot: false });
    expect(await profiles()).toMatchObject({ powerMs: { on: [0], off: [] }, bootFlag: { keepsPxe: false } });
    await provision();
    expect(rig.bmc.calls).toContain('boot pxe efi once until boot');
    expect(await profiles()).toMatchObject({ powerMs: { on: [0, 0], off: [0] } });
  });

  it('in vain, which makes no difference to the chassis', async () => {
    await rig.settle();
    rig.bmc.failWith = new IpmiError('busy', 'firmware update');
    await expect(service().measureBmc(rig.chassisUuid, { probeBoot: false })).rejects.toMatchObject({
      message: expect.stringContaining('repeat the call in a minute'),
    });
    expect(await profiles()).toEqual(testProfile);
    rig.bmc.failWith = undefined;
    expect(await service().powerStatus(rig.chassisUuid)).toBe('OFF');
  });
});

it('looks once for sessions of an earlier run of this program, where there may be any', async () => {
  const asked = () => rig.bmc.commands.filter((name) => name === 'Get Session Info').length;
  await service().powerStatus(rig.chassisUuid);
  expect(asked()).toBe(0);
  rig = await rig.restart();
  for (let i = 0; i < 3; i += 1) await service().powerStatus(rig.chassisUuid);
  await rig.settle();
  expect(asked()).toBe(1);
  rig = await rig.restart();
  // Sessions of the measurement would be closed with them.
  await service().measureBmc(rig.chassisUuid, { probeBoot: false });
  await service().powerStatus(rig.chassisUuid);
  expect(asked()).toBe(1);
});

describe('failed logins', () => {
  const facts = { address: '198.51.100.11', port: 623, username: 'admin', failures: 2, at: 0 };

  it('that end all tries are told, for a chassis that is known by key or by address', () => {
    rig.bmc.lockedOut(rig.chassisUuid, facts);
    rig.bmc.lockedOut('198.51.100.11:623', facts);
    rig.bmc.lockedOut('198.51.100.77:623', { ...facts, address: '198.51.100.77' });
    expect(names()).toEqual(['bmc-locked-out', 'bmc-locked-out']);
    expect(rig.notices[0]).toMatchObject({
      about: { uuid: rig.chassisUuid },
      text: expect.stringMatching(/updateBaremetalChassis.*releaseBaremetalChassisBmc/),
    });
    expect(JSON.stringify(rig.notices)).not.toContain('canary');
  });

  it('are forgotten when credentials change or a person says so, and not when only the name does', async () => {
    rig.bmc.failures = 2;
    expect((await service().bmcReport(rig.chassisUuid)).lockOut).toEqual({
      username: 'admin',
      failures: 2,
      lockedOut: true,
    });
    await service().updateChassis(rig.chassisUuid, { name: 'other' });
    expect(rig.bmc.released).toEqual([]);
    await service().updateChassis(rig.chassisUuid, { ipmiPassword: 'new' });
    await service().releaseBmc(rig.chassisUuid);
    expect(rig.bmc.released).toEqual([rig.chassisUuid, rig.chassisUuid]);
    expect((await service().bmcReport(rig.chassisUuid)).lockOut.lockedOut).toBe(false);
  });
});

describe('how a BMC is spoken to', () => {
  const options = async () => {
    const chassis = await rig.store.provision.getChassis(rig.chassisUuid);
    return [chassis?.ipmiOptions, chassis?.ipmiKg];
  };
  const apply = (added?: string, removed?: string) => service().applyTag(rig.chassisUuid, { added, removed });

  it('comes from system tags, and goes with them', async () => {
    await service().updateChassis(rig.chassisUuid, {
      ipmiKg: '0x00ff',
      systemTags: ['ipmiCipherSuite::8', 'ipmiAllowWeakSuites::true', 'ipmiQuirk::authcap'],
    });
    await apply('ipmiQuirk::sun20');
    await apply('ipmiProtocol::1.5');
    const all = { protocol: '1.5', cipherSuite: 8, allowWeakSuites: true, quirks: ['authcap', 'sun20'] };
    expect(await options()).toEqual([all, '0x00ff']);
    await service().updateChassis(rig.chassisUuid, { name: 'n', ipmiKg: '******' });
    expect(await options()).toEqual([all, '0x00ff']);
    await apply(undefined, 'ipmiQuirk::authcap');
    await apply('ipmiProtocol::2.0', 'ipmiProtocol::1.5');
    await apply('ipmiCipherSuite::17', 'ipmiCipherSuite::8');
    await apply(undefined, 'ipmiAllowWeakSuites::true');
    expect(await options()).toEqual([{ cipherSuite: 17, quirks: ['sun20'] }, '0x00ff']);
    await apply(undefined, 'ipmiCipherSuite::17');
    await apply(undefined, 'ipmiQuirk::sun20');
    await service().updateChassis(rig.chassisUuid, { ipmiKg: '' });
    expect(await options()).toEqual([undefined, undefined]);
  });

  it.each([
    ['ipmiProtocol::3', 'ipmiProtocol::1.5'],
    ['ipmiCipherSuite::0', '3, 6, 7'],
    ['ipmiCipherSuite::4', '3, 6, 7'],
    ['ipmiAllowWeakSuites::perhaps', 'true'],
    ['ipmiQuirk::nosuch', 'authcap'],
  ])('is refused: %s', async (tag, hint) => {
    await expect(apply(tag)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(hint),
    });
  });

  it('is refused: a K_G that no BMC can have, without being quoted', async () => {
    for (const ipmiKg of ['x'.repeat(21), '0x123', '0xzz', `0x${'00'.repeat(21)}`]) {
      const refusal = await service()
        .updateChassis(rig.chassisUuid, { ipmiKg })
        .catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'invalid-argument' });
      expect(String(refusal)).not.toContain(ipmiKg);
    }
  });
});
