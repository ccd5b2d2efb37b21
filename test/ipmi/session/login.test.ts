import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { suites } from '../../../src/ipmi/crypto/suite.ts';
import { type QuirkName, quirkNames } from '../../../src/ipmi/quirks.ts';
import { loginOf, passwordFor } from '../../../src/ipmi/session/login.ts';
import { defaultTiming } from '../../../src/ipmi/session/timing.ts';
import { type BmcTarget, IpmiError } from '../../../src/ipmi/types.ts';

const target: BmcTarget = { address: '192.0.2.7', port: 623, username: 'admin', password: 'test-secret' };
const login = (over: Partial<BmcTarget>) => loginOf({ ...target, ...over }, defaultTiming);
const hexOf = (bytes: Uint8Array | undefined): string => (bytes ? toHex(bytes) : 'none');

describe('login data', () => {
  it('asks for operator by name alone', () => {
    expect(login({}).role).toBe(0x13);
    expect(login({ privilege: 'administrator' }).role).toBe(0x14);
    expect(login({ privilege: 'user', userLookup: 'name-and-role' }).role).toBe(0x02);
  });

  it.each([
    ['second-key', '7365636f6e642d6b6579'],
    ['0x00ff10', '00ff10'],
    ['0XAB', 'ab'],
    ['0x', 'none'],
    ['', 'none'],
    ['0x0000000000000000000000000000000000000000', 'none'],
    ['twenty-bytes-of-key!', '7477656e74792d62797465732d6f662d6b657921'],
  ])('K_G "%s" is %s', (kg, hex) => {
    expect(hexOf(login({ kg }).kg)).toBe(hex);
  });

  it.each([
    [{ kg: '0x123' }, /hex digits/],
    [{ kg: '0xzz' }, /hex digits/],
    [{ kg: 'k'.repeat(21) }, /20/],
    [{ kg: `0x${'ab'.repeat(21)}` }, /20/],
    [{ password: 'p'.repeat(21) }, /20/],
    [{ password: 'p'.repeat(17), protocol: '1.5' }, /16/],
    [{ username: 'u'.repeat(17) }, /16/],
  ] as const)('%o is refused without telling it', (over, text) => {
    const secret = Object.values(over)[0];
    try {
      login(over);
      expect.unreachable('it was taken');
    } catch (error) {
      expect(error).toBeInstanceOf(IpmiError);
      expect(String(error)).toMatch(text);
      expect(String(error)).not.toContain(secret);
    }
  });

  it('intel20 fills the name up, and cuts the password with HMAC-MD5 only', () => {
    const password = 'twenty-bytes-passwrd';
    const quirky = login({ password, quirks: ['intel20'] });
    expect(quirky.username.length).toBe(16);
    const [md5, sha1] = [suites.get(8), suites.get(3)];
    if (!md5 || !sha1) throw new Error('no such suite');
    expect(passwordFor(quirky, md5).length).toBe(16);
    expect(passwordFor(quirky, sha1).length).toBe(20);
    expect(passwordFor(login({ password }), md5).length).toBe(20);
  });

  it('each quirk changes something', () => {
    const plain = JSON.stringify(login({}).quirks);
    for (const name of Object.keys(quirkNames) as QuirkName[])
      expect(JSON.stringify(login({ quirks: [name] }).quirks)).not.toBe(plain);
  });
});
