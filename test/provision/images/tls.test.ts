import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeIso } from '../../pxe/iso/make-iso.ts';
import { needTools } from '../../support/need.ts';
import { startLoopbackProxy } from './loopback-proxy.ts';
import { cut, honest, startMirror, status } from './mirror.ts';
import type { TlsDownload } from './tls-process.ts';

const canRun = needTools({ tool: 'xorrisofs', package: 'xorriso' }, { tool: 'openssl', package: 'openssl' });
const root = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'rackwright-image-tls-'));
const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
let iso = Buffer.alloc(0);
beforeAll(() => {
  if (!canRun) return;
  iso = Buffer.from(makeIso({ 'casper/vmlinuz': 'k', 'casper/initrd': 'i' }, '-R'));
  const names = 'subjectAltName=DNS:mirror.test,IP:127.0.0.1,IP:127.0.0.2';
  const kind = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-keyout',
    keyFile,
    '-out',
    certFile,
  ];
  execFileSync(
    'openssl',
    ['req', '-x509', '-days', '2', '-nodes', '-subj', '/CN=mirror', '-addext', names, ...kind],
    { stdio: 'ignore' },
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function download(downloads: readonly TlsDownload[]): Promise<readonly unknown[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'tls-process.ts'), folder, JSON.stringify(downloads)],
    { cwd: root, env: { ...process.env, NODE_EXTRA_CA_CERTS: certFile } },
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe.skipIf(!canRun)('a download over TLS', () => {
  it('is not led from https to http, and goes through a proxy as a tunnel to the right server', {
    timeout: 60_000,
  }, async () => {
    const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
    const plain = await startMirror('127.0.0.1', [honest(iso)]);
    const names: (string | false | null)[] = [];
    const noted =
      (next: ReturnType<typeof honest>): typeof next =>
      (request, response) => {
        names.push((request.socket as TLSSocket).servername);
        next(request, response);
      };
    const mirror = await startMirror(
      '127.0.0.1',
      [
        status(302, { location: `http://127.0.0.1:${plain.port}/disc.iso` }),
        noted(cut(iso, 5000)),
        noted(honest(iso)),
      ],
      tls,
    );
    const elsewhere = await startMirror('127.0.0.2', [noted(honest(iso))], tls);
    const [proxy, far] = [await startLoopbackProxy(), await startLoopbackProxy({ host: '127.0.0.2' })];
    const through = { url: `http://rack:Canary-proxy@127.0.0.1:${proxy.port}`, except: [] };
    const throughFar = { url: `http://127.0.0.1:${far.port}`, except: [] };
    try {
      const [downgrade, named, numbered, stranger] = await download([
        { url: `https://127.0.0.1:${mirror.port}/disc.iso` },
        { url: `https://mirror.test:${mirror.port}/disc.iso?Canary-query`, proxy: through },
        { url: `https://127.0.0.2:${elsewhere.port}/disc.iso`, proxy: throughFar },
        { url: `https://other.test:${mirror.port}/disc.iso`, proxy: through },
      ]);
      expect(downgrade).toMatchObject({
        status: 'Failed',
        cause: expect.stringContaining('redirects from https to http') as unknown,
      });
      expect(plain.asked).toEqual([]);

      expect([named, numbered]).toEqual([
        { status: 'Ready', size: iso.length },
        { status: 'Ready', size: iso.length },
      ]);
      // The proxy sees hosts and ports, and nothing of what is inside of the tunnel.
      const basic = `Basic ${Buffer.from('rack:Canary-proxy').toString('base64')}`;
      const tunnel = (host: string) => `CONNECT ${host}:${mirror.port} ${basic}`;
      expect(proxy.asked).toEqual([tunnel('mirror.test'), tunnel('mirror.test'), tunnel('other.test')]);
      expect(far.asked).toEqual([`CONNECT 127.0.0.2:${elsewhere.port}`]);
      expect(names).toEqual(['mirror.test', 'mirror.test', false]);

      expect(stranger).toMatchObject({
        status: 'Failed',
        cause: expect.stringContaining('certificate is not accepted') as unknown,
      });
      expect(JSON.stringify([downgrade, stranger])).not.toContain('Canary');
    } finally {
      for (const one of [plain, mirror, elsewhere, proxy, far]) await one.close();
    }
  });
});
