import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Job } from '../../src/api/ports.ts';
import type { Ipv4 } from '../../src/base/ipv4.ts';
import type { Lease } from '../../src/pxe/ports.ts';
import { macOf, pathsIn, pxeServer, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

function lease(serverUuid: Lease['serverUuid'], last: number, change: Partial<Lease> = {}): Lease {
  return {
    serverUuid,
    ip: `192.0.2.${last}` as Ipv4,
    mac: macOf(last),
    clientId: undefined,
    expiresAt: 1_700_000_600_000,
    state: 'bound',
    ...change,
  };
}

it('keeps leases by server and address, the last word winning', async () => {
  const directory = temporaryDirectory();
  const { leases, close } = await storeIn(directory);
  const [here, there] = [uuid(), uuid()];
  const first = [
    lease(here, 1),
    lease(here, 2, { clientId: '01525400', state: 'declined' }),
    lease(there, 1),
  ];
  await leases.commit(first);
  await leases.commit(first);
  expect(await leases.load(here)).toStrictEqual(first.slice(0, 2));
  const renewed = lease(here, 1, { expiresAt: 1, mac: macOf(9), state: 'released' });
  await Promise.all([leases.commit([lease(here, 1), renewed]), leases.commit([])]);
  await close();
  const again = await storeIn(directory);
  expect(await again.leases.load(here)).toStrictEqual([renewed, first[1]]);
  expect(await again.leases.load(there)).toStrictEqual([first[2]]);
  expect(await again.leases.load(uuid())).toEqual([]);
});

it('forgets the leases of a deleted PXE server', async () => {
  const { leases, provision } = await storeIn(temporaryDirectory());
  const server = pxeServer();
  await provision.savePxeServer(server);
  await leases.commit([lease(server.uuid, 1)]);
  await provision.deletePxeServer(server.uuid);
  expect(await leases.load(server.uuid)).toEqual([]);
});

it('commits the writes of one tick in one transaction', async () => {
  const directory = temporaryDirectory();
  const { leases } = await storeIn(directory);
  const server = uuid();
  const logSize = (): number => statSync(`${pathsIn(directory).path}-wal`).size;
  const many = (expiresAt: number): readonly Lease[] =>
    Array.from({ length: 100 }, (_, index) => lease(server, index, { expiresAt }));
  const grown = async (work: () => Promise<unknown>): Promise<number> => {
    const before = logSize();
    await work();
    return logSize() - before;
  };
  // A transaction adds each changed page to the log once, so the log's growth counts transactions.
  const together = await grown(() => Promise.all(many(1).map((one) => leases.commit([one]))));
  const apart = await grown(async () => {
    for (const one of many(2)) await leases.commit([one]);
  });
  expect(await leases.load(server)).toHaveLength(100);
  expect(together).toBeLessThan(20 * 4120);
  expect(apart).toBeGreaterThanOrEqual(100 * 4096);
});

it('keeps accounts and finds them by name and uuid', async () => {
  const { accounts } = await storeIn(temporaryDirectory());
  const dates = { createDate: 1, lastOpDate: 1 };
  const admin = {
    uuid: uuid(),
    name: 'admin',
    description: undefined,
    type: 'SystemAdmin',
    passwordHash: 'scrypt$1',
    ...dates,
  } as const;
  await accounts.insertAccount(admin);
  await accounts.changeAccount(admin.uuid, { passwordHash: 'scrypt$2' }, 2);
  const changed = { ...admin, passwordHash: 'scrypt$2', lastOpDate: 2 };
  expect(await accounts.getAccountByName('admin')).toStrictEqual(changed);
  expect(await accounts.getAccount(admin.uuid)).toStrictEqual(changed);
  expect(await accounts.getAccountByName('ADMIN')).toBeUndefined();
  expect(await accounts.getAccount(uuid())).toBeUndefined();
});

it('keeps sessions, ends them, and trims an account to its newest', async () => {
  const { accounts } = await storeIn(temporaryDirectory());
  const [accountUuid, otherUuid] = [uuid(), uuid()];
  const session = (createDate: number, account = accountUuid) => ({
    uuid: uuid(),
    accountUuid: account,
    userUuid: account,
    createDate,
    expiredDate: createDate + 100,
  });
  const sessions = [1, 2, 3, 4].map((time) => session(time));
  const other = session(0, otherUuid);
  for (const one of [...sessions, other]) await accounts.saveSession(one);
  const alive = async (): Promise<readonly boolean[]> =>
    Promise.all(sessions.map(async ({ uuid }) => (await accounts.getSession(uuid)) !== undefined));

  expect(await accounts.getSession(sessions[0]!.uuid)).toStrictEqual(sessions[0]);
  expect(await accounts.getSession(sessions[0]!.uuid.toUpperCase())).toBeUndefined();
  expect(await accounts.getSession('')).toBeUndefined();
  await accounts.deleteSession(sessions[3]!.uuid);
  await accounts.deleteSession(sessions[3]!.uuid);
  expect(await alive()).toEqual([true, true, true, false]);
  await accounts.keepNewestSessions(accountUuid, 2);
  await accounts.keepNewestSessions(accountUuid, 2);
  expect(await alive()).toEqual([false, true, true, false]);
  expect(await accounts.getSession(other.uuid)).toStrictEqual(other);
  expect(await accounts.deleteSessionsExpiredBefore(103)).toBe(2);
  expect(await alive()).toEqual([false, false, true, false]);
});

it('keeps jobs to their first end', async () => {
  const { jobs } = await storeIn(temporaryDirectory());
  const job = (createDate: number): Job => ({
    uuid: uuid(),
    api: 'createChassis',
    accountUuid: undefined,
    state: 'running',
    result: undefined,
    error: undefined,
    createDate,
    finishDate: undefined,
  });
  const [good, bad, open] = [job(1), job(2), job(3)] as const;
  for (const one of [good, bad, open]) expect(await jobs.insertJob(one)).toBe(true);
  expect(await jobs.insertJob({ ...good, api: 'other' })).toBe(false);
  expect(await jobs.listRunningJobs()).toStrictEqual([good, bad, open]);
  await jobs.finishJob(good.uuid, { result: '{}', at: 10 });
  await jobs.finishJob(good.uuid, { error: 'late', at: 11 });
  await jobs.finishJob(bad.uuid, { error: '{"error":{}}', at: 12 });
  await jobs.finishJob(uuid(), { result: '{}', at: 12 });
  expect(await jobs.getJob(good.uuid)).toStrictEqual({
    ...good,
    state: 'succeeded',
    result: '{}',
    finishDate: 10,
  });
  expect(await jobs.getJob(bad.uuid)).toStrictEqual({
    ...bad,
    state: 'failed',
    error: '{"error":{}}',
    finishDate: 12,
  });
  expect(await jobs.getJob('no such job')).toBeUndefined();
  expect(await jobs.listRunningJobs()).toStrictEqual([open]);
  expect(await jobs.deleteJobsFinishedBefore(12, 100)).toBe(1);
  expect(await jobs.getJob(good.uuid)).toBeUndefined();
  expect(await jobs.getJob(open.uuid)).toStrictEqual(open);
});
