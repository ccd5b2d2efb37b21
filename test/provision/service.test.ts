import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IpmiError } from '../../src/ipmi/index.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import { uuidReadings } from '../../src/base/uuid.ts';
import type { BootResource } from '../../src/pxe/ports.ts';
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
afterEach(async () => {
  await rig.close();
});

const other = '192.0.2.101' as Ipv4;
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const hostCfg = () => ({
  chassisUuid: rig.chassisUuid,
  password: 'canary-root-secret',
  cfgItems: {
    nicCfgs: [JSON.stringify({ mac: nic(1), ip: '192.0.2.50', netmask: '255.255.255.0', pxe: 'TRUE' })],
    bondings: [
      JSON.stringify({
        name: 'bond0',
        slaves: `${nic(2)},${nic(3)}`,
        ip: '203.0.113.5',
        netmask: '255.255.255.0',
      }),
    ],
  },
});

const provision = (): Promise<void> => rig.begin();

async function inspect(): Promise<void> {
  await provision();
  const script = await rig.boot();
  const token = tokenOf(script, 'inspection');
  const answer = await rig.provision.content.post({
    token,
    artefact: 'inspection',
    client: lease,
    body: json(inspectionReport()),
  });
  expect(answer).toMatchObject({ status: 200 });
  rig.bmc.on = false;
  await rig.clock.advance(5000);
  await rig.settle();
}

const textOf = (resource: BootResource): string =>
  resource.kind === 'text' ? resource.body : JSON.stringify(resource);

async function toKickstart(): Promise<{ token: string; body: string; resource: BootResource }> {
  await rig.provision.service.createHostCfg(hostCfg());
  await provision();
  const token = tokenOf(await rig.boot(), 'ks.cfg');
  const resource = await rig.provision.content.get({ token, artefact: 'ks.cfg', client: lease });
  return { token, body: textOf(resource), resource };
}

const delivered = (resource: BootResource): void => {
  if (resource.kind === 'text') resource.delivered?.();
};

async function timelineText(): Promise<string> {
  const timeline = await rig.provision.service.timeline(rig.chassisUuid);
  return (timeline?.entries ?? []).map((entry) => `${entry.step}: ${entry.text}`).join('\n');
}

describe('inspection', () => {
  it('ends Unprovisioned with five rows, the MACs known and the power off', async () => {
    await inspect();
    expect(await rig.status()).toBe('Unprovisioned');
    const rows = await rig.store.provision.listHardwareInfo(rig.chassisUuid);
    expect(rows.map((row) => row.type).toSorted()).toEqual(['basic', 'disk', 'nic', 'pci', 'system']);
    expect(JSON.parse(rows.find((row) => row.type === 'basic')?.content ?? '')).toMatchObject({
      cpu_model: 'Test CPU',
      cpu_core: '2',
      memory: '1048576 kB',
    });
    expect((await rig.store.provision.getChassis(rig.chassisUuid))?.macs).toEqual([nic(1), nic(2), nic(3)]);
    expect(rig.bmc.calls.filter((call) => call.startsWith('boot'))).toEqual(['boot pxe efi once']);
    expect(await rig.store.provision.listOpenRuns()).toEqual([]);
  });

  it('powers a running machine off before it boots it', async () => {
    rig.bmc.on = true;
    await provision();
    const actions = rig.bmc.calls.filter((call) => call !== 'status');
    expect(actions).toEqual(['boot pxe efi once', 'power-down', 'boot pxe efi once', 'power-up']);
  });

  it('refuses a report that is no report and takes a good one after it', async () => {
    await provision();
    const token = tokenOf(await rig.boot(), 'inspection');
    const post = (body: Uint8Array) =>
      rig.provision.content.post({ token, artefact: 'inspection', client: lease, body });
    expect((await post(new TextEncoder().encode('{'))).status).toBe(400);
    expect((await post(json({ ...inspectionReport(), cpu: 1 }))).status).toBe(400);
    expect(
      (
        await post(
          json({
            ...inspectionReport(),
            nics: [{ ...(inspectionReport()['nics'] as object[])[0], mac: 'x' }],
          }),
        )
      ).status,
    ).toBe(400);
    expect((await post(json(inspectionReport()))).status).toBe(200);
    expect((await post(json(inspectionReport()))).status).toBe(200);
  });

  it('finds that one server was entered twice', async () => {
    await rig.provision.service.createChassis({
      name: 'r1u2',
      ipmiAddress: '198.51.100.12',
      ipmiUsername: 'admin',
      ipmiPassword: 'canary-bmc-secret',
      systemTags: [`bootMac::${nic(3)}`],
    });
    await rig.provision.service.updateChassis(rig.chassisUuid, { systemTags: [`bootMac::${nic(1)}`] });
    await provision();
    const token = tokenOf(await rig.boot(), 'inspection');
    const body = json(inspectionReport());
    const answer = await rig.provision.content.post({ token, artefact: 'inspection', client: lease, body });
    expect(answer.status).toBe(409);
    expect((await rig.store.provision.getChassis(rig.chassisUuid))?.statusCause).toMatch(
      /r1u2.*entered twice/,
    );
  });

  it('powers the machine off itself when the inspector does not', async () => {
    await provision();
    const token = tokenOf(await rig.boot(), 'inspection');
    await rig.provision.content.post({
      token,
      artefact: 'inspection',
      client: lease,
      body: json(inspectionReport()),
    });
    await rig.clock.advance(60_000);
    await rig.settle();
    expect(rig.bmc.on).toBe(false);
    expect(await rig.status()).toBe('Unprovisioned');
  });
});

