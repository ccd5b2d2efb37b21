import { expect, it, vi } from 'vitest';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Mac } from '../../src/base/mac.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { DhcpPlan } from '../../src/provision/dhcp-plan.ts';
import type { Notice, OtherDhcpServer } from '../../src/provision/ports.ts';
import { createPxeServerService, type PxeServerService } from '../../src/provision/pxe-servers.ts';
import type { Store } from '../../src/store/index.ts';
import { chassis, hostCfg, pxeServer, random } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';
import { createTestClock } from '../support/provision-harness.ts';

interface Rig {
  readonly service: PxeServerService;
  readonly store: Store;
  /** What each server that runs was told last. */
  readonly plans: Map<Uuid, DhcpPlan>;
  readonly calls: string[];
  readonly notices: Notice[];
  readonly others: OtherDhcpServer[];
  /** How long they take to answer. */
  othersNeedMs: number;
  readonly interfaces: Set<string>;
  /** Makes the running services refuse. */
  refusal: Error | undefined;
}

async function rigIn(directory = temporaryDirectory()): Promise<Rig> {
  const store = await storeIn(directory);
  const rig: Omit<Rig, 'service'> & { refusal: Error | undefined; othersNeedMs: number } = {
    store,
    plans: new Map(),
    calls: [],
    notices: [],
    others: [],
    othersNeedMs: 0,
    interfaces: new Set(['rack0', 'rack1']),
    refusal: undefined,
  };
  const service = createPxeServerService({
    store: store.provision,
    netboot: {
      interfaceAddresses: (name) =>
        rig.interfaces.has(name)
          ? [{ name, address: '192.0.2.1' as Ipv4, netmask: '255.255.255.0' as Ipv4 }]
          : [],
      async start(server, plan, { patient }) {
        rig.calls.push(`start ${server.dhcpInterface}${patient ? ' patiently' : ''}`);
        if (rig.refusal) throw rig.refusal;
        rig.plans.set(server.uuid, plan);
      },
      update(uuid, plan) {
        if (rig.refusal) throw rig.refusal;
        if (rig.plans.has(uuid)) rig.plans.set(uuid, plan);
      },
      async otherServers(_uuid, withinMs) {
        rig.calls.push(`look ${withinMs}`);
        return withinMs >= rig.othersNeedMs ? rig.others : [];
      },
      stop: async (uuid) => void rig.plans.delete(uuid),
      bootUrl: (uuid) => (rig.plans.has(uuid) ? 'http://192.0.2.1:8081' : undefined),
    },
    notify: (notice) => void rig.notices.push(notice),
    clock: createTestClock(),
    random,
    log: silentLog,
  });
  return Object.assign(rig, { service });
}

const other: OtherDhcpServer = {
  server: '192.0.2.66' as Ipv4,
  mac: '52:54:00:00:00:66' as Mac,
  offered: '192.0.2.140' as Ipv4,
};
const wish = { name: 'row1', dhcpInterface: 'rack0' };
const saved = (rig: Rig, uuid: Uuid) => rig.store.provision.getPxeServer(uuid);

it('serves on a quiet segment, and has looked before', async () => {
  const rig = await rigIn();
  const uuid = await rig.service.createPxeServer(wish);
  await vi.waitFor(() => expect(rig.plans.get(uuid)?.mode).toBe('serve'));
  expect(rig.calls).toEqual(['start rack0', 'look 2000', 'look 6000']);
  expect(rig.plans.get(uuid)).toMatchObject({ onlyReserved: false, excluded: [] });
  expect(await saved(rig, uuid)).toMatchObject({ dhcpMode: 'serve', dhcpArmed: false, status: 'Running' });
  expect((await saved(rig, uuid))?.heldBack).toBeUndefined();
  expect(rig.notices).toEqual([]);
});

it('observes where another server answers, says so, and serves when a person arms it', async () => {
  const rig = await rigIn();
  rig.others.push(other);
  const uuid = await rig.service.createPxeServer(wish);
  expect(rig.plans.get(uuid)?.mode).toBe('observe');
  expect(rig.service.modeOf(uuid)).toBe('observe');
  expect(await saved(rig, uuid)).toMatchObject({
    dhcpMode: 'serve',
    dhcpHeldBy: '192.0.2.66',
    status: 'Running',
    heldBack: expect.stringMatching(/192\.0\.2\.66.*dhcpMode/) as string,
  });
  expect(rig.notices).toEqual([
    expect.objectContaining({
      name: 'foreign-dhcp',
      text: expect.stringContaining('192.0.2.66') as string,
      about: { type: 'pxeServer', uuid },
      facts: { address: '192.0.2.66', mac: '52:54:00:00:00:66', offered: '192.0.2.140' },
    }),
  ]);
  // Another change is no such decision.
  await rig.service.updatePxeServer(uuid, { name: 'row2' });
  expect(rig.plans.get(uuid)?.mode).toBe('observe');
  await rig.service.updatePxeServer(uuid, { dhcpMode: 'serve' });
  expect(rig.plans.get(uuid)?.mode).toBe('serve');
  expect(rig.service.modeOf(uuid)).toBe('serve');
  expect(await saved(rig, uuid)).toMatchObject({ name: 'row2', dhcpMode: 'serve', dhcpArmed: true });
  expect((await saved(rig, uuid))?.heldBack).toBeUndefined();
});

