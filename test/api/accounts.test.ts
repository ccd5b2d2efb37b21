import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountSession,
  adminOf,
  type Identity,
  newAccount,
  newUser,
  verdict,
} from '../support/api-identities.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, callApi, openApi } from '../support/api-world.ts';
import { uuid } from '../support/records.ts';

const adminUuid = '36c27e8ff05c4780bf6d2fa65700f22e';
const date = expect.stringMatching(/^[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M$/);
const done = { status: 200, code: undefined };

let world: ApiWorld;
let guest: Identity;
beforeEach(async () => {
  world = await openApi();
  guest = await newAccount(world, 'guest');
});
afterEach(() => world.close());

const admin: Identity['call'] = (...call) => callApi(world, ...call);
const isAlive = async ({ session }: { session: string }): Promise<boolean> => {
  const answer = await world.api.inject({ url: `/v1/accounts/sessions/${session}/valid` });
  return answer.json<{ valid: boolean }>().valid;
};
const details = (answer: LightMyRequestResponse): string =>
  answer.json<{ error: { details: string } }>().error.details;

describe('creating an account', () => {
  it('answers its inventory, type Normal unless said otherwise, and never the password', async () => {
    const params = { name: 'test', password: 'Canary-new', description: 'of the manual' };
    const created = await admin('POST', '/accounts', { params, systemTags: [], userTags: [] });
    const inventory = { uuid: expect.stringMatching(/^[0-9a-f]{32}$/), name: 'test', type: 'Normal' };
    expect(created.json()).toEqual({
      inventory: { ...inventory, description: 'of the manual', createDate: date, lastOpDate: date },
    });
    const wished = '0123456789ab4def8123456789abcdef';
    const second = { name: 'second', password: 'x', type: 'systemadmin', resourceUuid: wished };
    const answer = await admin('POST', '/accounts', { params: second });
    expect(answer.json()).toMatchObject({ inventory: { uuid: wished, type: 'SystemAdmin' } });
    await accountSession(world, 'test', 'Canary-new');
    await accountSession(world, 'second', 'x');
  });

  it.each([
    ['no name', { password: 'x' }, 'name'],
    ['no password', { name: 'x' }, 'password'],
    ['an empty password', { name: 'x', password: '' }, 'password'],
    ['an unknown type', { name: 'x', password: 'x', type: 'Root' }, 'type'],
    ['a name that is taken', { name: 'guest', password: 'x' }, 'name'],
    ['a malformed uuid', { name: 'x', password: 'x', resourceUuid: 'x' }, 'resourceUuid'],
  ])('is refused with %s', async (_what, params, parameter) => {
    const answer = await admin('POST', '/accounts', { params });
    expect(verdict(answer)).toEqual({ status: 503, code: 'SYS.1007' });
    expect(details(answer)).toContain(parameter);
  });

  it('never takes the uuid of another account or of a user, and changes neither', async () => {
    const ann = await newUser(world, adminOf(world), 'ann');
    for (const resourceUuid of [guest.uuid, ann.uuid]) {
      const params = { name: 'thief', password: 'x', type: 'SystemAdmin', resourceUuid };
      expect(verdict(await admin('POST', '/accounts', { params }))).toEqual({
        status: 503,
        code: 'SYS.1007',
      });
    }
    expect((await admin('GET', `/accounts/${guest.uuid}`)).json()).toMatchObject({
      inventory: { name: 'guest', type: 'Normal' },
    });
  });
});

describe('changing an account', () => {
  it('changes what is given, for the account itself and for an administrator', async () => {
    const renamed = await guest.call('PUT', `/accounts/${guest.uuid}`, {
      updateAccount: { name: 'updatename' },
    });
    expect(renamed.json()).toMatchObject({ inventory: { uuid: guest.uuid, name: 'updatename' } });
    const described = await admin('PUT', `/accounts/${guest.uuid}`, {
      updateAccount: { description: 'night shift' },
    });
    expect(described.json()).toMatchObject({
      inventory: { uuid: guest.uuid, name: 'updatename', description: 'night shift', type: 'Normal' },
    });
    // The type is no parameter: it cannot be changed.
    const same = await guest.call('PUT', '/accounts', { updateAccount: { type: 'SystemAdmin' } });
    expect(same.json()).toMatchObject({ inventory: { uuid: guest.uuid, type: 'Normal' } });
  });

  it('ends the other sessions when the password changes, and those of its users', async () => {
    const other = await accountSession(world, 'guest', 'Canary-of-guest');
    const bob = await newUser(world, { ...guest, accountName: 'guest' }, 'bob');
    const change = { updateAccount: { password: 'Canary-changed' } };
    expect(verdict(await guest.call('PUT', '/accounts', change))).toEqual(done);
    expect(await Promise.all([guest, other, bob, world].map(isAlive))).toEqual([true, false, false, true]);
    await accountSession(world, 'guest', 'Canary-changed');
    await expect(accountSession(world, 'guest', 'Canary-of-guest')).rejects.toThrow('wrong account name');
    expect(verdict(await admin('PUT', `/accounts/${guest.uuid}`, change))).toEqual(done);
    expect(await Promise.all([guest, world].map(isAlive))).toEqual([false, true]);
  });

  it('is refused for others, for names that are taken and for accounts that are not there', async () => {
    const change = { updateAccount: { password: 'Canary-stolen' } };
    const stolen = await guest.call('PUT', `/accounts/${adminUuid}`, change);
    expect(verdict(stolen)).toEqual({ status: 503, code: 'ID.1002' });
    expect(details(stolen)).toContain('only itself');
    await accountSession(world, 'admin', adminPassword);
    const unknown = await admin('PUT', `/accounts/${uuid()}`, change);
    expect(verdict(unknown)).toEqual({ status: 503, code: 'SYS.1003' });
    const taken = await guest.call('PUT', '/accounts', { updateAccount: { name: 'admin' } });
    expect(verdict(taken)).toEqual({ status: 503, code: 'SYS.1007' });
    const renamed = await admin('PUT', '/accounts', { updateAccount: { name: 'root' } });
    expect(verdict(renamed)).toEqual({ status: 503, code: 'SYS.1007' });
    expect(verdict(await admin('PUT', '/accounts', { updateAccount: { name: 'admin' } }))).toEqual(done);
  });
});

describe('deleting an account', () => {
  it('takes its sessions and users along, and succeeds again', async () => {
    const bob = await newUser(world, { ...guest, accountName: 'guest' }, 'bob');
    for (const _ of [1, 2]) {
      const gone = await admin('DELETE', `/accounts/${guest.uuid}?deleteMode=Permissive`);
      expect([gone.statusCode, gone.json()]).toEqual([200, {}]);
    }
    expect(await Promise.all([guest, bob, world].map(isAlive))).toEqual([false, false, true]);
    expect((await admin('GET', `/accounts/users/${bob.uuid}`)).json()).toEqual({ inventories: [] });
  });

  it('takes parameters in the body as the manual prints them', async () => {
    const body = { params: { deleteMode: 'Permissive' }, systemTags: [], userTags: [] };
    expect(verdict(await admin('DELETE', `/accounts/${guest.uuid}`, body))).toEqual(done);
    expect((await admin('GET', `/accounts/${guest.uuid}`)).json()).toEqual({ inventories: [] });
  });

  it('is refused for admin, and for what is no uuid', async () => {
    const second = await newAccount(world, 'second', 'SystemAdmin');
    expect(verdict(await second.call('DELETE', `/accounts/${adminUuid}`))).toEqual({
      status: 503,
      code: 'ID.1002',
    });
    expect(verdict(await admin('DELETE', '/accounts/users'))).toEqual({ status: 503, code: 'SYS.1007' });
    expect(verdict(await second.call('DELETE', `/accounts/${second.uuid}`))).toEqual(done);
    expect(await isAlive(second)).toBe(false);
  });

  it('is refused for the last administrator', async () => {
    const second = await newAccount(world, 'second', 'SystemAdmin');
    // What nobody can do by the API, somebody can by SQL.
    await world.store.accounts.deleteAccount(adminUuid);
    const last = await second.call('DELETE', `/accounts/${second.uuid}`);
    expect(verdict(last)).toEqual({ status: 503, code: 'ID.1002' });
    expect(details(last)).toContain('last account of type SystemAdmin');
  });
});

describe('sharing', () => {
  const path = '/accounts/resources/actions';
  let zone: string;
  beforeEach(async () => {
    zone = await world.platform.zones.createZone({ name: 'north' });
  });
  const share = (parameters: object) => admin('PUT', path, { shareResource: parameters });
  const revoke = (parameters: object) => admin('PUT', path, { revokeResourceSharing: parameters });
  const sees = async (): Promise<number> => {
    const list = await guest.call('GET', '/zones');
    return list.json<{ inventories: unknown[] }>().inventories.length;
  };

  it('shows a resource to an account until it is taken back', async () => {
    const pair = { resourceUuids: [zone], accountUuids: [guest.uuid] };
    expect(await sees()).toBe(0);
    for (const _ of [1, 2]) expect((await share(pair)).json()).toEqual({});
    expect(await sees()).toBe(1);
    expect((await revoke(pair)).json()).toEqual({});
    expect(await sees()).toBe(0);
    await share(pair);
    expect(verdict(await revoke({ resourceUuids: [zone], all: true }))).toEqual(done);
    expect(await sees()).toBe(0);
  });

  it.each([
    ['no resource', { resourceUuids: [], accountUuids: ['a'] }, 'SYS.1007', 'resourceUuids'],
    ['no account', { resourceUuids: ['zone'] }, 'SYS.1007', 'accountUuids'],
    ['everybody', { resourceUuids: ['zone'], toPublic: true }, 'SYS.1007', 'toPublic is not supported'],
    [
      'an unknown resource',
      { resourceUuids: ['nothing'], accountUuids: ['guest'] },
      'SYS.1003',
      'cannot be shared',
    ],
    ['an unknown account', { resourceUuids: ['zone'], accountUuids: ['nobody'] }, 'SYS.1003', 'no account'],
    [
      'what cannot be shared',
      { resourceUuids: ['guest'], accountUuids: ['guest'] },
      'SYS.1003',
      'cannot be shared',
    ],
  ])('is refused with %s', async (_what, parameters, code, text) => {
    const known: Readonly<Record<string, string>> = { zone, guest: guest.uuid };
    const named = JSON.parse(JSON.stringify(parameters), (_key, value: unknown) =>
      typeof value === 'string' ? (known[value] ?? value) : value,
    ) as object;
    const answer = await share(named);
    expect(verdict(answer)).toEqual({ status: 503, code });
    expect(details(answer)).toContain(text);
  });

  it('cannot be taken back from nobody', async () => {
    expect(verdict(await revoke({ resourceUuids: [zone] }))).toEqual({ status: 503, code: 'SYS.1007' });
    expect(verdict(await revoke({ resourceUuids: [zone], accountUuids: [uuid()] }))).toEqual(done);
  });
});
