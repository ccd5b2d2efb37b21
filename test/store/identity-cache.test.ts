import { expect, it } from 'vitest';
import { uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const dates = { createDate: 1, lastOpDate: 1 } as const;

it('what was looked up is forgotten by every change of it, also by one that cascades', async () => {
  const { accounts } = await storeIn(temporaryDirectory());
  const account = {
    uuid: uuid(),
    name: 'a',
    description: undefined,
    type: 'Normal',
    passwordHash: 'x',
    ...dates,
  } as const;
  const user = { ...account, uuid: uuid(), accountUuid: account.uuid, kind: 'Normal' } as const;
  const session = (userUuid: typeof account.uuid, createDate: number) =>
    ({ uuid: uuid(), accountUuid: account.uuid, userUuid, createDate, expiredDate: 100 }) as const;
  const [own, users, old] = [session(account.uuid, 2), session(user.uuid, 2), session(account.uuid, 1)];
  const seen = async (): Promise<readonly unknown[]> => {
    const lookUp = () =>
      Promise.all([
        accounts.getAccount(account.uuid).then((row) => row?.name),
        accounts.getUser(user.uuid).then((row) => row?.name),
        ...[own, users, old].map(({ uuid }) => accounts.getSession(uuid).then((row) => row !== undefined)),
      ]);
    const first = await lookUp();
    expect(await lookUp()).toEqual(first);
    return first;
  };
  expect(await seen()).toEqual([undefined, undefined, false, false, false]);
  await accounts.insertAccount(account);
  await accounts.insertUser(user);
  for (const one of [own, users, old]) await accounts.saveSession(one);
  expect(await seen()).toEqual(['a', 'a', true, true, true]);
  await accounts.changeAccount(account.uuid, { name: 'b' }, 2);
  await accounts.changeUser(user.uuid, { name: 'c' }, 2);
  expect(await seen()).toEqual(['b', 'c', true, true, true]);
  await accounts.keepNewestSessions(account.uuid, 1);
  expect(await seen()).toEqual(['b', 'c', true, true, false]);
  await accounts.deleteSession(own.uuid);
  expect(await seen()).toEqual(['b', 'c', false, true, false]);
  await accounts.deleteUser(user.uuid);
  expect(await seen()).toEqual(['b', undefined, false, false, false]);
  const last = session(account.uuid, 3);
  await accounts.saveSession(last);
  expect(await accounts.getSession(last.uuid)).toBeDefined();
  await accounts.deleteAccount(account.uuid);
  expect(await accounts.getSession(last.uuid)).toBeUndefined();
});
