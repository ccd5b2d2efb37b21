import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminOf, newAccount, newUser } from '../support/api-identities.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, openApi } from '../support/api-world.ts';

const sha512 = (text: string): string => createHash('sha512').update(text).digest('hex');
const adminUuid = '36c27e8ff05c4780bf6d2fa65700f22e';

let world: ApiWorld;
beforeEach(async () => {
  world = await openApi();
});
afterEach(() => world.close());

const logIn = (password: unknown, key = 'logInByAccount', accountName = 'admin') =>
  world.api.inject({
    method: 'PUT',
    url: '/zstack/v1/accounts/login',
    payload: { [key]: { accountName, password } },
  });
const logInByUser = (parameters: object) =>
  world.api.inject({
    method: 'PUT',
    url: '/zstack/v1/accounts/users/login',
    payload: { logInByUser: parameters, systemTags: [], userTags: [] },
  });
const list = (authorization?: string) =>
  world.api.inject({
    url: '/v1/baremetal/chassis',
    headers: authorization === undefined ? {} : { authorization },
  });
const lastsMs = ({ createDate, expiredDate }: Readonly<Record<string, string>>): number =>
  Date.parse(expiredDate ?? '') - Date.parse(createDate ?? '');

describe('logging in', () => {
  it.each(['logInByAccount', 'logIn'])(
    'as an account by %s takes the clear password and its hash',
    async (key) => {
      for (const password of [adminPassword, sha512(adminPassword), sha512(adminPassword).toUpperCase()]) {
        const answer = await logIn(password, key);
        expect(answer.statusCode).toBe(200);
        const { inventory } = answer.json<{ inventory: Record<string, string> }>();
        expect(inventory).toEqual({
          uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
          accountUuid: adminUuid,
          userUuid: adminUuid,
          createDate: expect.any(String),
          expiredDate: expect.any(String),
        });
        expect(lastsMs(inventory)).toBe(2 * 3600_000);
      }
    },
  );

  it('as a user names it beside its account', async () => {
    const ann = await newUser(world, adminOf(world), 'ann');
    const given = { userName: 'ann', password: sha512('Canary-of-ann') };
    for (const account of [{ accountName: 'admin' }, { accountUuid: adminUuid }]) {
      const answer = await logInByUser({ ...account, ...given });
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({ inventory: { accountUuid: adminUuid, userUuid: ann.uuid } });
    }
    const wrong = await logInByUser({ accountName: 'admin', ...given, password: 'wrong' });
    expect([wrong.statusCode, wrong.json()]).toMatchObject([503, { error: { code: 'ID.1000' } }]);
    expect((await logInByUser(given)).json()).toMatchObject({
      error: { code: 'SYS.1007', details: expect.stringContaining('accountUuid or accountName') },
    });
  });

  it('follows the settings from the next login on', async () => {
    await world.platform.settings.update('identity', 'session.timeout', '60');
    await world.platform.settings.update('identity', 'session.maxConcurrent', '2');
    const sessions: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { inventory } = (await logIn(adminPassword)).json<{ inventory: Record<string, string> }>();
      expect(lastsMs(inventory)).toBe(60_000);
      sessions.push(`OAuth ${inventory['uuid']}`);
    }
    const codes = await Promise.all([world.authorization, ...sessions].map(list));
    expect(codes.filter(({ statusCode }) => statusCode === 200)).toHaveLength(2);
    expect(codes[0]?.statusCode).toBe(503);
  });

  it('answers a wrong password and an unknown account alike, then asks to wait', async () => {
    const wrong = await logIn('wrong');
    const unknown = await logIn(adminPassword, 'logIn', 'nobody');
    expect(wrong.statusCode).toBe(503);
    expect(wrong.json()).toMatchObject({
      error: { code: 'ID.1000', details: 'wrong account name or password' },
    });
    expect(unknown.json()).toEqual(wrong.json());
    await Promise.all(Array.from({ length: 4 }, () => logIn('wrong')));
    const blocked = await logIn(adminPassword);
    expect([blocked.statusCode, blocked.json()]).toMatchObject([
      503,
      { error: { code: 'ID.1000', details: expect.stringMatching(/wait \d+ s/) } },
    ]);
    expect((await list(world.authorization)).statusCode).toBe(200);
  });

  it('does not let a burst of guesses past the limit', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => logIn(`guess ${i}`)));
    const texts = answers.map((answer) => answer.json<{ error: { details: string } }>().error.details);
    expect(texts.filter((text) => text.startsWith('wrong')).length).toBe(5);
    expect((await logIn(adminPassword)).statusCode).toBe(503);
  });

  it.each([[undefined], [null], [''], [{}], [['x']]])(
    'refuses the password %j as an argument',
    async (password) => {
      expect((await logIn(password)).json()).toMatchObject({ error: { code: 'SYS.1007' } });
    },
  );
});

describe('a session', () => {
  it('comes in the header, in its form, and alive', async () => {
    const missing = await list();
    expect([missing.statusCode, missing.body]).toEqual([
      400,
      expect.stringContaining("missing header 'Authorization'"),
    ]);
    for (const header of ['Basic YTpi', 'Bearer x', `oauth ${world.session}`]) {
      const other = await list(header);
      expect([other.statusCode, other.body]).toEqual([
        400,
        expect.stringContaining("Authorization type must be 'OAuth'"),
      ]);
    }
    for (const header of ['OAuth', `OAuth ${'0'.repeat(32)}`, 'OAuth x', `OAuth ${world.session}0`]) {
      const dead = await list(header);
      expect([dead.statusCode, dead.json()]).toMatchObject([503, { error: { code: 'ID.1001' } }]);
      expect(dead.body).toContain('Session expired');
    }
    for (const header of [`OAuth ${world.session}`, `OAuth${world.session}`, `OAuth  ${world.session}`]) {
      expect((await list(header)).statusCode).toBe(200);
    }
  });

  it('is ended, twice, and says so; an Auditor may end its own', async () => {
    const ann = await newUser(world, adminOf(world), 'ann', 'Auditor');
    for (const session of [world.session, ann.session]) {
      const path = `/v1/accounts/sessions/${session}`;
      expect((await world.api.inject({ url: `${path}/valid` })).json()).toEqual({ valid: true });
      for (const _ of [1, 2]) {
        const out = await world.api.inject({ method: 'DELETE', url: path });
        expect([out.statusCode, out.body]).toEqual([200, '{}']);
      }
      expect((await world.api.inject({ url: `${path}/valid` })).json()).toEqual({ valid: false });
      expect((await list(`OAuth ${session}`)).statusCode).toBe(503);
    }
  });

  it('of an account of type Normal is refused what is for administrators', async () => {
    const guest = await newAccount(world, 'guest');
    const denied = await list(`OAuth ${guest.session}`);
    expect([denied.statusCode, denied.json()]).toMatchObject([
      503,
      {
        error: {
          code: 'ID.1002',
          details: expect.stringContaining('API[QueryBaremetalChassis] is admin only'),
        },
      },
    ]);
  });
});
