import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../src/base/errors.ts';
import type { Uuid } from '../../src/base/uuid.ts';
import { judgeAnswer } from '../../src/provision/images/download/answer.ts';
import type { DownloadLimits } from '../../src/provision/images/download/limits.ts';
import { makeIso } from '../pxe/iso/make-iso.ts';
import { cases } from '../support/cases.ts';
import { needTools } from '../support/need.ts';
import {
  announce as announceFile,
  type Behaviour,
  cut as cutFile,
  honest as honestFile,
  status,
} from './images/mirror.ts';
import { openImages } from './images/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-download-'));
let iso = Buffer.alloc(0);
let server: Server;
let base = '';
/** What the server does, request by request; the last one stays. */
let behaviours: readonly Behaviour[] = [];
let ranges: (string | undefined)[] = [];

const ready = needTools({ tool: 'xorrisofs', package: 'xorriso' });
beforeAll(async () => {
  if (!ready) return;
  iso = Buffer.from(
    makeIso({ 'casper/vmlinuz': 'k', 'casper/initrd': 'i', filler: new Uint8Array(3_000_000).fill(7) }, '-R'),
  );
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    response.on('error', () => undefined);
    const behaviour = behaviours.length > 1 ? behaviours[0] : behaviours.at(-1);
    if (behaviours.length > 1) behaviours = behaviours.slice(1);
    behaviour?.(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  ranges = [];
  server?.closeAllConnections();
});
afterAll(async () => {
  server?.close();
  rmSync(folder, { recursive: true });
});

const announce = (request: IncomingMessage, response: ServerResponse): Buffer =>
  announceFile(iso, request, response);
const honest: Behaviour = (request, response) => honestFile(iso)(request, response);
const cut =
  (bytes: number, tag?: string): Behaviour =>
  (request, response) =>
    cutFile(iso, bytes, tag)(request, response);

const images = (limits: Partial<DownloadLimits> = {}, freeBytes: () => number = () => 1e12) =>
  openImages(folder, { limits, freeBytes });

async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await sleep(5);
}