it('is held back also by a server that takes seconds to offer, and serves nobody until that is known', async () => {
  const rig = await rigIn();
  rig.others.push(other);
  rig.othersNeedMs = 4000;
  const modes: (string | undefined)[] = [];
  const uuid = await rig.service.createPxeServer(wish);
  modes.push(rig.plans.get(uuid)?.mode);
  await vi.waitFor(async () => expect((await saved(rig, uuid))?.heldBack).toContain('192.0.2.66'));
  modes.push(rig.plans.get(uuid)?.mode);
  expect(modes).toEqual(['observe', 'observe']);
  expect(rig.notices.map(({ name }) => name)).toEqual(['foreign-dhcp']);
});

it.each(['serve', 'proxy', 'observe'] as const)(
  'does not look when a person names the mode %s',
  async (dhcpMode) => {
    const rig = await rigIn();
    rig.others.push(other);
    const uuid = await rig.service.createPxeServer({ ...wish, dhcpMode });
    expect(rig.calls).toEqual(['start rack0']);
    expect(rig.plans.get(uuid)?.mode).toBe(dhcpMode);
    expect((await saved(rig, uuid))?.heldBack).toBeUndefined();
  },
);

it('looks again when a person starts it again', async () => {
  const rig = await rigIn();
  rig.others.push(other);
  const uuid = await rig.service.createPxeServer(wish);
  await rig.service.stopPxeServer(uuid);
  expect((await saved(rig, uuid))?.heldBack).toBeUndefined();
  rig.others.length = 0;
  await rig.service.startPxeServer(uuid);
  await vi.waitFor(() => expect(rig.plans.get(uuid)?.mode).toBe('serve'));
});

it('goes on after a restart as it was, without a look, and waits for interfaces that are not there yet', async () => {
  const directory = temporaryDirectory();
  const first = await rigIn(directory);
  const quiet = await first.service.createPxeServer({ ...wish, dhcpInterface: 'rack1' });
  await vi.waitFor(() => expect(first.service.modeOf(quiet)).toBe('serve'));
  first.others.push(other);
  const held = await first.service.createPxeServer(wish);
  await first.store.close();

  const second = await rigIn(directory);
  second.others.push(other);
  second.interfaces.clear();
  await second.service.resume();
  expect(second.calls.toSorted()).toEqual(['start rack0 patiently', 'start rack1 patiently']);
  expect(second.plans.get(quiet)?.mode).toBe('serve');
  expect(second.plans.get(held)?.mode).toBe('observe');
});

it('leaves servers of before the modes armed', async () => {
  const rig = await rigIn();
  rig.others.push(other);
  const old = pxeServer({ dhcpInterface: 'rack0', status: 'Stopped' });
  await rig.store.provision.savePxeServer(old);
  await rig.service.startPxeServer(old.uuid);
  expect(rig.plans.get(old.uuid)?.mode).toBe('serve');
});

it('stops what cannot start again after a restart', async () => {
  const rig = await rigIn();
  const old = pxeServer({ dhcpInterface: 'rack0' });
  await rig.store.provision.savePxeServer(old);
  rig.refusal = new Error('port 67 is taken');
  await rig.service.resume();
  expect(await saved(rig, old.uuid)).toMatchObject({ status: 'Stopped' });
});

it('shows that its interface is gone, stays Running, and shows the older reason again when it is back', async () => {
  const rig = await rigIn();
  rig.others.push(other);
  const uuid = await rig.service.createPxeServer(wish);
  await rig.service.segmentChanged(uuid, 'the network interface rack0 is missing');
  expect(await saved(rig, uuid)).toMatchObject({
    status: 'Running',
    heldBack: 'the network interface rack0 is missing',
  });
  await rig.service.segmentChanged(uuid, undefined);
  expect((await saved(rig, uuid))?.heldBack).toContain('192.0.2.66');
  await rig.service.deletePxeServer(uuid);
  // A late word about it brings nothing back.
  await rig.service.segmentChanged(uuid, 'gone');
  expect(await saved(rig, uuid)).toBeUndefined();
});

