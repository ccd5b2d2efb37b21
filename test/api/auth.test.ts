import { createHash, scryptSync } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createGate } from '../../src/api/auth/gate.ts';
import { hashPassword, passwordDigest, verifyPassword } from '../../src/api/auth/password.ts';
import { createThrottle, sourceOf } from '../../src/api/auth/throttle.ts';
import { ensureAdmin } from '../../src/api/index.ts';
import type { AccountStore } from '../../src/api/ports.ts';
import { random } from '../support/records.ts';
import { scratchStore } from '../support/scratch-store.ts';

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
  const uuid = '36c27e8ff05c4780bf6d2fa65700f22e';
  let accounts: AccountStore;
  beforeEach(async () => {
    const store = await scratchStore();
    onTestFinished(() => store.close());
    ({ accounts } = store);
  });

  it('gets the fixed uuid, dates and a random password, once', async () => {
    const clock = { now: () => 1_700_000_000_000, after: () => () => {} };
    const first = await ensureAdmin({ accounts, random, clock, passwordCost: 10 });
    expect(first).toEqual({ created: true, password: expect.stringMatching(/^[A-Za-z2-9]{20}$/) });
    expect(await ensureAdmin({ accounts, random, passwordCost: 10 })).toEqual({ created: false });
    const admin = await accounts.getAccountByName('admin');
    expect(admin).toEqual({
      uuid,
      name: 'admin',
      description: undefined,
      type: 'SystemAdmin',
      passwordHash: expect.stringMatching(/^scrypt\$1024\$/),
      createDate: 1_700_000_000_000,
      lastOpDate: 1_700_000_000_000,
    });
    expect(await verifyPassword(sha512(first.password ?? ''), admin?.passwordHash ?? '')).toBe(true);
  });

  it('takes a given password, which is not repeated', async () => {
    const first = await ensureAdmin({ accounts, random, password: sha512('x'), passwordCost: 10 });
    expect(first).toEqual({ created: true });
    const admin = await accounts.getAccountByName('admin');
    expect(await verifyPassword(sha512('x'), admin?.passwordHash ?? '')).toBe(true);
  });

  it('is known by its uuid: under another name it is not made anew', async () => {
    await ensureAdmin({ accounts, random, password: 'x', passwordCost: 10 });
    await accounts.changeAccount(uuid, { name: 'root' }, 1);
    expect(await ensureAdmin({ accounts, random, passwordCost: 10 })).toEqual({ created: false });
    expect((await accounts.getAccount(uuid))?.name).toBe('root');
  });
});

describe('limits', () => {
  it('block a key until the oldest of its failures is a minute old, and forget under a flood', () => {
    const throttle = createThrottle(() => 5);
    for (let i = 0; i < 5; i += 1) {
      expect(throttle.waitMs('a', i)).toBe(0);
      throttle.begin('a', i);
    }
    expect([throttle.waitMs('a', 59_999), throttle.waitMs('b', 5)]).toEqual([1, 0]);
    expect(throttle.waitMs('a', 60_000)).toBe(0);
    expect(throttle.waitMs('a', 4)).toBe(59_996);
    const small = createThrottle(() => 1, 60_000, 2);
    for (const key of ['a', 'b', 'c']) small.begin(key, 0);
    expect(['a', 'b', 'c'].map((key) => small.waitMs(key, 1))).toEqual([0, 59_999, 59_999]);
  });

  it('take one try back, or all', () => {
    const throttle = createThrottle(() => 2);
    throttle.begin('a', 0);
    throttle.begin('a', 1);
    throttle.takeBack('a', 1);
    throttle.takeBack('a', 7);
    throttle.takeBack('b', 0);
    expect(throttle.waitMs('a', 2)).toBe(0);
    throttle.begin('a', 2);
    expect(throttle.waitMs('a', 2)).toBe(59_998);
    throttle.forget('a');
    expect(throttle.waitMs('a', 2)).toBe(0);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:02::9', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('count %s under %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });

  it('let two tasks run and three wait, and refuse the next', async () => {
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
