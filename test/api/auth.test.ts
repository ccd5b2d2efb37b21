import { createHash, scryptSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashPassword, passwordDigest, verifyPassword } from '../../src/api/auth/password.ts';
import { createGate } from '../../src/api/auth/gate.ts';
import { createThrottle } from '../../src/api/auth/throttle.ts';
import { ensureAdmin } from '../../src/api/index.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { memoryAccounts, random } from '../support/api-doubles.ts';
import type { ApiWorld } from '../support/api-world.ts';
import { adminPassword, openApi } from '../support/api-world.ts';

const sha512 = (text: string): string => createHash('sha512').update(text).digest('hex');

describe('passwords', () => {
  it('are the SHA-512 that ZStack clients send, whichever form is given', () => {
    // The hash that the manual prints for "password".
    const printed =
      'b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb980b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07c95385ffab0cacbc86';
    expect(passwordDigest('password')).toBe(printed);
    expect(passwordDigest(printed)).toBe(printed);
    expect(passwordDigest(printed.toUpperCase())).toBe(printed);
  });

  it('are stored as scrypt with a salt of their own', async () => {
    const [a, b] = [await hashPassword('d', random, 10), await hashPassword('d', random, 10)];
    expect(a).not.toBe(b);
    const [, n, r, p, salt, hash] = a.split('$');
    const options = { N: Number(n), r: Number(r), p: Number(p) };
    expect(scryptSync('d', Buffer.from(salt ?? '', 'hex'), 32, options).toString('hex')).toBe(hash);
    expect(await verifyPassword('d', a)).toBe(true);
    expect(await verifyPassword('e', a)).toBe(false);
  });

  it.each(['', 'plain', 'scrypt$16384$8$1$00', `scrypt$9999999$8$1$00$${'0'.repeat(64)}`])(
    'never match the stored text %j',
    async (stored) => {
      expect(await verifyPassword('d', stored)).toBe(false);
    },
  );
});

describe('the first administrator', () => {
  it('gets the fixed uuid and a random password once', async () => {
    const accounts = memoryAccounts();
    const first = await ensureAdmin({ accounts, random, passwordCost: 10 });
    expect(first).toEqual({ created: true, password: expect.stringMatching(/^[A-Za-z2-9]{20}$/) });
    expect(await ensureAdmin({ accounts, random, passwordCost: 10 })).toEqual({ created: false });
    const admin = await accounts.getAccountByName('admin');
    expect(admin).toMatchObject({ uuid: '36c27e8ff05c4780bf6d2fa65700f22e', type: 'SystemAdmin' });
    expect(await verifyPassword(sha512(first.password ?? ''), admin?.passwordHash ?? '')).toBe(true);
  });

  it('takes a given password, which is not repeated', async () => {
    const accounts = memoryAccounts();
    const first = await ensureAdmin({ accounts, random, password: sha512('x'), passwordCost: 10 });
    expect(first).toEqual({ created: true });
    const admin = await accounts.getAccountByName('admin');
    expect(await verifyPassword(sha512('x'), admin?.passwordHash ?? '')).toBe(true);
  });
});

describe('limits', () => {
  it('blocks a key after five failures until the oldest is a minute old, and forgets under a flood', () => {
    const throttle = createThrottle();
    for (let i = 0; i < 5; i += 1) {
      expect(throttle.isBlocked('a', i)).toBe(false);
      throttle.begin('a', i);
    }
    expect([throttle.isBlocked('a', 59_999), throttle.isBlocked('b', 5)]).toEqual([true, false]);
    expect(throttle.isBlocked('a', 60_000)).toBe(false);
    throttle.succeed('a');
    const small = createThrottle(1, 60_000, 2);
    for (const key of ['a', 'b', 'c']) small.begin(key, 0);
    expect(['a', 'b', 'c'].map((key) => small.isBlocked(key, 1))).toEqual([false, true, true]);
  });

  it('lets two tasks run and three wait, and refuses the next', async () => {
    const gate = createGate(2, 3);
    let open = 0;
    let most = 0;
    const task = async (): Promise<number> => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
      open -= 1;
      return open;
    };
    const runs = Array.from({ length: 6 }, () => gate(task));
    expect(runs.map((run) => run === undefined)).toEqual([false, false, false, false, false, true]);
    await Promise.all(runs.map(async (run) => run));
    expect([open, most]).toEqual([0, 2]);
    await expect(gate(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await gate(async () => 7)).toBe(7);
  });
});