it('changes the range and the lists of a running server without stopping it', async () => {
  const rig = await rigIn();
  const uuid = await rig.service.createPxeServer({ ...wish, dhcpMode: 'serve' });
  rig.calls.length = 0;
  await rig.service.updatePxeServer(uuid, {
    dhcpRangeBegin: '192.0.2.50',
    dhcpRangeEnd: '192.0.2.99',
    dhcpOnlyReserved: true,
    dhcpReservations: ['52-54-00-AA-BB-CC = 192.0.2.9', 'id:FF0011=192.0.2.10'],
    dhcpExclusions: ['192.0.2.60 - 192.0.2.69', '192.0.2.80'],
    dhcpSubnets: [
      {
        subnet: '198.51.100.0',
        netmask: '255.255.255.0',
        rangeBegin: '198.51.100.10',
        rangeEnd: '198.51.100.20',
      },
    ],
  });
  expect(rig.calls).toEqual([]);
  expect(rig.plans.get(uuid)).toEqual({
    mode: 'serve',
    onlyReserved: true,
    rangeBegin: '192.0.2.50',
    rangeEnd: '192.0.2.99',
    subnets: [
      {
        subnet: '198.51.100.0',
        netmask: '255.255.255.0',
        rangeBegin: '198.51.100.10',
        rangeEnd: '198.51.100.20',
      },
    ],
    reservations: [
      { mac: '52:54:00:aa:bb:cc', ip: '192.0.2.9' },
      { clientId: 'ff0011', ip: '192.0.2.10' },
    ],
    excluded: [
      { begin: '192.0.2.60', end: '192.0.2.69' },
      { begin: '192.0.2.80', end: '192.0.2.80' },
    ],
  });
  expect(await saved(rig, uuid)).toMatchObject({
    dhcpReservations: ['52:54:00:aa:bb:cc=192.0.2.9', 'id:ff0011=192.0.2.10'],
    dhcpExclusions: ['192.0.2.60-192.0.2.69', '192.0.2.80'],
  });
  // What is not named stays; an empty list clears.
  await rig.service.updatePxeServer(uuid, { dhcpReservations: [] });
  expect(rig.plans.get(uuid)).toMatchObject({ onlyReserved: true, reservations: [], rangeEnd: '192.0.2.99' });
});

it('changes nothing when the services refuse', async () => {
  const rig = await rigIn();
  const uuid = await rig.service.createPxeServer({ ...wish, dhcpMode: 'serve' });
  const before = await saved(rig, uuid);
  rig.refusal = new Error('two networks overlap');
  await expect(rig.service.updatePxeServer(uuid, { dhcpOnlyReserved: true })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: 'two networks overlap',
  });
  expect(await saved(rig, uuid)).toEqual(before);
});

it('keeps the addresses of hostcfgs out of the ranges, as they come and go', async () => {
  const rig = await rigIn();
  const uuid = await rig.service.createPxeServer({
    ...wish,
    dhcpReservations: ['52:54:00:aa:bb:cc=192.0.2.30'],
  });
  const host = chassis();
  await rig.store.provision.saveChassis(host);
  const given = hostCfg(host.uuid);
  const [nic] = given.network.nics;
  if (nic === undefined) throw new Error('a hostcfg of records has NICs');
  const at = (ip: string) => ({
    ip: ip as Ipv4,
    netmask: '255.255.255.0' as Ipv4,
    gateway: undefined,
    dns: undefined,
  });
  const cfg = {
    ...given,
    network: {
      nics: [{ ...nic, ...at('192.0.2.201') }],
      bondings: given.network.bondings.slice(0, 1).map((bond) => ({ ...bond, ...at('192.0.2.30') })),
      vlans: [{ parent: nic.mac, vlanId: 7, ...at('203.0.113.9') }],
    },
  };
  await rig.store.provision.saveHostCfg(cfg);
  await rig.service.hostCfgsChanged();
  // The bond's address is reserved for a client, the VLAN's lies elsewhere.
  expect(rig.plans.get(uuid)?.excluded).toEqual([{ begin: '192.0.2.201', end: '192.0.2.201' }]);
  await rig.store.provision.deleteHostCfg(cfg.uuid);
  await rig.service.hostCfgsChanged();
  expect(rig.plans.get(uuid)?.excluded).toEqual([]);
});
