import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../../src/base/errors.ts';
import { systemAddresses } from '../../../src/provision/images/download/inside.ts';
import { createProxyChoice } from '../../../src/provision/images/download/proxy.ts';
import { makeIso } from '../../pxe/iso/make-iso.ts';
import { needTools } from '../../support/need.ts';
import { type LoopbackProxy, startLoopbackProxy } from './loopback-proxy.ts';
import { cut, honest, type Mirror, startMirror, status } from './mirror.ts';
import { openImages } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-proxy-'));
const ready = needTools({ tool: 'xorrisofs', package: 'xorriso' });
let iso = Buffer.alloc(0);
let mirror: Mirror;
let proxy: LoopbackProxy;
beforeAll(async () => {
  if (ready) iso = Buffer.from(makeIso({ 'casper/vmlinuz': 'k', 'casper/initrd': 'i' }, '-R'));
  mirror = await startMirror('127.0.0.1', []);
});
afterEach(async () => {
  mirror.asked.length = 0;
  await proxy?.close();
});
afterAll(async () => {
  await mirror.close();
  rmSync(folder, { recursive: true });
});

/** Nobody here knows a name that a person gave: the proxy has to. */
const addresses = {
  ...systemAddresses,
  resolve: (host: string) =>
    /^[\d.]+$/.test(host) ? systemAddresses.resolve(host) : Promise.reject(new Error('ENOTFOUND')),
};
const through = (user = '', except: readonly string[] = []) => ({
  url: `http://${user}127.0.0.1:${proxy.port}`,
  except,
});
const secret = 'Canary-proxy%40pass';
const basic = `Basic ${Buffer.from('rack:Canary-proxy@pass').toString('base64')}`;

describe.skipIf(!ready)('a download through a proxy', () => {
  it('names the whole URL, says who asks, and goes on after a loss of the connection', async () => {
    proxy = await startLoopbackProxy();
    mirror.behaviours = [cut(iso, 5000), honest(iso)];
    const images = openImages(folder, { addresses, proxy: through(`rack:${secret}@`) });
    const url = `http://mirror.test:${mirror.port}/disc.iso`;
    await images.service.add({ name: 'x', url });
    expect([...images.rows.values()]).toMatchObject([{ status: 'Ready', size: iso.length }]);
    expect(proxy.asked).toEqual([`GET ${url} ${basic}`, `GET ${url} ${basic}`]);
    expect(mirror.asked).toEqual(['GET /disc.iso', 'GET /disc.iso bytes=5000-']);
    await images.service.close();
  });

  it('is asked for directly where the settings or this machine are meant', async () => {
    proxy = await startLoopbackProxy();
    mirror.behaviours = [honest(iso)];
    for (const [host, except] of [
      ['127.0.0.1', []],
      ['disc.mirror.test', ['mirror.test']],
    ] as const) {
      const local = { ...addresses, resolve: () => systemAddresses.resolve('127.0.0.1') };
      const { service } = openImages(folder, { addresses: local, proxy: through('', except) });
      await service.add({ name: 'x', url: `http://${host}:${mirror.port}/disc.iso` });
      await service.close();
    }
    expect([proxy.asked, mirror.asked.length]).toEqual([[], 2]);
  });

  it('is not led to this machine: neither server nor proxy is asked', async () => {
    proxy = await startLoopbackProxy();
    const other = await startMirror('127.0.0.1', [honest(iso)]);
    mirror.behaviours = [status(302, { location: `http://127.0.0.1:${other.port}/disc.iso` })];
    const { service } = openImages(folder, { addresses, proxy: through() });
    await expect(
      service.add({ name: 'x', url: `http://mirror.test:${mirror.port}/disc.iso` }),
    ).rejects.toThrow('redirects to an address of this machine itself');
    expect([proxy.asked.length, other.asked]).toEqual([1, []]);
    await service.close();
    await other.close();
  });
});