describe.skipIf(!ready)('an ISO at an http URL', () => {
  it('is downloaded with progress, verified, served, and goes with its image', async () => {
    behaviours = [honest];
    const { service, rows, left, place, files } = images();
    const told: string[] = [];
    const checksum = createHash('sha256').update(iso).digest('hex');
    const uuid = await service.add({ name: 'x', url: `${base}/disc.iso`, checksum }, (done, total, stage) => {
      expect(total).toBe(iso.length);
      told.push(`${stage} ${done}`);
    });
    expect(rows.get(uuid)).toMatchObject({
      kind: 'iso',
      status: 'Ready',
      statusCause: undefined,
      url: `${base}/disc.iso`,
      checksum,
      size: iso.length,
      kernel: 'casper/vmlinuz',
    });
    expect(told).toContain(`downloading ${iso.length}`);
    expect(told.at(-1)).toBe(`reading ${iso.length}`);
    expect(left()).toEqual([`${uuid}.iso`]);
    expect(statSync(join(place, `${uuid}.iso`)).mode & 0o777).toBe(0o600);
    expect(statSync(place).mode & 0o777).toBe(0o700);

    const content = await service.content(await service.ready(uuid), 'casper/vmlinuz');
    const into = new Uint8Array(1);
    if (content?.kind !== 'bytes') throw new Error('no bytes');
    await content.bytes.read(into, 0);
    expect(String.fromCharCode(...into)).toBe('k');
    await content.bytes.close();

    await service.delete(uuid);
    expect(left()).toEqual([]);
    // Nobody holds the file open, so that its space is free.
    expect(files.size).toBe(0);
    await service.close();
  });

  it('goes on where each loss of the connection left it', async () => {
    behaviours = [cut(400_000), cut(700_000), status(503), cut(1), honest];
    const { service, rows, left } = images();
    const uuid = await service.add({ name: 'x', url: `${base}/disc.iso` });
    expect(rows.get(uuid)?.checksum).toBe(createHash('sha256').update(iso).digest('hex'));
    const begins = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]));
    expect(begins).toEqual([400_000, 1_100_000, 1_100_000, 1_100_001]);
    expect(left()).toEqual([`${uuid}.iso`]);
    await service.close();
  });

  it('goes on after a restart, and tells meanwhile how far it is', async () => {
    behaviours = [
      (request, response) => void response.write(announce(request, response).subarray(0, 1_000_000)),
      honest,
    ];
    const { service, rows, left, again } = images({ silenceMs: 60_000 });
    let done = 0;
    const added = service.add({ name: 'x', url: `${base}/disc.iso` }, (bytes) => (done = bytes));
    const outcome = added.then(String, messageOf);
    await until(() => done === 1_000_000);
    await service.close();
    expect(await outcome).toContain('goes on at its next start');
    const [uuid] = rows.keys();
    expect(rows.get(uuid as Uuid)).toMatchObject({ status: 'Importing' });
    expect(left()).toEqual([`${uuid}.json`, `${uuid}.part`]);

    const second = again().service;
    await second.resume();
    await until(() => rows.get(uuid as Uuid)?.status === 'Ready');
    // What was not flushed is fetched once more.
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=(?:9\d{5}|1000000)-$/) as unknown]);
    expect(rows.get(uuid as Uuid)?.checksum).toBe(createHash('sha256').update(iso).digest('hex'));
    expect(left()).toEqual([`${uuid}.iso`]);
    await second.close();
  });

  it('begins anew when the file is another one', async () => {
    const old = Buffer.from(iso).fill(1);
    behaviours = [
      (_, response) => {
        response.writeHead(200, { etag: '"old"', 'content-length': old.length });
        response.write(old.subarray(0, 500_000), () => response.socket?.end());
      },
      honest,
    ];
    const { service, rows } = images();
    const uuid = await service.add({ name: 'x', url: `${base}/disc.iso` });
    expect(rows.get(uuid)?.checksum).toBe(createHash('sha256').update(iso).digest('hex'));
    await service.close();
  });

  it('may be behind redirections and come without a length', async () => {
    behaviours = [
      status(302, { location: '/a?secret' }),
      status(307, { location: 'b' }),
      (_, response) => void response.writeHead(200).end(iso),
    ];
    const { service, rows } = images();
    const uuid = await service.add({ name: 'x', url: `${base}/latest`, kind: 'iso' });
    expect(rows.get(uuid)).toMatchObject({ status: 'Ready', size: iso.length, url: `${base}/latest` });
    await service.close();
  });

  it.each<[string, typeof behaviours, string, Partial<DownloadLimits>?, number?]>([
    ['is not there', [status(404)], 'status 404'],
    ['is not allowed', [status(403)], 'status 403'],
    ['has a broken server', [status(500)], '2 further tries'],
    ['redirects for ever', [status(302, { location: '/' })], 'more than 5 times'],
    ['redirects to a file', [status(302, { location: 'file:///etc/passwd' })], 'neither http nor https'],
    ['redirects nowhere', [status(302)], 'does not say where to'],
    ['is compressed', [status(200, { 'content-encoding': 'gzip' }, 'x')], 'compressed'],
    ['is too large', [honest], 'larger than', { maxBytes: 1000 }],
    ['finds no space', [honest], 'not space enough', {}, 1_000_000],
    ['is cut again and again', [cut(5000), cut(1)], '3 further tries'],
    [
      'changes all the time',
      [cut(5000, '"a"'), cut(5000, '"b"'), cut(5000, '"c"'), cut(5000, '"d"'), cut(5000, '"e"')],
      'again and again',
    ],
    [
      'has no validator and is cut',
      [
        (_, r) =>
          void r.writeHead(200, { 'content-length': 9000 }).write('x'.repeat(2000), () => r.socket?.end()),
      ],
      'again and again',
    ],
    ['is silent', [() => undefined], 'no answer'],
    [
      'falls silent',
      [(q, r) => void r.write(announce(q, r).subarray(0, 5000))],
      'silent',
      { silenceMs: 100, leastBytes: 1_000_000 },
    ],
    ['answers another part', [cut(5000), status(206, { 'content-range': 'bytes 1-9/10' })], 'another part'],
    [
      'contradicts itself',
      [cut(5000), status(206, { 'content-range': 'bytes 5000-9000/10' })],
      'contradicts itself',
    ],
    [
      'denies the rest',
      [
        cut(5000),
        status(416),
        cut(5000),
        status(416),
        cut(5000),
        status(416),
        cut(5000),
        status(416),
        status(416),
      ],
      'again and again',
    ],
    ['is no ISO', [status(200, {}, 'x'.repeat(100_000))], 'ISO'],
    [
      'never ends',
      [
        (_, response) => {
          const more = (): boolean =>
            response.destroyed || response.write(iso.subarray(0, 100_000), () => setImmediate(more));
          more();
        },
      ],
      'larger than',
      { maxBytes: 2_000_000 },
    ],
    [
      'comes too slowly',
      [
        (q, r) => {
          const rest = announce(q, r);
          let at = 0;
          const timer = setInterval(
            () => (r.destroyed ? clearInterval(timer) : r.write(rest.subarray(at, (at += 10)))),
            5,
          );
        },
      ],
      'sent only',
      { paceMs: 50, leastBytes: 1_000_000 },
    ],
  ])('that %s is Failed, says so and leaves no file', async (_, script, text, limits, free) => {
    behaviours = script;
    const { service, rows, left } = images(limits, () => free ?? 1e12);
    await expect(service.add({ name: 'x', url: `${base}/disc.iso` })).rejects.toThrow(text);
    const [row] = rows.values();
    expect(row).toMatchObject({ status: 'Failed', statusCause: expect.stringContaining(text) as unknown });
    expect(left()).toEqual([]);
    await service.close();
  });

  it('with another checksum than the one given is Failed and removed', async () => {
    behaviours = [honest];
    const { service, left } = images();
    const added = service.add({ name: 'x', url: `${base}/disc.iso`, checksum: 'a'.repeat(64) });
    await expect(added).rejects.toThrow('not the one given');
    expect(left()).toEqual([]);
    await service.close();
  });

  it('whose server cannot be reached is Failed soon', async () => {
    const { service, left } = images();
    await expect(service.add({ name: 'x', url: 'http://127.0.0.1:1/disc.iso' })).rejects.toThrow(
      'ECONNREFUSED',
    );
    expect(left()).toEqual([]);
    await service.close();
  });

  it('can be deleted in the middle of its download', async () => {
    behaviours = [
      (request, response) => void response.write(announce(request, response).subarray(0, 200_000)),
    ];
    const { service, rows, left } = images({ silenceMs: 60_000 });
    let done = 0;
    const added = service.add({ name: 'x', url: `${base}/disc.iso` }, (bytes) => (done = bytes));
    const outcome = added.then(String, messageOf);
    await until(() => done > 0);
    const [uuid] = rows.keys();
    await service.delete(uuid as Uuid);
    expect(await outcome).toContain('deleted during its import');
    expect([rows.size, left()]).toEqual([0, []]);
    await service.close();
  });

  it('shares the space with those that are fetched beside it', async () => {
    behaviours = [
      (request, response) => void response.write(announce(request, response).subarray(0, 100_000)),
      honest,
    ];
    const { service, rows } = images({ silenceMs: 60_000 }, () => iso.length + 1000);
    let done = 0;
    const first = service.add({ name: 'x', url: `${base}/disc.iso` }, (bytes) => (done = bytes));
    await until(() => done > 0);
    await expect(service.add({ name: 'y', url: `${base}/disc.iso` })).rejects.toThrow('for other downloads');
    const [uuid] = rows.keys();
    const outcome = first.then(String, messageOf);
    await service.delete(uuid as Uuid);
    expect(await outcome).toContain('deleted');
    await service.close();
  });

  it('leaves nothing behind that belongs to no image', async () => {
    const { service, left, place } = images();
    mkdirSync(place);
    const uuid = 'b'.repeat(32);
    for (const name of [`${uuid}.part`, `${uuid}.json`, `${uuid}.iso`, 'notes.txt'])
      writeFileSync(join(place, name), 'x');
    await service.resume();
    expect(left()).toEqual(['notes.txt']);
    await service.close();
  });
});