describe('installation', () => {
  beforeEach(inspect);

  it('goes Rebooting, Provisioning, Provisioned, and uses its hostcfg up', async () => {
    const { body, resource } = await toKickstart();
    expect(await rig.status()).toBe('Rebooting');
    expect(body).toMatch(/^rootpw --iscrypted '?\$6\$/m);
    expect(body).not.toContain('canary-root-secret');
    delivered(resource);
    const token = tokenOf(body, 'begin');
    expect(
      (await rig.provision.content.post({ token, artefact: 'end', client: lease, body: json('') })).status,
    ).toBe(409);
    expect(
      (await rig.provision.content.post({ token, artefact: 'begin', client: lease, body: json('') })).status,
    ).toBe(200);
    expect(await rig.status()).toBe('Provisioning');
    expect(
      (await rig.provision.content.post({ token, artefact: 'end', client: lease, body: json('') })).status,
    ).toBe(200);
    expect(await rig.status()).toBe('Provisioned');
    expect(await rig.store.provision.getHostCfgOfChassis(rig.chassisUuid)).toBeUndefined();
    await expect(rig.provision.service.provision(rig.chassisUuid)).rejects.toMatchObject({
      code: 'already-provisioned',
    });
    await rig.provision.service.updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
    await provision();
  });

  it('never goes to a strange machine that shares the UUID', async () => {
    await rig.provision.service.createHostCfg(hostCfg());
    await provision();
    const twin = {
      serverUuid: rig.serverUuid,
      mac: nic(9),
      uuids: uuidReadings(rig.bmc.guid),
      firmware: 'bios' as const,
      ipxe: false,
      vendorClass: 'PXEClient',
      hostname: undefined,
    };
    expect(rig.provision.policy.decide(twin)).toEqual({ kind: 'ignore', reason: 'unknown-machine' });
    expect(rig.provision.policy.decide({ ...twin, mac: nic(2) }).kind).toBe('boot');
  });

  it('gives no boot to a machine whose installation has begun', async () => {
    const { body } = await toKickstart();
    const token = tokenOf(body, 'begin');
    await rig.provision.content.post({ token, artefact: 'begin', client: lease, body: json('') });
    await expect(rig.boot()).rejects.toThrow('no-run');
  });

  it('gives the kickstart to one machine, once', async () => {
    const { token, resource } = await toKickstart();
    const read = (client: Ipv4) => rig.provision.content.get({ token, artefact: 'ks.cfg', client });
    expect(await read(other)).toMatchObject({ kind: 'refused', status: 403 });
    if (resource.kind === 'text') resource.broken?.();
    await rig.settle();
    expect(await read(lease)).toMatchObject({ kind: 'text' });
    delivered(resource);
    await rig.settle();
    expect(await read(lease)).toMatchObject({ kind: 'refused', status: 410 });
    const lines = await timelineText();
    expect(lines).toContain(`kickstart-refused: ${other}`);
    expect(lines).not.toContain(token);
  });

  it('takes reports from the leaseholder only', async () => {
    const { body } = await toKickstart();
    const token = tokenOf(body, 'begin');
    expect(
      (await rig.provision.content.post({ token, artefact: 'begin', client: other, body: json('') })).status,
    ).toBe(403);
    expect(
      (
        await rig.provision.content.post({
          token: 'f'.repeat(64),
          artefact: 'begin',
          client: lease,
          body: json(''),
        })
      ).status,
    ).toBe(404);
  });

  it('takes the end from an address that the plan gives the machine', async () => {
    const { body } = await toKickstart();
    const token = tokenOf(body, 'begin');
    await rig.provision.content.post({ token, artefact: 'begin', client: lease, body: json('') });
    expect(
      (await rig.provision.content.post({ token, artefact: 'end', client: other, body: json('') })).status,
    ).toBe(403);
    const planned = '192.0.2.50' as Ipv4;
    expect(
      (await rig.provision.content.post({ token, artefact: 'end', client: planned, body: json('') })).status,
    ).toBe(200);
  });

  it('ends with the cause that the installer reported', async () => {
    const { body } = await toKickstart();
    const token = tokenOf(body, 'begin');
    const report = new TextEncoder().encode('no disk found\n');
    await rig.provision.content.post({ token, artefact: 'failed', client: lease, body: report });
    expect(await rig.store.provision.getChassis(rig.chassisUuid)).toMatchObject({
      status: 'PxeBootFailed',
      statusCause: expect.stringContaining('no disk found'),
    });
  });

  it('refuses a hostcfg with a NIC of another machine, and a second hostcfg', async () => {
    const cfg = hostCfg();
    const strange = { ...cfg, cfgItems: { nicCfgs: [{ mac: '52:54:00:00:00:99', pxe: true }] } };
    await expect(rig.provision.service.createHostCfg(strange)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('52:54:00:00:00:99'),
    });
    await rig.provision.service.createHostCfg(cfg);
    await expect(rig.provision.service.createHostCfg(cfg)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a run that goes wrong', () => {
  it('ends with a cause when the BMC cannot be reached', async () => {
    rig.bmc.failWith = new IpmiError('unreachable', 'no answer');
    await expect(provision()).rejects.toMatchObject({
      code: 'provision-failed',
      message: expect.stringContaining('198.51.100.11'),
    });
    expect(await rig.status()).toBe('PxeBootFailed');
    rig.bmc.failWith = undefined;
    await provision();
    expect(await rig.status()).toBe('Rebooting');
  });

  it('ends with a cause when the machine stays silent, and can be tried again', async () => {
    await provision();
    await rig.clock.advance(310_000);
    await rig.settle();
    expect(await rig.store.provision.getChassis(rig.chassisUuid)).toMatchObject({
      status: 'PxeBootFailed',
      statusCause: expect.stringContaining('no DHCP packet'),
    });
    await provision();
  });

  it('says that the PXE server was stopped', async () => {
    await provision();
    await rig.provision.service.stopPxeServer(rig.serverUuid);
    await rig.clock.advance(310_000);
    await rig.settle();
    expect((await rig.store.provision.getChassis(rig.chassisUuid))?.statusCause).toMatch(
      /PXE server .* is stopped/,
    );
  });

  it('is cancelled by setting the status, so that no lock outlives its reason', async () => {
    await provision();
    await expect(rig.provision.service.provision(rig.chassisUuid)).rejects.toMatchObject({
      code: 'run-in-progress',
    });
    await rig.provision.service.updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
    expect(await rig.status()).toBe('Unprovisioned');
    await provision();
  });

  it('answers no unknown machine, lists it, and names it in the diagnosis', async () => {
    await provision();
    const sighting = {
      serverUuid: rig.serverUuid,
      mac: nic(9),
      uuids: [],
      firmware: 'bios' as const,
      ipxe: false,
      vendorClass: 'PXEClient',
      hostname: undefined,
    };
    const decision = rig.provision.policy.decide(sighting);
    expect(decision).toEqual({ kind: 'ignore', reason: 'unknown-machine' });
    rig.event({ kind: 'dhcp-ignored', sighting, reason: 'unknown-machine' });
    expect(await rig.provision.service.seenMachines()).toMatchObject([{ mac: nic(9), count: 1 }]);
    await rig.clock.advance(310_000);
    await rig.settle();
    expect((await rig.store.provision.getChassis(rig.chassisUuid))?.statusCause).toContain(nic(9));
    await rig.provision.service.updateChassis(rig.chassisUuid, { systemTags: [`bootMac::${nic(9)}`] });
    expect(await rig.provision.service.seenMachines()).toEqual([]);
    await provision();
    expect(rig.provision.policy.decide(sighting).kind).toBe('boot');
  });
});

describe('a restart', () => {
  it('takes up an inspection by its token', async () => {
    await provision();
    const token = tokenOf(await rig.boot(), 'inspection');
    rig = await rig.restart();
    const answer = await rig.provision.content.post({
      token,
      artefact: 'inspection',
      client: lease,
      body: json(inspectionReport()),
    });
    expect(answer.status).toBe(200);
    rig.bmc.on = false;
    await rig.clock.advance(5000);
    await rig.settle();
    expect(await rig.status()).toBe('Unprovisioned');
    expect(await timelineText()).toContain('restarted');
  });

  it('still knows the NIC that it met by the UUID, for the booted system asks without one', async () => {
    await provision();
    await rig.boot();
    rig = await rig.restart();
    const decision = rig.provision.policy.decide({
      serverUuid: rig.serverUuid,
      mac: nic(1),
      uuids: [],
      firmware: undefined,
      ipxe: false,
      vendorClass: 'udhcp',
      hostname: undefined,
    });
    expect(decision).toEqual({ kind: 'address', client: 'installer' });
  });

  it('looks again at a power-off that it did not see', async () => {
    await provision();
    const token = tokenOf(await rig.boot(), 'inspection');
    await rig.provision.content.post({
      token,
      artefact: 'inspection',
      client: lease,
      body: json(inspectionReport()),
    });
    rig = await rig.restart();
    rig.bmc.on = false;
    await rig.clock.advance(5000);
    await rig.settle();
    expect(await rig.status()).toBe('Unprovisioned');
  });

  it('keeps the kickstart read', async () => {
    await inspect();
    const { token, resource } = await toKickstart();
    delivered(resource);
    await rig.settle();
    rig = await rig.restart();
    expect(await rig.provision.content.get({ token, artefact: 'ks.cfg', client: lease })).toMatchObject({
      status: 410,
    });
  });

  it('loses no reported end', async () => {
    await inspect();
    const { body } = await toKickstart();
    const token = tokenOf(body, 'begin');
    await rig.provision.content.post({ token, artefact: 'begin', client: lease, body: json('') });
    rig = await rig.restart();
    expect(await rig.status()).toBe('Provisioning');
    expect(
      (await rig.provision.content.post({ token, artefact: 'end', client: lease, body: json('') })).status,
    ).toBe(200);
    rig = await rig.restart();
    expect(await rig.status()).toBe('Provisioned');
  });
});
