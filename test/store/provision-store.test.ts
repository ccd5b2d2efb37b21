import { expect, it } from 'vitest';
import type { Mac } from '../../src/base/mac.ts';
import { chassis, hardware, hostCfg, macOf, pxeServer, run, seenMachine, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const missing = uuid();

it('gives back what was saved, also after a restart', async () => {
  const directory = temporaryDirectory();
  const first = await storeIn(directory);
  const server = pxeServer({ description: 'hall B' });
  const machine = chassis({ statusCause: 'no DHCP request', status: 'PxeBootFailed', bootMode: 'uefi' });
  const cfg = hostCfg(machine.uuid);
  const pass = run(machine.uuid, { mac: machine.macs[0], firmware: 'uefi-x64' });
  const seen = seenMachine();
  await first.provision.savePxeServer(server);
  await first.provision.saveChassis(machine);
  await first.provision.saveHostCfg(cfg);
  const line = {
    runUuid: pass.uuid,
    chassisUuid: machine.uuid,
    at: 5,
    step: 'power',
    text: 'on',
    bytes: undefined,
  };
  const rows = [hardware(machine.uuid, { type: 'disk' }), hardware(machine.uuid, { type: 'basic' })];
  await first.provision.saveInspection(rows, machine, pass);
  await first.provision.saveRunStep({ run: pass, timeline: [{ ...line, at: 9, bytes: 7 }, line] });
  await first.provision.saveSeenMachine(seen);

  const check = async (store: typeof first): Promise<void> => {
    const { provision } = store;
    expect(await provision.listPxeServers()).toStrictEqual([server]);
    expect(await provision.getPxeServer(server.uuid)).toStrictEqual(server);
    expect(await provision.listChassis()).toStrictEqual([machine]);
    expect(await provision.getChassis(machine.uuid)).toStrictEqual(machine);
    expect(await provision.getHostCfg(cfg.uuid)).toStrictEqual(cfg);
    expect(await provision.getHostCfgOfChassis(machine.uuid)).toStrictEqual(cfg);
    expect(await provision.listHardwareInfo(machine.uuid)).toStrictEqual(rows);
    expect(await provision.listOpenRuns()).toStrictEqual([pass]);
    expect(await provision.latestRun(machine.uuid)).toStrictEqual(pass);
    expect(await provision.listTimeline(pass.uuid)).toStrictEqual([line, { ...line, at: 9, bytes: 7 }]);
    expect(await provision.listSeenMachines()).toStrictEqual([seen]);
  };
  await check(first);
  await first.close();
  await first.close();
  await check(await storeIn(directory));
});

it('answers undefined and empty lists for what is not there, and deletes it gladly', async () => {
  const { provision } = await storeIn(temporaryDirectory());
  expect(await provision.getPxeServer(missing)).toBeUndefined();
  expect(await provision.getChassis(missing)).toBeUndefined();
  expect(await provision.getHostCfg(missing)).toBeUndefined();
  expect(await provision.getHostCfgOfChassis(missing)).toBeUndefined();
  expect(await provision.latestRun(missing)).toBeUndefined();
  expect(await provision.listHardwareInfo(missing)).toEqual([]);
  expect(await provision.listTimeline(missing)).toEqual([]);
  await provision.deletePxeServer(missing);
  await provision.deleteChassis(missing);
  await provision.deleteHostCfg(missing);
  await provision.deleteSeenMachine('52:54:00:00:00:99');
});

it('replaces by uuid, whole', async () => {
  const { provision } = await storeIn(temporaryDirectory());
  const machine = chassis();
  await provision.saveChassis(machine);
  const changed = {
    ...machine,
    name: 'node 2',
    description: undefined,
    systemUuids: [],
    macs: [macOf(0x777)],
  };
  await provision.saveChassis(changed);
  await provision.saveChassis(changed);
  expect(await provision.listChassis()).toStrictEqual([changed]);
  const seen = seenMachine();
  await provision.saveSeenMachine(seen);
  await provision.saveSeenMachine({ ...seen, count: 5, vendorClass: 'PXEClient' });
  expect(await provision.listSeenMachines()).toStrictEqual([{ ...seen, count: 5, vendorClass: 'PXEClient' }]);
  await provision.deleteSeenMachine(seen.mac);
  expect(await provision.listSeenMachines()).toEqual([]);
});

it('keeps the uuids of the parts of a hostcfg that is saved again', async () => {
  const { provision, query } = await storeIn(temporaryDirectory());
  const machine = chassis();
  const cfg = hostCfg(machine.uuid);
  await provision.saveChassis(machine);
  const request = {
    resource: 'hostCfg',
    conditions: [],
    limit: 10,
    start: 0,
    sort: undefined,
    groupBy: undefined,
    fields: undefined,
    countOnly: false,
    withTotal: false,
    visibleTo: undefined,
    reveal: false,
  } as const;
  await provision.saveHostCfg(cfg);
  const before = (await query.query(request)).rows;
  await provision.saveHostCfg(cfg);
  expect((await query.query(request)).rows).toEqual(before);
  const reversed = { ...cfg, network: { ...cfg.network, nics: cfg.network.nics.toReversed(), vlans: [] } };
  await provision.saveHostCfg(reversed);
  expect(await provision.getHostCfg(cfg.uuid)).toStrictEqual(reversed);
});

it('refuses what must be unique and names the field; nothing of the refused write stays', async () => {
  const { provision, accounts } = await storeIn(temporaryDirectory());
  const one = chassis();
  const two = chassis();
  await provision.saveChassis(one);
  await provision.saveChassis(two);
  await provision.saveHostCfg(hostCfg(one.uuid));
  const cfg = hostCfg(two.uuid);
  await provision.saveHostCfg(cfg);
  const server = pxeServer();
  await provision.savePxeServer(server);
  const account = { description: undefined, passwordHash: 'x', createDate: 1, lastOpDate: 1 } as const;
  await accounts.insertAccount({ ...account, uuid: uuid(), name: 'admin', type: 'SystemAdmin' });

  const clash = (field: string) => ({ name: 'StoreError', code: 'conflict', data: { field } });
  await expect(
    provision.savePxeServer(pxeServer({ dhcpInterface: server.dhcpInterface })),
  ).rejects.toMatchObject(clash('dhcpInterface'));
  const sameBmc = chassis({ ipmiAddress: one.ipmiAddress });
  await expect(provision.saveChassis(sameBmc)).rejects.toMatchObject(clash('ipmiAddress'));
  await provision.saveChassis({ ...sameBmc, ipmiPort: 6230 });
  const sameMac = chassis({ macs: [macOf(0x888), two.macs[1] as Mac] });
  await expect(provision.saveChassis(sameMac)).rejects.toMatchObject(clash('macs'));
  expect(await provision.getChassis(sameMac.uuid)).toBeUndefined();
  await expect(provision.saveHostCfg(hostCfg(one.uuid))).rejects.toMatchObject(clash('chassisUuid'));
  const three = chassis();
  await provision.saveChassis(three);
  const sameNic = hostCfg(three.uuid, { network: { ...cfg.network } });
  await expect(provision.saveHostCfg(sameNic)).rejects.toMatchObject(clash('mac'));
  expect(await provision.getHostCfgOfChassis(three.uuid)).toBeUndefined();
  await expect(provision.saveHostCfg(hostCfg(missing))).rejects.toMatchObject({
    code: 'conflict',
    data: { reason: 'reference' },
  });
  await expect(
    accounts.insertAccount({ ...account, uuid: uuid(), name: 'admin', type: 'Normal' }),
  ).rejects.toMatchObject(clash('name'));
  const messages = await Promise.all(
    [provision.saveChassis(sameMac), provision.saveHostCfg(sameNic)].map((saving) =>
      saving.catch((error: Error) => error.message),
    ),
  );
  expect(messages.join(' ')).not.toMatch(/constraint|UNIQUE|_|INSERT|SELECT/);
});

it('keeps the writes of one tick apart: a refused one does not take the others with it', async () => {
  const { provision } = await storeIn(temporaryDirectory());
  const one = chassis();
  const clash = chassis({ ipmiAddress: one.ipmiAddress });
  const two = chassis();
  const results = await Promise.allSettled([
    provision.saveChassis(one),
    provision.saveChassis(clash),
    provision.saveChassis(two),
    provision.deleteChassis(one.uuid),
    provision.saveChassis(clash),
  ]);
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(new Set((await provision.listChassis()).map(({ uuid }) => uuid))).toEqual(
    new Set([clash.uuid, two.uuid]),
  );
});

it('lets everything of a chassis go with it, and the hostcfg with the step that ends an installation', async () => {
  const { provision } = await storeIn(temporaryDirectory());
  const machine = chassis();
  const pass = run(machine.uuid);
  const cfg = hostCfg(machine.uuid);
  await provision.saveChassis(machine);
  await provision.saveHostCfg(cfg);
  await provision.saveInspection([hardware(machine.uuid)], machine, pass);
  const line = {
    runUuid: pass.uuid,
    chassisUuid: machine.uuid,
    at: 5,
    step: 'end',
    text: '',
    bytes: undefined,
  };
  const ended = { ...pass, endedAt: 9, stage: 'done' } as const;
  const provisioned = { ...machine, status: 'Provisioned' } as const;
  await provision.saveRunStep({ run: ended, chassis: provisioned, timeline: [line], deleteHostCfg: true });
  expect(await provision.getHostCfg(cfg.uuid)).toBeUndefined();
  expect(await provision.getChassis(machine.uuid)).toStrictEqual(provisioned);
  expect(await provision.listOpenRuns()).toEqual([]);
  expect(await provision.latestRun(machine.uuid)).toStrictEqual(ended);
  const later = run(machine.uuid, { startedAt: pass.startedAt + 1 });
  await provision.saveRunStep({ run: later, timeline: [] });
  expect(await provision.latestRun(machine.uuid)).toStrictEqual(later);

  await provision.saveHostCfg(cfg);
  await provision.deleteChassis(machine.uuid);
  expect(await provision.getHostCfg(cfg.uuid)).toBeUndefined();
  expect(await provision.listHardwareInfo(machine.uuid)).toEqual([]);
  expect(await provision.latestRun(machine.uuid)).toBeUndefined();
  expect(await provision.listTimeline(pass.uuid)).toEqual([]);
  // Its addresses are free again.
  await provision.saveChassis({ ...machine, uuid: uuid() });
});

it('saves a step whole or not at all', async () => {
  const { provision } = await storeIn(temporaryDirectory());
  const machine = chassis();
  const other = chassis();
  await provision.saveChassis(machine);
  await provision.saveChassis(other);
  const pass = run(machine.uuid);
  const failing = provision.saveRunStep({
    run: pass,
    chassis: { ...machine, status: 'Rebooting' },
    timeline: [{ runUuid: missing, chassisUuid: machine.uuid, at: 1, step: 'x', text: '', bytes: undefined }],
  });
  await expect(failing).rejects.toMatchObject({ code: 'conflict' });
  expect(await provision.getChassis(machine.uuid)).toStrictEqual(machine);
  expect(await provision.latestRun(machine.uuid)).toBeUndefined();
});

it('refuses work after it was closed', async () => {
  const { provision, close } = await storeIn(temporaryDirectory());
  const last = provision.saveChassis(chassis());
  await close();
  await expect(last).resolves.toBeUndefined();
  await expect(provision.listChassis()).rejects.toMatchObject({ code: 'io', data: { reason: 'closed' } });
  await expect(provision.saveChassis(chassis())).rejects.toMatchObject({ code: 'io' });
});
