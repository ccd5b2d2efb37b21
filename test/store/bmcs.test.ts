import { expect, it } from 'vitest';
import { testProfile } from '../support/test-bmc.ts';
import { chassis, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

it('keeps K_G and options of a chassis, and takes them away with the next save', async () => {
  const directory = temporaryDirectory();
  const first = await storeIn(directory);
  const plain = chassis();
  const machine = {
    ...plain,
    ipmiKg: 'canary-kg',
    ipmiOptions: { protocol: '1.5', quirks: ['authcap'] } as const,
  };
  await first.provision.saveChassis(machine);
  await first.close();
  const again = await storeIn(directory);
  expect(await again.provision.getChassis(machine.uuid)).toStrictEqual(machine);
  await again.provision.saveChassis(plain);
  expect(await again.provision.getChassis(machine.uuid)).toStrictEqual(plain);
});

it('keeps the newest profile of a chassis until that goes, and none of one that is gone', async () => {
  const directory = temporaryDirectory();
  const first = await storeIn(directory);
  const machine = chassis();
  await first.provision.saveChassis(machine);
  await first.provision.saveBmcProfile(machine.uuid, { ...testProfile, gapMs: 9 });
  await first.provision.saveBmcProfile(machine.uuid, testProfile);
  await first.provision.saveBmcProfile(uuid(), testProfile);
  await first.close();
  const { provision } = await storeIn(directory);
  expect([...(await provision.listBmcProfiles())]).toStrictEqual([[machine.uuid, testProfile]]);
  await provision.deleteChassis(machine.uuid);
  expect((await provision.listBmcProfiles()).size).toBe(0);
});

it('leaves out a profile that another version wrote', async () => {
  const { provision } = await storeIn(temporaryDirectory());
  const machine = chassis();
  await provision.saveChassis(machine);
  await provision.saveBmcProfile(machine.uuid, { ...testProfile, version: 2 as 1 });
  expect((await provision.listBmcProfiles()).size).toBe(0);
  await provision.saveBmcProfile(machine.uuid, testProfile);
  await provision.deleteBmcProfile(machine.uuid);
  expect((await provision.listBmcProfiles()).size).toBe(0);
});

it('counts failed logins by account, also of BMCs that are no chassis', async () => {
  const directory = temporaryDirectory();
  const first = await storeIn(directory);
  const entry = { key: '192.0.2.1:623', account: '192.0.2.1:623 root', failures: 1, at: 5 };
  await first.provision.saveBmcGuard(entry);
  await first.provision.saveBmcGuard({ ...entry, account: '192.0.2.1:623 admin' });
  await first.provision.saveBmcGuard({ ...entry, key: 'x', failures: 2, at: 9 });
  await first.close();
  const { provision } = await storeIn(directory);
  await provision.saveBmcGuard({ ...entry, account: '192.0.2.1:623 admin', failures: 0 });
  expect(await provision.listBmcGuards()).toEqual([{ ...entry, key: 'x', failures: 2, at: 9 }]);
});
