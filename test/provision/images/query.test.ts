import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../../src/base/errors.ts';
import type { Uuid } from '../../../src/base/uuid.ts';
import type { InstallImage } from '../../../src/provision/images/model.ts';
import { makeIso } from '../../pxe/iso/make-iso.ts';
import { needTools } from '../../support/need.ts';
import { pathsIn } from '../../support/records.ts';
import { storeIn, temporaryDirectory } from '../../support/store.ts';
import { type Behaviour, announce, cut, honest, type Mirror, startMirror, status } from './mirror.ts';
import { openImages } from './world.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-query-'));
const ready = needTools({ tool: 'xorrisofs', package: 'xorriso' });
const query = 'expires=1&signature=Canary%2Fsigned';
let iso = Buffer.alloc(0);
let mirror: Mirror;
beforeAll(async () => {
  if (ready) iso = Buffer.from(makeIso({ 'casper/vmlinuz': 'k', 'casper/initrd': 'i' }, '-R'));
  mirror = await startMirror('127.0.0.1', []);
});
afterEach(() => {
  mirror.asked.length = 0;
});
afterAll(async () => {
  await mirror.close();
  rmSync(folder, { recursive: true });
});
const url = () => `http://127.0.0.1:${mirror.port}/get/?${query}`;

describe.skipIf(!ready)('a signed URL', () => {
  it('is asked for with its query each time, which is forgotten when the file is there', async () => {
    mirror.behaviours = [cut(iso, 5000), honest(iso)];
    const { service, rows, place } = openImages(folder);
    const added = service.add({ name: 'x', url: url(), kind: 'iso' });
    await expect.poll(() => mirror.asked.length, { interval: 2 }).toBeGreaterThan(0);
    expect([...rows.values()]).toMatchObject([{ status: 'Importing', secretQuery: query }]);
    const uuid = await added;
    expect(mirror.asked).toEqual([`GET /get/?${query}`, `GET /get/?${query} bytes=5000-`]);
    const shown = url().split('?')[0];
    expect(rows.get(uuid)).toMatchObject({ status: 'Ready', url: shown, secretQuery: undefined });
    expect(readdirSync(place)).toEqual([`${uuid}.iso`]);
    await service.close();
  });

  it('goes on after a restart, and its query lies in no file of the download', async () => {
    mirror.behaviours = [
      (request, response) => void response.write(announce(iso, request, response).subarray(0, 200_000)),
      honest(iso),
    ];
    const { service, rows, place, again } = openImages(folder, {
      limits: { silenceMs: 60_000, flushBytes: 1 },
    });
    let done = 0;
    const outcome = service
      .add({ name: 'x', url: url(), kind: 'iso' }, (bytes) => (done = bytes))
      .then(String, messageOf);
    await expect.poll(() => done, { interval: 2 }).toBe(200_000);
    await service.close();
    expect(await outcome).toContain('goes on at its next start');
    const [uuid] = rows.keys();
    const note = readFileSync(join(place, `${uuid}.json`), 'utf8');
    expect(note).toContain('/get/');
    expect(note).not.toContain('Canary');
    const second = again().service;
    await second.resume();
    while (rows.get(uuid as Uuid)?.status === 'Importing')
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(rows.get(uuid as Uuid)).toMatchObject({ status: 'Ready', secretQuery: undefined });
    expect(mirror.asked.at(-1)).toBe(`GET /get/?${query} bytes=200000-`);
    await second.close();
  });

  it('keeps its query from the server that it is redirected to', async () => {
    const other = await startMirror('127.0.0.1', [honest(iso)]);
    mirror.behaviours = [status(302, { location: `http://127.0.0.1:${other.port}/b` })];
    const { service } = openImages(folder);
    await service.add({ name: 'x', url: url(), kind: 'iso' });
    expect(other.asked).toEqual(['GET /b']);
    await service.close();
    await other.close();
  });
});

it.each<[string, readonly Behaviour[]]>([
  ['is not there', [status(404)]],
  ['is refused', [status(403, {}, query)]],
  ['has a broken server', [status(500)]],
  ['redirects to rubbish', [status(302, { location: `ftp://x/?${query}` })]],
  ['redirects for ever', [status(302, { location: `/?${query}` })]],
  ['breaks off', [(request) => void request.socket.destroy()]],
  ['is silent', [() => undefined]],
  ['is no HTTP', [(request) => void request.socket.end(`${query}\r\n\r\n`)]],
  ['is no ISO', [status(200, {}, 'x'.repeat(100_000))]],
])('no text has the query of a signed URL that %s', async (_, behaviours) => {
  mirror.behaviours = behaviours;
  const { service, rows, log } = openImages(folder, { limits: { silenceMs: 50, firstRetries: 1 } });
  const told: string[] = [];
  const outcome = await service
    .add({ name: 'x', url: url(), kind: 'iso' }, (...progress) => told.push(progress.join(' ')))
    .then(String, messageOf);
  expect([...rows.values()]).toMatchObject([{ status: 'Failed', secretQuery: undefined }]);
  expect(mirror.asked[0]).toContain('Canary');
  const texts = `${outcome}${JSON.stringify([...rows.values()])}${log.lines.join('')}${told.join('')}`;
  expect(texts).not.toContain('Canary');
  expect(log.lines.length).toBeGreaterThan(0);
  await service.close();
});

it.each([
  ['http://mirror.test/tree?Canary', undefined, 'of a mirror must not have a query'],
  ['http://mirror.test/a.iso?Canary', 'redirect', 'of a mirror must not have a query'],
  ['file:///srv/a.iso?Canary', undefined, 'write %3F'],
  ['https://mirror.test/a.iso#Canary', undefined, 'fragment'],
  ['https://rack:Canary@mirror.test/a.iso', undefined, 'user or a password'],
])('%s of kind %s is refused in words that do not repeat it', async (given, kind, text) => {
  const { service, rows } = openImages(folder);
  const outcome = await service
    .add({ name: 'x', url: given, ...(kind === undefined ? {} : { kind }) })
    .then(String, messageOf);
  expect(outcome).toContain(text);
  expect(outcome).not.toContain('Canary');
  expect(rows.size).toBe(0);
});

it('lies sealed in the database while it is needed', async () => {
  const image: InstallImage = {
    uuid: 'a'.repeat(32) as Uuid,
    name: 'disc',
    description: undefined,
    kind: 'iso',
    url: 'https://mirror.test/disc.iso',
    secretQuery: query,
    checksum: undefined,
    size: undefined,
    status: 'Importing',
    statusCause: undefined,
    kernel: undefined,
    initrd: undefined,
    kernelArguments: [],
    createDate: 1,
    lastOpDate: 1,
  };
  const directory = temporaryDirectory();
  const store = await storeIn(directory);
  await store.provision.saveImage(image);
  expect(await store.provision.getImage(image.uuid)).toEqual(image);
  expect(await store.provision.listImages()).toEqual([image]);
  const plain = { ...image, uuid: 'b'.repeat(32) as Uuid, secretQuery: undefined };
  await store.provision.saveImage(plain);
  expect(await store.provision.getImage(plain.uuid)).toEqual(plain);
  await store.close();
  const { path, keyPath } = pathsIn(directory);
  expect(readFileSync(path).includes('mirror.test')).toBe(true);
  for (const name of readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))) {
    const bytes = readFileSync(name);
    expect([name, bytes.includes('Canary')]).toEqual([name, false]);
  }
  // Without its key the query is lost, and a new key must not be made over it.
  rmSync(keyPath);
  await expect(storeIn(directory)).rejects.toThrow('is missing, and the passwords');
});
