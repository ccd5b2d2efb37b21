import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountSession,
  adminOf,
  type Identity,
  newAccount,
  newUser,
  userSession,
  verdict,
} from '../support/api-identities.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { callApi, openApi } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

const adminUuid = '36c27e8ff05c4780bf6d2fa65700f22e';
const done = { status: 200, code: undefined };
const denied = { status: 503, code: 'ID.1002' };

let world: ApiWorld;
let guest: Identity;
beforeEach(async () => {
  world = await openApi();
  guest = await newAccount(world, 'guest');
});
afterEach(() => world.close());

const admin: Identity['call'] = (...call) => callApi(world, ...call);
const guests = () => ({ ...guest, accountName: 'guest' });
const isAlive = async ({ session }: { session: string }): Promise<boolean> => {
  const answer = await world.api.inject({ url: `/v1/accounts/sessions/${session}/valid` });
  return answer.json<{ valid: boolean }>().valid;
};
const names = async (call: Identity['call'], path: string): Promise<readonly string[]> => {
  const list = await call('GET', path);
  return list.json<{ inventories: { name: string }[] }>().inventories.map(({ name }) => name);
};

describe('creating a user', () => {
  it('gives it to the calling account', async () => {
    const params = { name: 'testuser', password: 'testpassword' };
    const created = await guest.call('POST', '/accounts/users', { params, systemTags: [], userTags: [] });
    expect(created.json()).toEqual({
      inventory: {
        uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
        accountUuid: guest.uuid,
        name: 'testuser',
        kind: 'Normal',
        createDate: expect.any(String),
        lastOpDate: expect.any(String),
      },
    });
    await userSession(world, 'guest', 'testuser', 'testpassword');
    await expect(userSession(world, 'admin', 'testuser', 'testpassword')).rejects.toThrow('ID.1000');
  });

  it('needs a name that is new in the account, and a uuid that is new everywhere', async () => {
    const first = await newUser(world, guests(), 'bob');
    const create = (call: Identity['call'], params: object) =>
      call('POST', '/accounts/users', { params: { password: 'x', ...params } });
    const refused = { status: 503, code: 'SYS.1007' };
    expect(verdict(await create(guest.call, { name: 'bob' }))).toEqual(refused);
    expect(verdict(await create(admin, { name: 'bob' }))).toEqual(done);
    for (const resourceUuid of [first.uuid, guest.uuid, adminUuid]) {
      expect(verdict(await create(guest.call, { name: 'eve', resourceUuid }))).toEqual(refused);
    }
    expect(verdict(await create(guest.call, { name: 'eve', kind: 'Root' }))).toEqual(refused);
    expect(await names(guest.call, '/accounts/users')).toEqual(['bob']);
  });
});

describe('seeing users', () => {
  it('an account sees its own, an administrator all; the path is not an account of that name', async () => {
    const bob = await newUser(world, guests(), 'bob');
    const ann = await newUser(world, adminOf(world), 'ann', 'Auditor');
    expect(await names(guest.call, '/accounts/users')).toEqual(['bob']);
    expect((await names(admin, '/accounts/users')).toSorted()).toEqual(['ann', 'bob']);
    expect(await names(admin, '/accounts/users?q=name=ann')).toEqual(['ann']);
    expect(await names(guest.call, `/accounts/users/${ann.uuid}`)).toEqual([]);
    expect(await names(bob.call, `/accounts/users/${bob.uuid}`)).toEqual(['bob']);
    expect(await names(guest.call, '/accounts')).toEqual(['guest']);
    expect(await names(guest.call, `/accounts/${adminUuid}`)).toEqual([]);
    expect((await names(ann.call, '/accounts')).toSorted()).toEqual(['admin', 'guest']);
  });
});

