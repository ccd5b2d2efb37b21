import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { adminUuid } from '../../src/api/auth/admin.ts';
import { hashPassword, passwordDigest } from '../../src/api/auth/password.ts';
import type { Sessions } from '../../src/api/auth/sessions.ts';
import { createSessions } from '../../src/api/auth/sessions.ts';
import { ensureAdmin } from '../../src/api/index.ts';
import type { AccountStore, Session, User } from '../../src/api/ports.ts';
import { random, uuid } from '../support/records.ts';
import { type ScratchStore, scratchStore } from '../support/scratch-store.ts';

const minute = 60_000;
const here = '192.0.2.1';

let now: number;
let sessionSeconds: number;
let maxSessions: number;
let store: ScratchStore;
let sessions: Sessions;
let ann: User;
const clock = { now: () => now, after: () => () => {} };

beforeEach(async () => {
  [now, sessionSeconds, maxSessions] = [1_700_000_000_000, 7200, 500];
  store = await scratchStore();
  onTestFinished(() => store.close());
  const { accounts } = store;
  sessions = createSessions({
    accounts,
    clock,
    random,
    sessionSeconds: () => sessionSeconds,
    maxSessions: () => maxSessions,
    maxFailures: () => 5,
    passwordCost: 10,
  });
  await ensureAdmin({ accounts, random, clock, password: 'right', passwordCost: 10 });
  ann = {
    uuid: uuid(),
    accountUuid: adminUuid,
    name: 'ann',
    description: undefined,
    kind: 'Auditor',
    passwordHash: await hashPassword(passwordDigest('anns'), random, 10),
    createDate: now,
    lastOpDate: now,
  };
  await accounts.insertUser(ann);
});

const logIn = (password = 'right', address = here, name = 'admin'): Promise<Session> =>
  sessions.logIn(name, password, address);
const asAnn = (password = 'anns', address = here): Promise<Session> =>
  sessions.logInByUser({ accountName: 'admin', userName: 'ann', password }, address);
const refusal = (text: string) => ({ code: 'login-failed', message: expect.stringContaining(text) });

