import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeIso } from '../pxe/iso/make-iso.ts';
import type { ImageLine as Line } from '../provision/image-process.ts';
import { needTools } from '../support/need.ts';

/** A Rackwright that dies by SIGKILL while it downloads, over TLS with a certificate that it was told to trust. */
const canRun = needTools({ tool: 'xorrisofs', package: 'xorriso' }, { tool: 'openssl', package: 'openssl' });
const root = join(import.meta.dirname, '..', '..');
const script = join(root, 'test/provision/image-process.ts');
const folder = mkdtempSync(join(tmpdir(), 'image-download-'));
const children: ChildProcess[] = [];
const uuid = 'c'.repeat(32);
let iso = Buffer.alloc(0);
let server: Server;
let url = '';
let ranges: (string | undefined)[] = [];

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  ranges.push(request.headers.range);
  const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(first > 0 ? 206 : 200, {
    etag: '"disc"',
    'content-length': iso.length - first,
    ...(first > 0 ? { 'content-range': `bytes ${first}-${iso.length - 1}/${iso.length}` } : {}),
  });
  // Slowly, so that there is a middle to die in.
  for (let at = first; at < iso.length && !response.destroyed; at += 50_000) {
    response.write(iso.subarray(at, at + 50_000));
    await sleep(5);
  }
  response.end();
}

beforeAll(async () => {
  if (!canRun) return;
  const image = makeIso(
    { 'casper/vmlinuz': 'k', 'casper/initrd': 'i', filler: new Uint8Array(6_000_000) },
    '-R',
  );
  iso = Buffer.from(image);
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = '-subj /CN=mirror -addext subjectAltName=IP:127.0.0.1 -days 1 -nodes'.split(' ');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  server = createHttps({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    response.on('error', () => undefined);
    void serve(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/disc.iso`;
});
afterAll(() => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the images until the image stands, or kills them at the first line that fits. */
async function run(
  data: string,
  args: readonly string[],
  die?: (line: Line) => boolean,
  trusted = true,
): Promise<Line | undefined> {
  const env = { ...process.env, ...(trusted ? { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') } : {}) };
  const child = spawn(process.execPath, ['--import', 'tsx', script, data, uuid, ...args], { cwd: root, env });
  children.push(child);
  const gone = once(child, 'exit');
  child.stderr.on('data', (text: Buffer) => process.stderr.write(text));
  let end: Line | undefined;
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if (line.kind === 'end') end = line;
    if (die?.(line) === true) child.kill('SIGKILL');
  });
  await gone;
  return end;
}

function dataDirectory(name: string): string {
  const data = join(folder, name);
  mkdirSync(data);
  return data;
}

describe.skipIf(!canRun)('a download over TLS', () => {
  it('goes on after each SIGKILL and ends with the right bytes and no other file', {
    timeout: 60_000,
  }, async () => {
    const data = dataDirectory('killed');
    ranges = [];
    await run(data, [url], ({ done = 0 }) => done > 2_000_000);
    expect(readdirSync(join(data, 'images')).toSorted()).toEqual([`${uuid}.json`, `${uuid}.part`]);
    // Nobody is told progress after a restart, so the second death comes by the clock of the server.
    const second = run(data, [], undefined);
    await expect.poll(() => ranges.length, { timeout: 20_000 }).toBe(2);
    await sleep(100);
    children.at(-1)?.kill('SIGKILL');
    expect(await second).toBeUndefined();
    const end = await run(data, []);
    expect(end?.image).toMatchObject({
      status: 'Ready',
      checksum: createHash('sha256').update(iso).digest('hex'),
      size: iso.length,
    });
    const begins = ranges.map((range) => Number(/\d+/.exec(range ?? '')?.[0] ?? 0));
    expect(begins.length).toBe(3);
    expect(begins[1]).toBeGreaterThan(1_500_000);
    expect(begins[2]).toBeGreaterThanOrEqual(begins[1] ?? 0);
    expect(readdirSync(join(data, 'images'))).toEqual([`${uuid}.iso`]);
  });

  it('is refused when nobody vouches for the certificate', { timeout: 30_000 }, async () => {
    const data = dataDirectory('refused');
    const end = await run(data, [url], undefined, false);
    expect(end?.image).toMatchObject({
      status: 'Failed',
      statusCause: expect.stringContaining('certificate is not accepted') as unknown,
    });
    expect(readdirSync(join(data, 'images'))).toEqual([]);
  });
});
