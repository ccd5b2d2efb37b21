import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import type { ChassisSide } from '../../src/console/ports.ts';
import { IpmiError } from '../../src/ipmi/index.ts';
import type { ConsoleLook } from '../../src/provision/ports.ts';
import { createScreenFiles } from '../../src/provision/screen-files.ts';
import {
  createHarness,
  type Harness,
  inspectionReport,
  lease,
  nic,
  tokenOf,
} from '../support/provision-harness.ts';

let rig: Harness;
beforeEach(async () => {
  rig = await createHarness();
});
afterEach(() => rig.close());

/** The console room takes it as it is. */
const side = (): ChassisSide => rig.provision.consoles;
const secrets = /"[0-9a-f]{64}"/;

/** Virtual time goes on, slowly enough for real files, until the run has failed. */
async function untilFailed(): Promise<void> {
  for (let i = 0; i < 1000 && (await rig.status()) !== 'PxeBootFailed'; i++) {
    await rig.clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function install(vnc: boolean): Promise<string> {
  await rig.provision.service.createHostCfg({
    chassisUuid: rig.chassisUuid,
    password: 'canary-root-secret',
    vnc,
    cfgItems: {
      nicCfgs: [JSON.stringify({ mac: nic(1), ip: '192.0.2.50', netmask: '255.255.255.0', pxe: 'TRUE' })],
    },
  });
  await rig.begin();
  const script = await rig.boot();
  const kickstart = await rig.provision.content.get({
    token: tokenOf(script, 'ks.cfg'),
    artefact: 'ks.cfg',
    client: lease,
  });
  if (kickstart.kind !== 'text') throw new Error('no kickstart');
  await rig.settle();
  return kickstart.body;
}

describe('a chassis beside its console', () => {
  it('has its status, its power as last seen and its newest run, without tokens', async () => {
    expect(await side().name(rig.chassisUuid)).toBe('r1u1');
    expect(await side().name('f'.repeat(32))).toBeUndefined();
    const asked = rig.bmc.calls.length;
    expect(await side().view(rig.chassisUuid)).toEqual({
      name: 'r1u1',
      status: 'Unprovisioned',
      power: 'unknown',
    });
    expect(rig.bmc.calls.length).toBe(asked);
    await rig.begin();
    const begun = await side().view(rig.chassisUuid);
    expect(begun).toMatchObject({
      status: 'Rebooting',
      power: 'on',
      run: { kind: 'inspect', stage: 'awaiting-dhcp' },
    });
    expect(begun.run).not.toHaveProperty('endedAt');
    await untilFailed();
    const late = await side().view(rig.chassisUuid);
    expect(late).toMatchObject({
      status: 'PxeBootFailed',
      run: { stage: 'failed', endedAt: expect.any(Number), cause: expect.stringContaining('no DHCP packet') },
    });
    expect(JSON.stringify([begun, late])).not.toMatch(secrets);
    await expect(side().view('f'.repeat(32))).rejects.toMatchObject({ code: 'chassis-not-found' });
  });

  it('has the timeline of a run, oldest first', async () => {
    await rig.begin();
    const { run } = await side().view(rig.chassisUuid);
    const lines = await side().timeline(run?.uuid ?? '');
    expect(lines.map(({ step }) => step)).toEqual(['start', 'boot-flag', 'power']);
    expect(lines[0]).toEqual({ at: expect.any(Number), step: 'start', text: 'inspection begins' });
    expect(await side().timeline('f'.repeat(32))).toEqual([]);
  });

  it('is told about when it, its power, its run or its timeline changes', async () => {
    const told: string[] = [];
    const stop = side().watch((uuid) => void told.push(uuid));
    side().watch(() => {
      throw new Error('a bad listener');
    });
    const news = async (): Promise<number> => {
      await rig.settle();
      return told.splice(0).filter((uuid) => uuid === rig.chassisUuid).length;
    };
    await rig.provision.service.updateChassis(rig.chassisUuid, { name: 'other' });
    expect(await news()).toBeGreaterThan(0);
    await rig.provision.service.powerStatus(rig.chassisUuid);
    expect(await news()).toBe(1);
    await rig.provision.service.powerStatus(rig.chassisUuid);
    expect(await news()).toBe(0);
    await side().power(rig.chassisUuid, 'on');
    expect(await news()).toBeGreaterThan(0);
    await rig.begin();
    expect(await news()).toBeGreaterThan(2);
    const script = await rig.boot();
    expect(await news()).toBeGreaterThan(0);
    const body = new TextEncoder().encode(JSON.stringify(inspectionReport()));
    const token = tokenOf(script, 'inspection');
    await rig.provision.content.post({ token, artefact: 'inspection', client: lease, body });
    expect(await news()).toBeGreaterThan(0);
    await rig.provision.service.deleteChassis(rig.chassisUuid);
    expect(await news()).toBeGreaterThan(0);
    stop();
    const again = rig.provision.service.createChassis({
      name: 'r1u9',
      ipmiAddress: '198.51.100.19',
      ipmiUsername: 'admin',
      ipmiPassword: 'x',
    });
    await again;
    await rig.settle();
    expect(told).toEqual([]);
  });

  it('does as the power call of the API does', async () => {
    await side().power(rig.chassisUuid, 'on');
    expect(rig.bmc.on).toBe(true);
    await expect(side().power('f'.repeat(32), 'on')).rejects.toMatchObject({ code: 'chassis-not-found' });
    rig.bmc.failWith = new IpmiError('no-answer', 'silent');
    await expect(side().power(rig.chassisUuid, 'off')).rejects.toMatchObject({ code: 'power-off-failed' });
  });
});

describe('the serial console', () => {
  it('is there unless the BMC speaks IPMI 1.5 or lets nobody in, and that is told without asking it', async () => {
    expect(await side().solState(rig.chassisUuid)).toEqual({ yes: true });
    rig.bmc.failures = 2;
    expect(await side().solState(rig.chassisUuid)).toEqual({
      yes: false,
      text: expect.stringMatching(/"admin" 2 times.*updateBaremetalChassis.*releaseBaremetalChassisBmc/),
    });
    rig.bmc.failures = 0;
    await rig.provision.service.applyTag(rig.chassisUuid, { added: 'ipmiProtocol::1.5', removed: undefined });
    expect(await side().solState(rig.chassisUuid)).toEqual({
      yes: false,
      text: expect.stringMatching(/IPMI 1\.5.*system tag ipmiProtocol::1\.5/),
    });
    expect(await side().solState('f'.repeat(32))).toMatchObject({ yes: false });
  });

  it('rejects with what the BMC said and what to do, never with its password', async () => {
    rig.bmc.failWith = new IpmiError('locked-out', 'no more tries');
    const error: unknown = await side()
      .connectSol(rig.chassisUuid)
      .catch((fault: unknown) => fault);
    expect(error).toMatchObject({
      code: 'locked-out',
      message: expect.stringMatching(/BMC 198\.51\.100\.11:623: no more tries: .*releaseBaremetalChassisBmc/),
    });
    expect(String(error)).not.toContain('canary');
    await expect(side().connectSol('f'.repeat(32))).rejects.toMatchObject({ code: 'bad-target' });
  });

  it('is given to one at a time', async () => {
    const link = await side().connectSol(rig.chassisUuid);
    await expect(side().connectSol(rig.chassisUuid)).rejects.toMatchObject({
      code: 'busy',
      data: { consoleInUse: true },
    });
    await link.close();
    await rig.settle();
    const next = await side().connectSol(rig.chassisUuid);
    await next.giveUp?.();
    await rig.settle();
    rig.bmc.failWith = new IpmiError('no-answer', 'silent');
    for (let i = 0; i < 2; i++)
      await expect(side().connectSol(rig.chassisUuid)).rejects.toMatchObject({ code: 'no-answer' });
  });

  it('waits for sessions of an earlier run of this program to be closed: one of them may have it', async () => {
    rig = await rig.restart();
    const link = await side().connectSol(rig.chassisUuid);
    expect(rig.bmc.commands).toContain('Get Session Info');
    await link.close();
  });
});

describe('the screen of an installer', () => {
  it('is there while it works, under its lease and with the password of its kickstart', async () => {
    expect(await side().screen(rig.chassisUuid)).toBeUndefined();
    const kickstart = await install(true);
    const password = /^vnc .*--password=(\S+)/m.exec(kickstart)?.[1];
    expect(password).toMatch(/^[0-9a-f]{8}$/);
    const screen = { address: lease, port: 5901, password };
    expect(await side().screen(rig.chassisUuid)).toEqual(screen);
    const token = tokenOf(kickstart, 'begin');
    const body = new Uint8Array();
    await rig.provision.content.post({ token, artefact: 'begin', client: lease, body });
    expect(await side().screen(rig.chassisUuid)).toEqual(screen);
    await rig.provision.content.post({ token, artefact: 'end', client: lease, body });
    expect(await side().screen(rig.chassisUuid)).toBeUndefined();
  });

  it('is not there where the hostcfg has no vnc', async () => {
    await install(false);
    expect(await side().screen(rig.chassisUuid)).toBeUndefined();
  });
});

describe('what a machine showed before its run failed', () => {
  it('is in the timeline, in the cause, and as a picture until the chassis goes', async () => {
    await rig.close();
    let folder = '';
    const look = async (): Promise<ConsoleLook> => ({
      screenshot: Uint8Array.of(0x89, 0x50),
      consoleTail: 'PXE-E61: Media test failure, check cable\r\n',
    });
    const screens = {
      save: (...args: Parameters<ReturnType<typeof createScreenFiles>['save']>) => files().save(...args),
      read: (chassis: string, name: string) => files().read(chassis, name),
      forget: (chassis: Uuid) => files().forget(chassis),
    };
    const files = () => createScreenFiles(`${folder}/screens`);
    rig = await createHarness(undefined, { look, screens, quietPercent: 50 });
    folder = rig.folder;
    await rig.begin();
    await untilFailed();
    const found = await rig.provision.service.timeline(rig.chassisUuid);
    expect(found?.run.cause).toMatch(/no DHCP packet.*its console shows PXE-E61/);
    const screen = found?.entries.find(({ step }) => step === 'screen')?.text ?? '';
    const name = screen.split('/').at(-1) ?? '';
    expect(screen).toContain(`/v1/baremetal/chassis/${rig.chassisUuid}/console/screenshots/`);
    const { consoles } = rig.provision;
    const seen = await consoles.timeline(found?.run.uuid ?? '');
    const pictured = seen.filter(({ picture }) => picture !== undefined);
    expect(pictured[0]).toMatchObject({ step: 'screen', picture: name });
    expect(pictured.every(({ step }) => step === 'screen')).toBe(true);
    expect(await consoles.screenshotFile(rig.chassisUuid, name)).toBeDefined();
    expect(await consoles.screenshotFile('f'.repeat(32), name)).toBeUndefined();
    await rig.provision.service.deleteChassis(rig.chassisUuid);
    expect(await consoles.screenshotFile(rig.chassisUuid, name)).toBeUndefined();
    expect(await files().read(rig.chassisUuid, name)).toBeUndefined();
  });
});