describe('changing a user', () => {
  const update = (call: Identity['call'], updateUser: object) =>
    call('PUT', '/accounts/users/actions', { updateUser });

  it('is for the account, and for the user itself, which may leave out its uuid', async () => {
    const bob = await newUser(world, guests(), 'bob');
    expect((await update(guest.call, { uuid: bob.uuid, name: 'new' })).json()).toEqual({});
    expect((await update(bob.call, { description: 'days' })).json()).toEqual({});
    expect((await update(bob.call, { uuid: bob.uuid, name: 'newer' })).json()).toEqual({});
    expect((await update(admin, { uuid: bob.uuid, name: 'newest' })).json()).toEqual({});
    expect((await guest.call('GET', `/accounts/users/${bob.uuid}`)).json()).toMatchObject({
      inventory: { name: 'newest', description: 'days', kind: 'Normal', accountUuid: guest.uuid },
    });
  });

  it('ends its other sessions when the password changes', async () => {
    const bob = await newUser(world, guests(), 'bob');
    const other = await userSession(world, 'guest', 'bob', 'Canary-of-bob');
    expect(verdict(await update(bob.call, { password: 'Canary-changed' }))).toEqual(done);
    expect(await Promise.all([bob, other, guest].map(isAlive))).toEqual([true, false, true]);
    expect(verdict(await update(guest.call, { uuid: bob.uuid, password: 'again' }))).toEqual(done);
    expect(await Promise.all([bob, guest].map(isAlive))).toEqual([false, true]);
    await userSession(world, 'guest', 'bob', 'again');
  });

  it('is refused for others', async () => {
    const bob = await newUser(world, guests(), 'bob');
    const eve = await newUser(world, guests(), 'eve');
    const ann = await newUser(world, adminOf(world), 'ann', 'Auditor');
    const change = { password: 'stolen' };
    expect(verdict(await update(eve.call, { uuid: bob.uuid, ...change }))).toEqual(denied);
    expect(verdict(await update(ann.call, change))).toEqual(denied);
    const missing = { status: 503, code: 'SYS.1003' };
    expect(verdict(await update(guest.call, { uuid: ann.uuid, ...change }))).toEqual(missing);
    expect(verdict(await update(admin, { uuid: uuid(), ...change }))).toEqual(missing);
    const unnamed = { status: 503, code: 'SYS.1007' };
    expect(verdict(await update(guest.call, change))).toEqual(unnamed);
    expect(verdict(await update(bob.call, { name: 'eve' }))).toEqual(unnamed);
    await userSession(world, 'guest', 'bob', 'Canary-of-bob');
    await userSession(world, 'admin', 'ann', 'Canary-of-ann');
  });
});

describe('deleting a user', () => {
  it('ends its sessions and succeeds again, but leaves those of other accounts alone', async () => {
    const bob = await newUser(world, guests(), 'bob');
    const ann = await newUser(world, adminOf(world), 'ann');
    for (const { uuid } of [bob, bob, ann]) {
      const gone = await guest.call('DELETE', `/accounts/users/${uuid}?deleteMode=Permissive`);
      expect([gone.statusCode, gone.json()]).toEqual([200, {}]);
    }
    expect(await Promise.all([bob, ann].map(isAlive))).toEqual([false, true]);
  });
});

describe('a user of kind Normal', () => {
  it("has its account's rights, but manages neither accounts nor users", async () => {
    const root = await newUser(world, adminOf(world), 'root');
    expect(verdict(await root.call('POST', '/zones', { params: { name: 'north' } }))).toEqual(done);
    const other = await newUser(world, adminOf(world), 'other');
    const params = { name: 'x', password: 'x' };
    const refusals = await Promise.all([
      root.call('POST', '/accounts', { params }),
      root.call('PUT', '/accounts', { updateAccount: { password: 'stolen' } }),
      root.call('PUT', `/accounts/${guest.uuid}`, { updateAccount: { password: 'stolen' } }),
      root.call('DELETE', `/accounts/${guest.uuid}`),
      root.call('POST', '/accounts/users', { params }),
      root.call('DELETE', `/accounts/users/${other.uuid}`),
      root.call('PUT', '/accounts/users/actions', { updateUser: { uuid: other.uuid, password: 'stolen' } }),
    ]);
    expect(refusals.map(verdict)).toEqual(refusals.map(() => denied));
    for (const { body } of refusals) expect(body).toContain('LogInByAccount');
    await accountSession(world, 'guest', 'Canary-of-guest');
  });
});
