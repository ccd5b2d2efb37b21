import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { PxeError } from '../../../src/pxe/errors.ts';
import type { BootResource } from '../../../src/pxe/ports.ts';
import { liveHttp, rawConnection, recordedText, token } from '../../support/boot-http.ts';
import { pattern, until } from '../../support/tftp-peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-http-'));
const path = join(folder, 'kernel');
const content = pattern(3_000_000);
writeFileSync(path, content);
const file: BootResource = { kind: 'file', path, contentType: 'application/octet-stream' };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function live(...args: Parameters<typeof liveHttp>) {
  const http = await liveHttp(...args);
  open.push(http.server);
  return http;
}

const get = (artefact: string, more = ''): string =>
  `GET /boot/${token}/${artefact} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

describe('files', () => {
  it('stream whole, with progress that grows to done', async () => {
    const { artefact, events } = await live({ kernel: file });
    const reply = await fetch(artefact('kernel'));
    expect(Buffer.from(await reply.arrayBuffer()).equals(content)).toBe(true);
    await until(() => events.at(-1)?.phase === 'done');
    expect(events[0]).toEqual({
      kind: 'http',
      phase: 'start',
      client: '127.0.0.1',
      token,
      artefact: 'kernel',
      bytes: 0,
      total: 3_000_000,
    });
    const progress = events.filter((e) => e.phase === 'progress').map((e) => e.bytes);
    expect(progress.length).toBeGreaterThan(3);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(events.at(-1)).toMatchObject({ phase: 'done', bytes: 3_000_000 });
    expect(events.filter((e) => e.phase === 'done').length).toBe(1);
  });

  it('answer HEAD, 304, 206 and 416, and a part from the middle is not done', async () => {
    const { artefact, events } = await live({ kernel: file });
    const head = await fetch(artefact('kernel'), { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe('3000000');
    const etag = head.headers.get('etag')!;
    expect((await fetch(artefact('kernel'), { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect(events).toEqual([]);

    const part = await fetch(artefact('kernel'), { headers: { range: 'bytes=10-19', 'if-range': etag } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 10-19/3000000');
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(content.slice(10, 20));
    const stale = await fetch(artefact('kernel'), {
      headers: { range: 'bytes=10-19', 'if-range': '"other"' },
    });
    expect(stale.status).toBe(200);
    await stale.body?.cancel();
    const past = await fetch(artefact('kernel'), { headers: { range: 'bytes=3000000-' } });
    expect(past.status).toBe(416);
    expect(past.headers.get('content-range')).toBe('bytes */3000000');
    await past.text();
    const tail = await fetch(artefact('kernel'), { headers: { range: 'bytes=-5' } });
    expect((await tail.arrayBuffer()).byteLength).toBe(5);
    await until(() => events.some((e) => e.phase === 'done'));
    const parts = events.filter((e) => e.bytes === 20 || e.bytes > 2_999_990);
    expect(parts.map((e) => [e.phase, e.bytes])).toEqual([
      ['start', 2_999_995],
      ['done', 3_000_000],
    ]);
  });

  it('of no bytes are done at once', async () => {
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    const { artefact, events } = await live({ initrd: { ...file, path: empty } });
    expect(await (await fetch(artefact('initrd'))).text()).toBe('');
    await until(() => events.at(-1)?.phase === 'done');
  });

  it('that are missing give 503 with a text and no path, and a failed event', async () => {
    const { artefact, events, logged } = await live({ kernel: { ...file, path: join(folder, 'nothere') } });
    const reply = await fetch(artefact('kernel'));
    expect(reply.status).toBe(503);
    expect(await reply.text()).not.toContain(folder);
    expect(logged.join()).toContain(join(folder, 'nothere'));
    expect(events).toMatchObject([
      { phase: 'failed', total: 0, reason: expect.stringContaining('cannot be read') as unknown },
    ]);
  });

  it('that shrink while they are sent break off instead of ending short', async () => {
    const shrinking = join(folder, 'shrinking');
    writeFileSync(shrinking, pattern(20_000_000));
    const { server, events } = await live({ kernel: { ...file, path: shrinking } });
    const client = await rawConnection(server.port);
    client.socket.pause();
    client.socket.write(get('kernel'));
    await until(() => events.some((e) => e.phase === 'start'));
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    truncateSync(shrinking, 100);
    client.socket.resume();
    await until(() => events.some((e) => e.phase === 'failed'));
    expect(events.at(-1)?.reason).toContain('shorter');
    client.socket.destroy();
  });

  it('to a reader that stops are cut after the idle time, and memory does not grow with the file', async () => {
    const large = join(folder, 'large');
    writeFileSync(large, '');
    truncateSync(large, 2_000_000_000);
    const { server, events } = await live({ initrd: { ...file, path: large } }, { idleMs: 300 });
    const before = process.memoryUsage().rss;
    const client = await rawConnection(server.port);
    client.socket.pause();
    client.socket.write(get('initrd'));
    await until(() => events.some((e) => e.phase === 'failed'), 4000);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    expect(events.at(-1)?.bytes).toBeLessThan(50_000_000);
    client.socket.destroy();
  });
});

describe('texts', () => {
  it('are delivered when the client closes after the last byte', async () => {
    const { resource, ends } = recordedText('reboot\n');
    const { server, events } = await live({ 'ks.cfg': resource });
    const client = await rawConnection(server.port, get('ks.cfg'));
    await until(() => client.ended);
    expect(client.text).toMatch(/\r\n\r\nreboot\n$/);
    expect(ends).toEqual([]);
    client.socket.end();
    await until(() => ends.length > 0);
    expect(ends).toEqual(['delivered']);
    expect(events.map((e) => e.phase)).toEqual(['start', 'done']);
  });

  it.each(['Connection: close\r\n', 'Connection: keep-alive\r\n', ''])(
    'are delivered to a client that says %j',
    async (header) => {
      const { resource, ends } = recordedText('x');
      const { server } = await live({ 'ks.cfg': resource });
      const client = await rawConnection(server.port, get('ks.cfg', header));
      await until(() => client.ended);
      client.socket.end();
      await until(() => ends.length > 0);
      expect(ends).toEqual(['delivered']);
    },
  );

  it('are broken when the client resets in the middle', async () => {
    const { resource, ends } = recordedText('x'.repeat(20_000_000));
    const { server, events } = await live({ 'ks.cfg': resource });
    const client = await rawConnection(server.port, get('ks.cfg'));
    await until(() => client.text.length > 1000);
    client.socket.resetAndDestroy();
    await until(() => ends.length > 0);
    expect(ends).toEqual(['broken']);
    expect(events.at(-1)).toMatchObject({ phase: 'failed', bytes: 0 });
  });

  it('are broken when all bytes are with the kernel but the client resets without reading them', async () => {
    const { resource, ends } = recordedText('secret\n');
    const { server } = await live({ 'ks.cfg': resource });
    const client = await rawConnection(server.port);
    client.socket.pause();
    client.socket.write(get('ks.cfg'));
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    client.socket.resetAndDestroy();
    await until(() => ends.length > 0);
    expect(ends).toEqual(['broken']);
  });

  it('are broken when the client goes silent, as after a power cut', async () => {
    const { resource, ends } = recordedText('x');
    const { server } = await live({ 'ks.cfg': resource }, { closeWaitMs: 200 });
    const client = await rawConnection(server.port, get('ks.cfg'));
    await until(() => ends.length > 0);
    expect(ends).toEqual(['broken']);
    client.socket.destroy();
  });

  it('are broken when the client left while the text was made', async () => {
    const { resource, ends } = recordedText('x');
    let make: (resource: BootResource) => void = () => {};
    const made = new Promise<BootResource>((resolve) => {
      make = resolve;
    });
    const { server, asked } = await live({ 'ks.cfg': () => made });
    const client = await rawConnection(server.port, get('ks.cfg'));
    await until(() => asked.length > 0);
    client.socket.resetAndDestroy();
    await client.closed;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    make(resource);
    await until(() => ends.length > 0);
    expect(ends).toEqual(['broken']);
  });

  it('are not consumed by HEAD, nor by a second request sent in one go', async () => {
    const { resource, ends } = recordedText('x');
    const { server, artefact, asked } = await live({ 'ks.cfg': resource });
    const head = await fetch(artefact('ks.cfg'), { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('1');
    await until(() => ends.length === 1);
    const client = await rawConnection(server.port, get('ks.cfg') + get('ks.cfg'));
    await until(() => client.ended);
    client.socket.end();
    await client.closed;
    await until(() => ends.length === 2);
    expect(ends).toEqual(['broken', 'delivered']);
    expect(asked.length).toBe(2);
    expect(client.text.match(/HTTP\/1.1 200/g)?.length).toBe(1);
  });
});

describe('refusals and reports', () => {
  it('say why, in the answer, the log and an event', async () => {
    const { artefact, events, logged } = await live({
      'ks.cfg': { kind: 'refused', status: 410, reason: 'this kickstart was read already' },
    });
    const reply = await fetch(artefact('ks.cfg'));
    expect([reply.status, await reply.text()]).toEqual([410, 'this kickstart was read already\n']);
    expect(logged.join('\n')).toContain('read already');
    expect(events).toMatchObject([
      { phase: 'failed', bytes: 0, total: 0, reason: 'this kickstart was read already' },
    ]);
  });

  it('give 404 without asking the content for odd paths, and 405 for other verbs', async () => {
    const { url, asked, artefact } = await live({ kernel: file });
    for (const odd of [
      '/',
      '/boot/xyz/kernel',
      `/boot/${token}/%2e%2e`,
      `/boot/${token}/a/b`,
      '/loader/nothere.efi',
      '/v1',
    ]) {
      expect([odd, (await fetch(url + odd)).status]).toEqual([odd, 404]);
    }
    expect((await fetch(artefact('kernel'), { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(`${url}/loader/x`, { method: 'POST', body: 'x' })).headers.get('allow')).toBe(
      'GET, HEAD',
    );
    expect(asked).toEqual([]);
  });

  it('turn errors of the content into 503 without a stack', async () => {
    const { artefact, logged } = await live(
      { kernel: () => Promise.reject(new Error('SQLITE_BUSY at line 5')) },
      {},
      () => Promise.reject(new Error('disk full')),
    );
    for (const reply of [
      await fetch(artefact('kernel')),
      await fetch(artefact('begin'), { method: 'POST', body: 'x' }),
    ]) {
      expect(reply.status).toBe(503);
      expect(await reply.text()).not.toMatch(/SQLITE|disk full|at /);
    }
    expect(logged.join()).toMatch(/SQLITE_BUSY.*disk full/);
  });

  it('take a report up to the limit and answer its text', async () => {
    const got: Uint8Array[] = [];
    const { artefact } = await live({}, {}, ({ body, artefact }) => {
      got.push(body);
      return Promise.resolve({ status: 200, text: `thanks for ${artefact}` });
    });
    const body = pattern(4 * 1024 * 1024);
    const reply = await fetch(artefact('inspection'), { method: 'POST', body });
    expect([reply.status, await reply.text()]).toEqual([200, 'thanks for inspection\n']);
    expect(Buffer.from(got[0]!).equals(body)).toBe(true);
    expect(got.length).toBe(1);
  });

  it('refuse a larger one with 413, announced or not', async () => {
    const { server, asked } = await live({}, { maxBodyBytes: 1000 });
    const head = `POST /boot/${token}/inspection HTTP/1.1\r\nHost: x\r\n`;
    const announced = await rawConnection(server.port, `${head}Content-Length: 1001\r\n\r\n`);
    await until(() => announced.text.startsWith('HTTP/1.1 413'));
    const chunked = await rawConnection(
      server.port,
      `${head}Transfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n`,
    );
    await until(() => chunked.text.startsWith('HTTP/1.1 413'));
    await Promise.all([announced, chunked].map((c) => until(() => c.ended)));
    announced.socket.destroy();
    chunked.socket.destroy();
    expect(asked).toEqual([]);
  });

  it('refuse with 503 what all clients together send too much of', async () => {
    const { artefact } = await live({}, { maxHeldBytes: 5000 });
    const statuses = [4000, 6000, 4000];
    const replies = [];
    for (const size of statuses)
      replies.push((await fetch(artefact('begin'), { method: 'POST', body: pattern(size) })).status);
    expect(replies).toEqual([200, 503, 200]);
  });
});

describe('the listener', () => {
  it('never logs a whole token', async () => {
    const { resource } = recordedText('x');
    const { artefact, url, logged } = await live({
      kernel: file,
      'ks.cfg': resource,
      initrd: { ...file, path: '/nothere' },
    });
    for (const name of ['kernel', 'ks.cfg', 'initrd', 'nothing']) await (await fetch(artefact(name))).text();
    await fetch(artefact('begin'), { method: 'POST', body: 'x' });
    await (await fetch(`${url}/boot/${token}/a/b`)).text();
    expect(logged.join('\n')).toContain(`${token.slice(0, 6)}...`);
    expect(logged.join('\n')).not.toContain(token.slice(0, 7));
  });

  it('serves loaders to UEFI HTTP clients', async () => {
    const { url, events } = await live({}, {}, undefined, {
      'snponly.efi': content,
      'undionly.kpxe': pattern(10),
    });
    const head = await fetch(`${url}/loader/snponly.efi`, { method: 'HEAD' });
    expect([head.headers.get('content-type'), head.headers.get('content-length')]).toEqual([
      'application/efi',
      '3000000',
    ]);
    expect(events).toEqual([]);
    const reply = await fetch(`${url}/loader/snponly.efi`);
    expect(Buffer.from(await reply.arrayBuffer()).equals(content)).toBe(true);
    await until(() => events.length === 2);
    expect(events.map((e) => [e.phase, e.token, e.artefact, e.bytes])).toEqual([
      ['start', '', 'snponly.efi', 0],
      ['done', '', 'snponly.efi', 3_000_000],
    ]);
  });

  it('lets one client have so many connections and cuts the rest', async () => {
    const { server, url } = await live({}, { maxConnectionsPerClient: 3 });
    const three = [];
    for (let i = 0; i < 3; i++) three.push(await rawConnection(server.port));
    const fourth = await rawConnection(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => fourth.ended || fourth.socket.destroyed);
    fourth.socket.destroy();
    expect(fourth.text).toBe('');
    three[0]!.socket.destroy();
    await three[0]!.closed;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect((await fetch(url)).status).toBe(404);
    for (const { socket } of three) socket.destroy();
  });

  it('refuses headers of more than 8 KiB, and answers the absolute form', async () => {
    const { server } = await live({ kernel: { kind: 'refused', status: 403, reason: 'not now' } });
    const large = await rawConnection(server.port, get('kernel', `X: ${'x'.repeat(9000)}\r\n`));
    await until(() => large.text.includes('\r\n'));
    expect(large.text).toMatch(/^HTTP\/1\.1 431 /);
    const proxy = await rawConnection(
      server.port,
      get('kernel').replace('/boot', 'http://192.0.2.1:80/boot'),
    );
    await until(() => proxy.text.includes('\r\n'));
    expect(proxy.text).toMatch(/^HTTP\/1\.1 403 /);
    large.socket.destroy();
    proxy.socket.destroy();
  });

  it('closes with downloads under way, tells that they broke, and may be closed twice', async () => {
    const { resource, ends } = recordedText('x');
    const large = join(folder, 'closing');
    writeFileSync(large, pattern(20_000_000));
    const { server, events } = await live({ kernel: { ...file, path: large }, 'ks.cfg': resource });
    const [a, b] = [await rawConnection(server.port), await rawConnection(server.port, get('ks.cfg'))];
    a.socket.pause();
    a.socket.write(get('kernel'));
    await until(() => events.filter((e) => e.phase === 'start').length === 2);
    await until(() => b.ended);
    await Promise.all([server.close(), server.close()]);
    expect(ends).toEqual(['broken']);
    expect(
      events
        .filter((e) => e.phase === 'failed')
        .map((e) => e.artefact)
        .toSorted(),
    ).toEqual(['kernel', 'ks.cfg']);
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow('fetch failed');
    a.socket.destroy();
    b.socket.destroy();
  });

  it('rejects with a coded error when the port is taken or the address is not ours', async () => {
    const { server } = await live({});
    await expect(liveHttp({}, { port: server.port })).rejects.toMatchObject({ code: 'port-in-use' });
    await expect(liveHttp({}, { address: '192.0.2.77' as never })).rejects.toMatchObject({
      code: 'no-address',
    });
    await expect(liveHttp({}, { port: server.port })).rejects.toThrow(PxeError);
  });
});