it('takes only what continues what is there, whatever a server answers', () => {
  const header = (...values: string[]) =>
    fc.option(fc.oneof(fc.constantFrom(...values), fc.string()), { nil: undefined });
  const answers = fc.record({
    status: fc.constantFrom(200, 206, 301, 304, 404, 416, 429, 500),
    headers: fc.record({
      etag: header('"a"', '"b"', 'W/"a"'),
      'content-range': header(
        'bytes 5-9/10',
        'bytes 5-8/10',
        'bytes 0-9/10',
        'bytes 5-9/*',
        'bytes */5',
        'bytes 5-11/12',
      ),
      'content-length': header('5', '10', '-1', '1e3'),
      'content-encoding': header('gzip', 'identity'),
      'last-modified': header('Mon, 01 Jan 2024 00:00:00 GMT'),
      date: header('Mon, 01 Jan 2024 00:00:00 GMT', 'Tue, 02 Jan 2024 00:00:00 GMT'),
      location: header('/x'),
    }),
  });
  const version = fc.record({
    validator: fc.constantFrom('"a"', undefined),
    total: fc.constantFrom(10, 5, undefined),
  });
  fc.assert(
    fc.property(answers, fc.constantFrom(0, 5), version, (answer, have, known) => {
      const verdict = judgeAnswer(answer, have, have === 0 ? undefined : known);
      if (verdict.kind === 'complete') expect([answer.status, have]).toEqual([416, 5]);
      if (verdict.kind !== 'take') return;
      expect([0, have]).toContain(verdict.from);
      expect(verdict.from).toBe(answer.status === 206 ? have : 0);
      const { etag: tag, 'content-encoding': encoding } = answer.headers;
      expect(encoding?.trim() ?? 'identity').toBe('identity');
      // A part of another version is never put behind ours.
      if (verdict.from > 0 && tag !== undefined && /^"[ab]"$/.test(tag)) expect(tag).toBe(known.validator);
      if (verdict.from > 0 && known.total !== undefined) expect(verdict.version.total).toBe(known.total);
    }),
    { numRuns: cases(100_000) },
  );
});
