import { expect, it } from 'vitest';
import { leadsInside } from '../../src/provision/images/download/inside.ts';

it.each([
  'http://127.0.0.1/a.iso',
  'http://127.9.9.9:8080/',
  'http://2130706433/',
  'http://localhost/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://169.254.169.254/latest',
  'http://[fe80::1]/',
  'http://0.0.0.0/',
])('takes %s for this machine or its links', async (url) => {
  expect(await leadsInside(new URL(url))).toBe(true);
});

it.each(['http://192.0.2.1/a.iso', 'http://[2001:db8::1]/', 'http://no-such-host.invalid/'])(
  'takes %s for elsewhere',
  async (url) => {
    expect(await leadsInside(new URL(url))).toBe(false);
  },
);
