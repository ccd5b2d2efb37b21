import { expect, it } from 'vitest';
import { findHop, type Roads } from '../../../src/provision/images/download/hop.ts';
import { systemAddresses } from '../../../src/provision/images/download/inside.ts';

const direct: Roads = { addresses: systemAddresses, proxyFor: () => undefined };
const proxy = { host: '192.0.2.1', port: 3128, authorization: undefined };
const proxied: Roads = { addresses: systemAddresses, proxyFor: () => proxy };

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
])('takes %s for this machine or its links, which is never asked through a proxy', async (url) => {
  expect(await findHop(new URL(url), false, direct)).toMatchObject({ isInside: true });
  for (const isGiven of [true, false])
    expect(await findHop(new URL(url), isGiven, proxied)).toMatchObject({ isInside: true, proxy: undefined });
});

it.each(['http://192.0.2.1/a.iso', 'http://[2001:db8::1]/'])('takes %s for elsewhere', async (url) => {
  expect(await findHop(new URL(url), false, direct)).toMatchObject({ isInside: false, proxy: undefined });
  expect(await findHop(new URL(url), true, proxied)).toMatchObject({ isInside: false, proxy });
});

it('asks nobody for a name that a person gave and a proxy knows', async () => {
  const asked: string[] = [];
  const addresses = {
    ...systemAddresses,
    resolve: async (host: string) => {
      asked.push(host);
      throw new Error('nobody here knows names');
    },
  };
  const url = new URL('https://mirror.test/');
  expect(await findHop(url, true, { ...proxied, addresses })).toMatchObject({ isInside: false, proxy });
  expect(asked).toEqual([]);
  // One that a server names could lead here, so it is asked for; not known here, it is the proxy's to find.
  expect(await findHop(url, false, { ...proxied, addresses })).toMatchObject({ isInside: false, proxy });
  expect(asked).toEqual(['mirror.test']);
  await expect(findHop(url, true, { ...direct, addresses })).rejects.toThrow('nobody here knows');
});
