import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/base/clock.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { type ApiWorld, adminPassword, openApi } from '../support/api-world.ts';
import { needTools } from '../support/need.ts';

const run = promisify(execFile);
const canRun = needTools({ tool: 'openssl', package: 'openssl' }, { tool: 'curl', package: 'curl' });

describe.skipIf(!canRun)('an API with a certificate', () => {
  let folder: string;
  let world: ApiWorld | undefined;
  const file = (name: string): string => join(folder, name);

  const makePair = (name: string, ...more: string[]): void => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', file(`${name}.key`)];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
    const lock = more.length > 0 ? more : ['-nodes'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-days', '2', ...key, '-out', file(`${name}.pem`), ...subject, ...lock],
      {
        stdio: 'pipe',
      },
    );
    chmodSync(file(`${name}.key`), 0o600);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rackwright-tls-'));
    makePair('api');
    makePair('other');
    makePair('locked', '-passout', 'pass:Secret-4711');
    writeFileSync(file('empty'), '', { mode: 0o600 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    await world?.close();
    world = undefined;
  });

  const pair = () => ({ certificateFile: file('api.pem'), keyFile: file('api.key') });
  const open = async (): Promise<ApiWorld> => {
    world = await openApi({ tls: pair() }, systemClock, {
      streams: {
        'usb-redirect': async () => ({
          stream: new PassThrough(),
          accountUuid: undefined,
          resourceType: 'VmInstanceVO',
          resourceUuid: 'ab'.repeat(16),
        }),
      },
    });
    return world;
  };
  const curl = async (...args: string[]): Promise<string> =>
    (await run('curl', ['-sS', '--max-time', '10', ...args])).stdout;

  it('is fetched by curl with --cacert, and not without', async () => {
    const { api } = await open();
    expect(api.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await curl('--cacert', file('api.pem'), `${api.url}/health`)).toContain('"ok":true');
    await expect(curl(`${api.url}/health`)).rejects.toMatchObject({ code: 60 });
  });

  it('names jobs by https, and curl follows the name to the result', async () => {
    const { api, authorization } = await open();
    const header = `Authorization: ${authorization}`;
    const body = JSON.stringify({ params: { name: 'east' } });
    const accepted = await curl('--cacert', file('api.pem'), '-H', header, '-d', body, `${api.url}/v1/zones`);
    const { location } = JSON.parse(accepted) as { location: string };
    expect(location.startsWith(`${api.url}/v1/api-jobs/`)).toBe(true);
    await expect.poll(() => curl('--cacert', file('api.pem'), location)).toContain('"name":"east"');
  });

  it('refuses TLS 1.1 and speaks 1.2', async () => {
    const { api } = await open();
    const version = async (max: 'TLSv1.1' | 'TLSv1.2'): Promise<string | null> => {
      const socket: TLSSocket = connectTls({
        port: api.port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        minVersion: 'TLSv1',
        maxVersion: max,
        // Else our own OpenSSL would refuse the old version first.
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      try {
        await once(socket, 'secureConnect');
        return socket.getProtocol();
      } catch {
        return null;
      } finally {
        socket.destroy();
      }
    };
    expect(await version('TLSv1.1')).toBeNull();
    expect(await version('TLSv1.2')).toBe('TLSv1.2');
  });

  it('survives plain HTTP on its port', async () => {
    const { api } = await open();
    const socket = connectTcp(api.port, '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    socket.on('error', () => {});
    await once(socket, 'close');
    expect(await curl('--cacert', file('api.pem'), `${api.url}/health`)).toContain('"ok":true');
  });

  it('carries WebSockets, for pages of its own https origin', async () => {
    const { api } = await open();
    const ca = readFileSync(file('api.pem'));
    const url = `${api.url.replace('https', 'wss')}/v1/usb-redirect/${'0'.repeat(64)}`;
    const socket = new WebSocket(url, { ca, origin: api.url });
    await once(socket, 'open');
    socket.send(Buffer.from('over TLS'));
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('over TLS');
    const plain = new WebSocket(url, { ca, origin: api.url.replace('https', 'http') });
    const [, response] = (await once(plain, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(403);
    plain.on('error', () => {});
    plain.terminate();
    socket.close();
    await once(socket, 'close');
  });

  it('answers a request in work when it stops, and drops idle connections at once', async () => {
    const { api } = await open();
    const ca = readFileSync(file('api.pem'));
    const dial = (): TLSSocket => connectTls({ port: api.port, host: '127.0.0.1', ca });
    const [idle, busy] = [dial(), dial()];
    await Promise.all([once(idle, 'secureConnect'), once(busy, 'secureConnect')]);
    let answer = '';
    busy.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    const body = JSON.stringify({ logInByAccount: { accountName: 'admin', password: adminPassword } });
    const head = `PUT /v1/accounts/login HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n`;
    busy.write(`${head}Expect: 100-continue\r\n\r\n`);
    await expect.poll(() => answer).toContain('100 Continue');
    const closed = api.close();
    await once(idle.resume(), 'close');
    busy.write(body);
    await once(busy, 'close');
    await closed;
    expect(answer).toContain('"accountUuid"');
  });

  it.each([
    [
      'a certificate that is not there',
      () => ({ ...pair(), certificateFile: file('nix.pem') }),
      'cannot be read (ENOENT)',
    ],
    ['no key', () => ({ certificateFile: file('api.pem') }), 'api.tls.keyFile: is needed'],
    ['no certificate', () => ({ keyFile: file('api.key') }), 'api.tls.certificateFile: is needed'],
    [
      'the key of another',
      () => ({ ...pair(), keyFile: file('other.key') }),
      'is not the key of the first certificate',
    ],
    ['an empty key', () => ({ ...pair(), keyFile: file('empty') }), 'has no private key in PEM form'],
    [
      'a key with a passphrase',
      () => ({ ...pair(), keyFile: file('locked.key') }),
      'is locked with a passphrase',
    ],
    [
      'a key as certificate',
      () => ({ ...pair(), certificateFile: file('api.key') }),
      'has no certificate in PEM form',
    ],
  ])('does not start with %s', async (_what, tls, text) => {
    await expect(openApi({ tls: tls() })).rejects.toMatchObject({
      code: 'bad-option',
      message: expect.stringContaining(text) as string,
    });
  });

  it('does not start with a key that others may read', async () => {
    chmodSync(file('other.key'), 0o640);
    const tls = { certificateFile: file('other.pem'), keyFile: file('other.key') };
    await expect(openApi({ tls })).rejects.toThrow(/mode 0640\): run chmod 600/);
  });
});

it('certificate and key come together in the configuration', () => {
  const tls = { certificateFile: '/etc/rackwright/api.pem' };
  expect(() => loadConfig({ env: {}, overrides: { api: { tls } } })).toThrow(ConfigError);
  expect(() => loadConfig({ env: {}, overrides: { api: { tls } } })).toThrow(/come together or not at all/);
  const both = { ...tls, keyFile: '/etc/rackwright/api.key' };
  expect(loadConfig({ env: {}, overrides: { api: { tls: both } } }).api.tls).toEqual(both);
  expect(loadConfig({ env: {} }).api.tls).toEqual({});
});