it.each([
  ['http', 407, '', 'wants a user and a password (status 407)', 1],
  ['http', 407, 'rack:Canary-proxy@', 'does not accept the user and the password', 1],
  ['https', 407, '', 'wants a user and a password (status 407)', 1],
  ['https', 407, 'rack:Canary-proxy@', 'does not accept the user and the password', 1],
  ['https', 403, 'rack:Canary-proxy@', 'does not let us reach the server (status 403)', 1],
  ['https', 502, 'rack:Canary-proxy@', 'does not reach the server (status 502)', 3],
] as const)(
  'a proxy that answers %s with %i is told of, without its password',
  async (scheme, refuse, user, text, tries) => {
    proxy = await startLoopbackProxy({ refuse });
    const { service, rows, log } = openImages(folder, {
      addresses,
      proxy: through(user),
      limits: { firstRetries: 2 },
    });
    const outcome = await service
      .add({ name: 'x', url: `${scheme}://mirror.test/disc.iso` })
      .then(String, messageOf);
    expect(outcome).toContain(text);
    expect(proxy.asked.length).toBe(tries);
    expect(`${outcome}${JSON.stringify([...rows.values()])}${log.lines.join('')}`).not.toContain('Canary');
    await service.close();
  },
);

it('a proxy that is not there is told of', async () => {
  proxy = await startLoopbackProxy();
  const settings = through('rack:Canary-proxy@');
  await proxy.close();
  for (const scheme of ['http', 'https']) {
    const { service, log } = openImages(folder, { addresses, proxy: settings, limits: { firstRetries: 0 } });
    const outcome = await service
      .add({ name: 'x', url: `${scheme}://mirror.test/a.iso` })
      .then(String, messageOf);
    expect(outcome).toContain('ECONNREFUSED');
    expect(outcome + log.lines.join('')).not.toContain('Canary');
    await service.close();
  }
  proxy = await startLoopbackProxy();
});

it('a proxy that says nothing is given up', async () => {
  proxy = await startLoopbackProxy({ refuse: 0 });
  const { service } = openImages(folder, {
    addresses,
    proxy: through(),
    limits: { firstRetries: 0, silenceMs: 50 },
  });
  await expect(service.add({ name: 'x', url: 'https://mirror.test/a.iso' })).rejects.toThrow('no answer in');
  await service.close();
});

it.skipIf(!needTools({ tool: 'curl', package: 'curl' }))(
  'asks a proxy for the same as curl does',
  async () => {
    proxy = await startLoopbackProxy({ refuse: 403 });
    const curl = (url: string) =>
      promisify(execFile)('curl', ['-s', '-x', through(`rack:${secret}@`).url, url]).catch(() => undefined);
    const urls = [
      'http://mirror.test:81/a%20b.iso?x=1',
      'https://mirror.test/a.iso',
      'https://[2001:db8::1]:444/a.iso',
    ];
    for (const url of urls) {
      await curl(url);
      const { service } = openImages(folder, { addresses, proxy: through(`rack:${secret}@`) });
      await service.add({ name: 'x', url }).catch(() => undefined);
      await service.close();
    }
    expect(proxy.asked.length).toBe(6);
    expect(proxy.asked.filter((_, at) => at % 2 === 1)).toEqual(proxy.asked.filter((_, at) => at % 2 === 0));
  },
);

it('is chosen by host, never by what else a URL says', () => {
  const choice = createProxyChoice({
    url: 'http://u:50%@[2001:db8::9]',
    except: ['mirror.example', '.inner', '*.star', '192.0.2.7', '198.51.100.0/24', '2001:db8:1::/48'],
  });
  const asked = (url: string) => choice(new URL(url)) !== undefined;
  expect(choice(new URL('http://elsewhere.example/'))).toEqual({
    host: '2001:db8::9',
    port: 80,
    authorization: `Basic ${Buffer.from('u:50%').toString('base64')}`,
  });
  expect(
    [
      'http://mirror.example/',
      'https://a.MIRROR.example./x',
      'http://a.inner:8080/',
      'http://b.star/',
      'http://192.0.2.7/',
      'http://198.51.100.255/',
      'https://[2001:db8:1:ffff::1]/',
    ].map(asked),
  ).toEqual([false, false, false, false, false, false, false]);
  expect(
    [
      'http://notmirror.example/',
      'http://mirror.example.org/?mirror.example',
      'http://192.0.2.8/',
      'http://198.51.101.0/',
      'http://[2001:db8:2::1]/',
    ].map(asked),
  ).toEqual([true, true, true, true, true]);
  expect(createProxyChoice(undefined)(new URL('http://elsewhere.example/'))).toBeUndefined();
});
