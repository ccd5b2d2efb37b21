import sqlite from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Account, Session, User } from '../../src/api/ports.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import type { Store } from '../../src/store/index.ts';
import { pathsIn, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const at = 1_700_000_000_000;
const dates = { createDate: at, lastOpDate: at };

const account = (change: Partial<Account> = {}): Account => ({
  uuid: uuid(),
  name: `account ${uuid()}`,
  description: undefined,
  type: 'Normal',
  passwordHash: 'scrypt$1',
  ...dates,
  ...change,
});
const user = (accountUuid: Uuid, change: Partial<User> = {}): User => ({
  uuid: uuid(),
  accountUuid,
  name: `user ${uuid()}`,
  description: 'night shift',
  kind: 'Auditor',
  passwordHash: 'scrypt$2',
  ...dates,
  ...change,
});
const session = (accountUuid: Uuid, userUuid: Uuid, createDate = at): Session => ({
  uuid: uuid(),
  accountUuid,
  userUuid,
  createDate,
  expiredDate: createDate + 7_200_000,
});

let directory: string;
let store: Store;
beforeEach(async () => {
  directory = temporaryDirectory();
  store = await storeIn(directory);
});

const alive = async (sessions: readonly Session[]): Promise<readonly boolean[]> =>
  Promise.all(sessions.map(async ({ uuid }) => (await store.accounts.getSession(uuid)) !== undefined));

describe('accounts and users', () => {
  it('are found as they were put in, also after a restart', async () => {
    const one = account({ type: 'SystemAdmin', description: 'of the rack' });
    const two = account();
    const ann = user(one.uuid);
    await Promise.all([store.accounts.insertAccount(one), store.accounts.insertAccount(two)]);
    expect(await store.accounts.insertUser(ann)).toBe(true);
    await store.close();
    store = await storeIn(directory);
    expect(await store.accounts.getAccount(one.uuid)).toEqual(one);
    expect(await store.accounts.getAccountByName(two.name)).toEqual(two);
    expect(await store.accounts.getUser(ann.uuid)).toEqual(ann);
    expect(await store.accounts.getUserByName(one.uuid, ann.name)).toEqual(ann);
    expect(await store.accounts.getUserByName(two.uuid, ann.name)).toBeUndefined();
    expect(await store.accounts.countAdmins()).toBe(1);
  });

  it('never take the uuid or the name of another', async () => {
    const one = account();
    const ann = user(one.uuid);
    await store.accounts.insertAccount(one);
    await store.accounts.insertUser(ann);
    const conflict = { code: 'conflict' };
    const { accounts } = store;
    await expect(accounts.insertAccount(account({ uuid: one.uuid }))).rejects.toMatchObject(conflict);
    await expect(accounts.insertAccount(account({ uuid: ann.uuid }))).rejects.toMatchObject(conflict);
    await expect(accounts.insertAccount(account({ name: one.name }))).rejects.toMatchObject({
      ...conflict,
      data: { field: 'name' },
    });
    await expect(accounts.insertUser(user(one.uuid, { uuid: one.uuid }))).rejects.toMatchObject(conflict);
    await expect(accounts.insertUser(user(one.uuid, { uuid: ann.uuid }))).rejects.toMatchObject(conflict);
    await expect(accounts.insertUser(user(one.uuid, { name: ann.name }))).rejects.toMatchObject(conflict);
    const two = account();
    await accounts.insertAccount(two);
    expect(await accounts.insertUser(user(two.uuid, { name: ann.name }))).toBe(true);
    expect(await accounts.insertUser(user(uuid()))).toBe(false);
    expect(await accounts.getAccount(one.uuid)).toEqual(one);
  });

  it('change only what is given, and only what is there', async () => {
    const one = account({ description: 'old' });
    const ann = user(one.uuid);
    await store.accounts.insertAccount(one);
    await store.accounts.insertUser(ann);
    expect(await store.accounts.changeAccount(one.uuid, { name: 'new' }, at + 1)).toBe(true);
    expect(await store.accounts.changeUser(ann.uuid, { passwordHash: 'x', description: '' }, at + 2)).toBe(
      true,
    );
    expect(await store.accounts.getAccount(one.uuid)).toEqual({ ...one, name: 'new', lastOpDate: at + 1 });
    const changed = { passwordHash: 'x', description: '', lastOpDate: at + 2 };
    expect(await store.accounts.getUser(ann.uuid)).toEqual({ ...ann, ...changed });
    expect(await store.accounts.changeAccount(uuid(), { name: 'nobody' }, at)).toBe(false);
    expect(await store.accounts.changeUser(one.uuid, { name: 'nobody' }, at)).toBe(false);
  });

  it('take their sessions and users along, and nothing else', async () => {
    const [gone, stays] = [account(), account()];
    const [ann, bob] = [user(gone.uuid), user(stays.uuid)];
    await Promise.all([gone, stays].map((one) => store.accounts.insertAccount(one)));
    await Promise.all([ann, bob].map((one) => store.accounts.insertUser(one)));
    const ending = [session(gone.uuid, gone.uuid), session(gone.uuid, ann.uuid)];
    const lasting = [session(stays.uuid, stays.uuid), session(stays.uuid, bob.uuid)];
    await Promise.all([...ending, ...lasting].map((one) => store.accounts.saveSession(one)));
    await store.accounts.deleteAccount(gone.uuid);
    expect(await alive([...ending, ...lasting])).toEqual([false, false, true, true]);
    expect(await store.accounts.getUser(ann.uuid)).toBeUndefined();
    await store.accounts.deleteUser(bob.uuid);
    expect(await alive(lasting)).toEqual([true, false]);
  });
});

describe('sessions', () => {
  it('end for a user, or for an account and all its users, but the one that is kept', async () => {
    const [one, ann, bob] = [uuid(), uuid(), uuid()];
    const all = [session(one, one), session(one, one), session(one, ann), session(one, bob)];
    await Promise.all(all.map((each) => store.accounts.saveSession(each)));
    await store.accounts.deleteSessionsOf(ann, undefined);
    expect(await alive(all)).toEqual([true, true, false, true]);
    await store.accounts.deleteSessionsOf(one, all[1]?.uuid);
    expect(await alive(all)).toEqual([false, true, false, false]);
  });

  it('are counted for each user alone', async () => {
    const [one, ann] = [uuid(), uuid()];
    const own = [0, 1, 2].map((ms) => session(one, one, at + ms));
    const anns = [0, 1].map((ms) => session(one, ann, at + ms));
    await Promise.all([...own, ...anns].map((each) => store.accounts.saveSession(each)));
    await store.accounts.keepNewestSessions(one, 2);
    expect(await alive([...own, ...anns])).toEqual([false, true, true, true, true]);
  });
});

describe('shares', () => {
  const zone = { name: 'z', description: undefined, state: 'Enabled', type: 'zstack', ...dates } as const;
  const shares = (): unknown => {
    const db = new sqlite(pathsIn(directory).path, { readonly: true });
    try {
      return db.prepare('SELECT resource_uuid, resource_type, account_uuid FROM resource_share').raw().all();
    } finally {
      db.close();
    }
  };

  it('are of resources that exist with accounts that exist, once, and can be taken back', async () => {
    const [one, two] = [account(), account()];
    const [north, south] = [uuid(), uuid()];
    await Promise.all([one, two].map((each) => store.accounts.insertAccount(each)));
    for (const each of [north, south]) await store.platform.placement.saveZone({ ...zone, uuid: each });
    expect(await store.accounts.shareableType(north)).toBe('ZoneVO');
    expect(await store.accounts.shareableType(one.uuid)).toBeUndefined();
    await store.accounts.share([north, south, uuid()], [one.uuid, two.uuid, uuid()], at);
    await store.accounts.share([north], [one.uuid], at + 1);
    await store.accounts.revoke([north], [one.uuid]);
    await store.accounts.revoke([south], undefined);
    await store.accounts.revoke([uuid()], [two.uuid]);
    await store.close();
    expect(shares()).toEqual([[north, 'ZoneVO', two.uuid]]);
    store = await storeIn(directory);
    await store.accounts.deleteAccount(two.uuid);
    await store.close();
    expect(shares()).toEqual([]);
  });
});