describe('over HTTP', () => {
  let world: ApiWorld;
  beforeEach(async () => {
    world = await openApi();
  });
  afterEach(() => world.api.close());

  const logIn = (password: unknown, key = 'logInByAccount', accountName = 'admin') =>
    world.api.inject({
      method: 'PUT',
      url: '/zstack/v1/accounts/login',
      payload: { [key]: { accountName, password } },
    });
  const list = (authorization?: string) =>
    world.api.inject({
      url: '/v1/baremetal/chassis',
      headers: authorization === undefined ? {} : { authorization },
    });

  it.each(['logInByAccount', 'logIn'])('%s takes the clear password and its hash', async (key) => {
    for (const password of [adminPassword, sha512(adminPassword), sha512(adminPassword).toUpperCase()]) {
      const answer = await logIn(password, key);
      expect(answer.statusCode).toBe(200);
      const { inventory } = answer.json<{ inventory: Record<string, string> }>();
      expect(inventory).toEqual({
        uuid: expect.stringMatching(/^[0-9a-f]{32}$/),
        accountUuid: '36c27e8ff05c4780bf6d2fa65700f22e',
        userUuid: '36c27e8ff05c4780bf6d2fa65700f22e',
        createDate: expect.any(String),
        expiredDate: expect.any(String),
      });
      const lasts = Date.parse(inventory['expiredDate'] ?? '') - Date.parse(inventory['createDate'] ?? '');
      expect(lasts).toBe(2 * 3600_000);
    }
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
      { error: { code: 'ID.1000', details: expect.stringContaining('wait') } },
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

  it('needs the header, in its form, and a live session', async () => {
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

  it('logs out, twice, and says so', async () => {
    const path = `/v1/accounts/sessions/${world.session}`;
    expect((await world.api.inject({ url: `${path}/valid` })).json()).toEqual({ valid: true });
    for (const _ of [1, 2]) {
      const out = await world.api.inject({ method: 'DELETE', url: path });
      expect([out.statusCode, out.body]).toEqual([200, '{}']);
    }
    expect((await world.api.inject({ url: `${path}/valid` })).json()).toEqual({ valid: false });
    expect((await list(world.authorization)).statusCode).toBe(503);
  });

  it('keeps the 500 newest sessions of an account', async () => {
    for (let i = 0; i < 510; i += 1) {
      const uuid = i.toString(16).padStart(32, '0') as Uuid;
      const accountUuid = '36c27e8ff05c4780bf6d2fa65700f22e' as Uuid;
      const expiredDate = Date.now() + 10_000;
      await world.accounts.saveSession({
        uuid,
        accountUuid,
        userUuid: accountUuid,
        createDate: i,
        expiredDate,
      });
    }
    expect((await logIn(adminPassword)).statusCode).toBe(200);
    expect(world.accounts.sessions.size).toBe(500);
    expect(world.accounts.sessions.has(world.session)).toBe(true);
    expect(world.accounts.sessions.has('0'.repeat(32))).toBe(false);
  });

  it('refuses accounts that are no administrators, sync and async', async () => {
    const uuid = '5'.repeat(32) as Uuid;
    const passwordHash = await hashPassword(passwordDigest('pw'), random, 10);
    await world.accounts.saveAccount({ uuid, name: 'guest', type: 'Normal', passwordHash });
    const session = (await logIn('pw', 'logIn', 'guest')).json<{ inventory: { uuid: string } }>().inventory
      .uuid;
    const denied = await list(`OAuth ${session}`);
    expect([denied.statusCode, denied.json()]).toMatchObject([503, { error: { code: 'ID.1002' } }]);
  });
});
