import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Mac } from '../../src/base/mac.ts';
import type { Uuid } from '../../src/base/uuid.ts';
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

const names = (): readonly string[] => rig.notices.map(({ name }) => name);

const provision = (): Promise<void> => rig.begin();

describe('a person is told', () => {
  it('when a run ends in PxeBootFailed, with its cause; not when somebody cancels it', async () => {
    await provision();
    await rig.provision.service.updateChassis(rig.chassisUuid, { status: 'Unprovisioned' });
    expect(names()).toEqual([]);
    await provision();
    await rig.clock.advance(3_600_000);
    await rig.settle();
    expect(await rig.status()).toBe('PxeBootFailed');
    expect(rig.notices).toEqual([
      expect.objectContaining({
        name: 'boot-failed',
        severity: 'Error',
        text: expect.stringMatching(/inspection of chassis "r1u1" failed: no DHCP packet/),
        about: { type: 'chassis', uuid: rig.chassisUuid },
      }),
    ]);
  });

  it('of another DHCP server only when it took a machine of ours', async () => {
    await provision();
    await rig.boot();
    const event = {
      kind: 'dhcp-other-server',
      serverUuid: rig.serverUuid,
      otherServer: '192.0.2.9' as Ipv4,
    } as const;
    rig.event({ ...event, mac: '52:54:00:ff:ff:ff' as Mac });
    expect(names()).toEqual([]);
    rig.event({ ...event, mac: nic(1) });
    expect(rig.notices).toEqual([
      expect.objectContaining({ name: 'rogue-dhcp', text: expect.stringContaining('192.0.2.9') }),
    ]);
  });

  it('of another DHCP server where ours serves, with its MAC', () => {
    rig.event({
      kind: 'dhcp-foreign-server',
      serverUuid: rig.serverUuid,
      server: '192.0.2.66' as Ipv4,
      serverMac: nic(6),
    });
    // One that is not ours, or no longer runs.
    rig.event({
      kind: 'dhcp-foreign-server',
      serverUuid: 'b'.repeat(32) as Uuid,
      server: '192.0.2.66' as Ipv4,
    });
    expect(rig.notices).toEqual([
      expect.objectContaining({
        name: 'foreign-dhcp',
        text: expect.stringContaining(`192.0.2.66 (${nic(6)})`),
        about: { type: 'pxeServer', uuid: rig.serverUuid },
      }),
    ]);
  });

  it('of addresses that somebody has, and of a range that is about to be full', () => {
    const serverUuid = rig.serverUuid;
    rig.event({ kind: 'dhcp-conflict', serverUuid, mac: nic(1), ip: lease });
    rig.event({ kind: 'dhcp-pool-forecast', serverUuid, free: 3, expected: 40 });
    expect(rig.notices).toEqual([
      expect.objectContaining({ name: 'dhcp-conflict', text: expect.stringContaining(lease) }),
      expect.objectContaining({ name: 'dhcp-pool-forecast', facts: { free: 3, expected: 40 } }),
    ]);
  });

  it('of a full pool', () => {
    rig.event({ kind: 'dhcp-pool-full', serverUuid: rig.serverUuid, mac: nic(1) });
    expect(rig.notices).toEqual([
      expect.objectContaining({ name: 'dhcp-pool-full', about: { type: 'pxeServer', uuid: rig.serverUuid } }),
    ]);
  });

  it('of a second reader of a kickstart, without its secrets', async () => {
    await rig.provision.service.createHostCfg({
      chassisUuid: rig.chassisUuid,
      password: 'canary-root-secret',
      cfgItems: {
        nicCfgs: [{ mac: nic(1), ip: '192.0.2.50', netmask: '255.255.255.0', pxe: true }],
      },
    });
    await provision();
    const token = tokenOf(await rig.boot(), 'ks.cfg');
    const reader = '192.0.2.101' as Ipv4;
    await rig.provision.content.get({ token, artefact: 'ks.cfg', client: reader });
    expect(rig.notices).toEqual([
      expect.objectContaining({ name: 'kickstart-second-reader', facts: { reader }, severity: 'Warning' }),
    ]);
    expect(JSON.stringify(rig.notices)).not.toMatch(/canary/);
    expect(JSON.stringify(rig.notices)).not.toContain(token);
  });

  it('of one server entered as two chassis', async () => {
    await provision();
    const token = tokenOf(await rig.boot(), 'inspection');
    await rig.provision.service.createChassis({
      name: 'twin',
      ipmiAddress: '198.51.100.77',
      ipmiUsername: 'admin',
      ipmiPassword: 'canary-bmc-secret',
      systemTags: ['skipIpmiCheck::true', `bootMac::${nic(2)}`],
    });
    const body = new TextEncoder().encode(JSON.stringify(inspectionReport()));
    const answer = await rig.provision.content.post({ token, artefact: 'inspection', client: lease, body });
    expect(answer.status).toBe(409);
    expect(names()).toContain('duplicate-machine');
  });
});
