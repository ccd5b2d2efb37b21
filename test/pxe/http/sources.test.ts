import { mkdtempSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createFileTable } from '../../../src/pxe/http/byte-source.ts';
import { pieceSize } from '../../../src/pxe/http/stream-bytes.ts';
import type { BootResource } from '../../../src/pxe/ports.ts';
import { liveHttp, rawConnection, token } from '../../support/boot-http.ts';
import { pattern, until } from '../../support/tftp-peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-sources-'));
const file = (path: string): BootResource => ({
  kind: 'file',
  path,
  contentType: 'application/octet-stream',
});
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

describe('a file that changes while it is served', () => {
  /** Begins a download that stops after its first bytes, changes the file, and lets it go on; answers the bytes that came. */
  async function during(change: (path: string) => void): Promise<{ got: Buffer; events: string[] }> {
    const path = join(folder, 'changing');
    writeFileSync(path, pattern(20_000_000));
    const { server, events } = await live({ kernel: file(path) });
    const client = await rawConnection(server.port);
    client.socket.pause();
    client.socket.write(`GET /boot/${token}/kernel HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => events.some((e) => e.phase === 'start'));
    change(path);
    client.socket.resume();
    await until(() => events.some((e) => e.phase === 'failed' || e.phase === 'done'), 10_000);
    await until(() => events.at(-1)?.phase === 'failed' || client.text.length >= 20_000_000, 10_000);
    client.socket.destroy();
    const body = client.text.slice(client.text.indexOf('\r\n\r\n') + 4);
    return { got: Buffer.from(body, 'latin1'), events: events.map((e) => `${e.phase} ${e.reason ?? ''}`) };
  }

  it('in place: is cut off, and no byte of the other content leaves', async () => {
    const { got, events } = await during((path) => {
      writeFileSync(path, new Uint8Array(20_000_000).fill(0xee));
      utimesSync(path, 1, 1);
    });
    expect(events.at(-1)).toContain('changed while it was sent');
    expect(got.length).toBeLessThan(20_000_000);
    expect(got.equals(Buffer.from(pattern(20_000_000).subarray(0, got.length)))).toBe(true);
  });

  it('by a rename: the old content comes to its end', async () => {
    const { got, events } = await during((path) => {
      writeFileSync(`${path}.new`, new Uint8Array(10));
      renameSync(`${path}.new`, path);
    });
    expect(events.at(-1)).toContain('done');
    expect(got.equals(Buffer.from(pattern(20_000_000)))).toBe(true);
  });

  it('gets another tag, so that a part is not put behind the old one', async () => {
    const path = join(folder, 'tagged');
    writeFileSync(path, pattern(1000));
    const { artefact } = await live({ kernel: file(path) });
    const etag = (await fetch(artefact('kernel'), { method: 'HEAD' })).headers.get('etag') ?? '';
    writeFileSync(path, new Uint8Array(1000));
    utimesSync(path, 5, 5);
    const reply = await fetch(artefact('kernel'), { headers: { range: 'bytes=500-', 'if-range': etag } });
    expect(reply.status).toBe(200);
    expect((await reply.arrayBuffer()).byteLength).toBe(1000);
  });
});

describe('the table of open files', () => {
  it('opens one file once for all its readers, and closes it after the last', async () => {
    const path = join(folder, 'shared');
    writeFileSync(path, pattern(100));
    const files = createFileTable();
    const readers = [await files.open(path)];
    for (let i = 0; i < 50; i += 1) readers.push(await files.open(path));
    expect(files.size).toBe(1);
    writeFileSync(`${path}.new`, pattern(7));
    renameSync(`${path}.new`, path);
    const later = await files.open(path);
    expect([files.size, later.size, readers[0]?.size]).toEqual([2, 7, 100]);
    for (const reader of readers) {
      await reader.close();
      await reader.close();
    }
    expect(files.size).toBe(1);
    const into = new Uint8Array(10);
    expect(await later.read(into, 2)).toBe(5);
    expect(await later.unchanged()).toBe(true);
    truncateSync(path, 3);
    expect(await later.unchanged()).toBe(false);
    await later.close();
    expect(files.size).toBe(0);
  });

  it('leaves nothing open when the path is no file', async () => {
    const files = createFileTable();
    await expect(files.open(folder)).rejects.toThrow('not a regular file');
    await expect(files.open(join(folder, 'nothere'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(files.size).toBe(0);
  });
});

it('makes pieces smaller the more downloads there are', () => {
  expect([0, 63, 64, 255, 1023, 5000].map((active) => pieceSize(1e9, active) / 1024)).toEqual([
    512,
    512,
    expect.closeTo(504, 0),
    128,
    32,
    32,
  ]);
  expect([pieceSize(10, 0), pieceSize(0, 0)]).toEqual([10, 1]);
});

describe('an install source', () => {
  it('is asked for by its whole path; bytes have Range and are closed', async () => {
    const content = pattern(900_000);
    let closed = 0;
    const { artefact, asked, events } = await live({
      'source/Packages/a b.rpm': async () =>
        ({
          kind: 'bytes',
          contentType: 'application/octet-stream',
          bytes: {
            size: content.length,
            modifiedMs: 1000,
            async read(into: Uint8Array, position: number) {
              // As a file inside an image may: less than was asked for.
              const part = content.subarray(position, position + Math.min(into.length, 70_000));
              into.set(part);
              return part.length;
            },
            unchanged: async () => true,
            close: async () => void (closed += 1),
          },
        }) as never,
      'source/mirror': async () => ({ kind: 'redirect', url: 'http://192.0.2.9/tree/mirror' }) as never,
    });
    const whole = await fetch(artefact('source/Packages/a%20b.rpm'));
    expect(Buffer.from(await whole.arrayBuffer()).equals(Buffer.from(content))).toBe(true);
    const part = await fetch(artefact('source/Packages/a%20b.rpm'), { headers: { range: 'bytes=-5' } });
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(content.slice(-5));
    await until(() => closed === 2);
    expect(asked).toEqual(['source/Packages/a b.rpm', 'source/Packages/a b.rpm']);
    const sent = await fetch(artefact('source/mirror'), { redirect: 'manual' });
    expect([sent.status, sent.headers.get('location')]).toEqual([302, 'http://192.0.2.9/tree/mirror']);
    const before = events.length;
    expect((await fetch(artefact('source/images/updates.img'))).status).toBe(404);
    expect(events.length).toBe(before);
    const posted = await fetch(artefact('source/x'), { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});