describe('a session', () => {
  it('says who calls: the account, or its user', async () => {
    const own = await sessions.authenticate((await logIn()).uuid);
    expect([own.account.name, own.user]).toEqual(['admin', undefined]);
    const session = await asAnn();
    expect(session).toMatchObject({ accountUuid: adminUuid, userUuid: ann.uuid });
    const caller = await sessions.authenticate(session.uuid);
    expect([caller.account.name, caller.user]).toEqual(['admin', ann]);
  });

  it('lasts as long as the setting says at its login', async () => {
    const first = await logIn();
    sessionSeconds = 60;
    const second = await logIn();
    now += minute;
    expect([await sessions.isValid(first.uuid), await sessions.isValid(second.uuid)]).toEqual([true, false]);
    await expect(sessions.authenticate(second.uuid)).rejects.toMatchObject({ code: 'session-expired' });
    now += 7200_000 - minute;
    expect(await sessions.isValid(first.uuid)).toBe(false);
  });

  it('ends when there is one too many: the 501st ends the first, of that account alone', async () => {
    const annsOwn = await asAnn();
    const first = await logIn();
    now += 1;
    const second = await logIn();
    for (let i = 0; i < 498; i += 1) {
      const times = { createDate: now + i, expiredDate: now + 7200_000 };
      await store.accounts.saveSession({
        uuid: uuid(),
        accountUuid: adminUuid,
        userUuid: adminUuid,
        ...times,
      });
    }
    now += 1000;
    const valid = (all: readonly Session[]): Promise<readonly boolean[]> =>
      Promise.all(all.map(({ uuid }) => sessions.isValid(uuid)));
    expect(await valid([first, second])).toEqual([true, true]);
    const newest = await logIn();
    expect(await valid([first, second, newest, annsOwn])).toEqual([false, true, true, true]);
    maxSessions = 1;
    now += 1;
    const only = await logIn();
    expect(await valid([second, newest, only, annsOwn])).toEqual([false, false, true, true]);
  });

  it('ends with its user', async () => {
    const session = await asAnn();
    await store.accounts.deleteUser(ann.uuid);
    await expect(sessions.authenticate(session.uuid)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('is not given for a password that is changed while it is checked', async () => {
    const passwordHash = await hashPassword(passwordDigest('new'), random, 10);
    // The look after the check finds another password.
    const accounts: AccountStore = {
      ...store.accounts,
      async getAccount(uuid) {
        await store.accounts.changeAccount(uuid, { passwordHash }, now);
        return store.accounts.getAccount(uuid);
      },
    };
    const limits = { sessionSeconds: () => 60, maxSessions: () => 5, maxFailures: () => 5 };
    const slow = createSessions({ accounts, clock, random, ...limits, passwordCost: 10 });
    await expect(slow.logIn('admin', 'right', here)).rejects.toMatchObject(refusal('wrong'));
  });
});

describe('a user logs in', () => {
  it('by the uuid of its account, which beats the name, or by the name', async () => {
    const login = { userName: 'ann', password: 'anns' };
    for (const account of [{ accountUuid: adminUuid, accountName: 'other' }, { accountName: 'admin' }]) {
      expect((await sessions.logInByUser({ ...account, ...login }, here)).userUuid).toBe(ann.uuid);
    }
    await expect(sessions.logInByUser(login, here)).rejects.toMatchObject({
      code: 'bad-argument',
      data: { parameter: 'accountName' },
    });
  });

  it.each([
    ['a wrong password', { accountName: 'admin', userName: 'ann', password: 'right' }],
    ['an unknown user', { accountName: 'admin', userName: 'bob', password: 'anns' }],
    ['an unknown account', { accountName: 'nobody', userName: 'ann', password: 'anns' }],
    ['an account for a user', { accountName: 'admin', userName: 'admin', password: 'right' }],
  ])('but not with %s', async (_what, login) => {
    await expect(sessions.logInByUser(login, here)).rejects.toMatchObject(
      refusal('wrong account, user name or password'),
    );
  });
});

describe('guessing', () => {
  it('is stopped after five failures from one address, and the text says for how long', async () => {
    for (let i = 0; i < 5; i += 1) {
      await expect(logIn('wrong')).rejects.toMatchObject(refusal('wrong account name or password'));
      now += 1000;
    }
    await expect(logIn('right')).rejects.toMatchObject(refusal('wait 55 s'));
    // Another address and another name are not held up.
    expect(await sessions.isValid((await logIn('right', '192.0.2.2')).uuid)).toBe(true);
    expect(await sessions.isValid((await asAnn()).uuid)).toBe(true);
    now += 55_000;
    expect(await sessions.isValid((await logIn('right')).uuid)).toBe(true);
  });

  it('counts the same for a name that does not exist', async () => {
    for (let i = 0; i < 5; i += 1) {
      await expect(logIn('x', here, 'nobody')).rejects.toMatchObject(refusal('wrong account name'));
    }
    await expect(logIn('x', here, 'nobody')).rejects.toMatchObject(refusal('wait 60 s'));
  });

  it("of a user's password counts together, whichever way the account is named", async () => {
    const ways = [{ accountName: 'admin' }, { accountUuid: adminUuid }];
    for (let i = 0; i < 6; i += 1) {
      const login = { ...ways[i % 2], userName: 'ann', password: 'wrong' };
      const expected = refusal(i < 5 ? 'wrong account' : 'wait 60 s');
      await expect(sessions.logInByUser(login, here)).rejects.toMatchObject(expected);
    }
  });

  it('of many names is stopped after thirty failures from one address, and a right one frees nothing else', async () => {
    for (let i = 0; i < 29; i += 1) {
      await expect(logIn('spray', here, `name ${i}`)).rejects.toMatchObject(refusal('wrong'));
    }
    await logIn('right');
    await expect(logIn('spray', here, 'name 29')).rejects.toMatchObject(refusal('wrong'));
    await expect(logIn('right')).rejects.toMatchObject(refusal('wait 60 s'));
    now += minute;
    await logIn('right');
  });

  it('of a whole IPv6 network counts as one address', async () => {
    for (let i = 0; i < 5; i += 1) {
      await expect(logIn('wrong', `2001:db8::${i + 1}`)).rejects.toMatchObject(refusal('wrong'));
    }
    await expect(logIn('right', '2001:db8::ffff')).rejects.toMatchObject(refusal('wait'));
    await logIn('right', '2001:db8:0:1::1');
  });
});
