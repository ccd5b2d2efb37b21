import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { loadBootFiles, loaderUrl } from '../../src/pxe/boot-files.ts';
import type { BootResource } from '../../src/pxe/ports.ts';
import { liveHttp, recordedText } from '../support/boot-http.ts';
import { needTools } from '../support/need.ts';
import { runProgram } from '../support/run-program.ts';
import { pattern, until } from '../support/tftp-peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-curl-'));
const sizes = [0, 1, 511, 512, 513, 1_000_000, 33_600_000];
const resources: Record<string, BootResource> = {};
for (const size of sizes) {
  const path = join(folder, `f${size}`);
  writeFileSync(path, pattern(size));
  resources[`f${size}`] = { kind: 'file', path, contentType: 'application/octet-stream' };
}

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

async function curl(...args: string[]) {
  const { status, stdout, stderr } = await runProgram('curl', ['-sS', ...args]);
  return { status, stdout, stderr };
}

describe.skipIf(!needTools({ tool: 'curl', package: 'curl' }))('curl', () => {
  it('fetches every size', async () => {
    const { artefact, events } = await live(resources);
    for (const size of sizes) {
      const { stdout } = await curl('-f', artefact(`f${size}`));
      expect([`${size} bytes`, stdout.equals(Buffer.from(pattern(size)))]).toEqual([`${size} bytes`, true]);
    }
    await until(() => events.filter((e) => e.phase === 'done').length === sizes.length);
  });

  it('fetches ranges and resumes a broken download', async () => {
    const { artefact } = await live(resources);
    const whole = Buffer.from(pattern(1_000_000));
    for (const [range, part] of [
      ['0-0', whole.subarray(0, 1)],
      ['500000-', whole.subarray(500_000)],
      ['-1000', whole.subarray(999_000)],
      ['999999-2000000', whole.subarray(999_999)],
    ] as const) {
      expect([range, (await curl('-f', '-r', range, artefact('f1000000'))).stdout.equals(part)]).toEqual([
        range,
        true,
      ]);
    }
    const to = join(folder, 'resumed');
    writeFileSync(to, whole.subarray(0, 123_457));
    await curl('-f', '-C', '-', '-o', to, artefact('f1000000'));
    expect(readFileSync(to).equals(whole)).toBe(true);
    const past = await curl('-o', '/dev/null', '-w', '%{http_code}', '-r', '1000000-', artefact('f1000000'));
    expect(past.stdout.toString()).toBe('416');
  });

  it('gets 304 for a copy that is still right', async () => {
    const { artefact } = await live(resources);
    const tags = join(folder, 'etag');
    await curl('-f', '--etag-save', tags, '-o', '/dev/null', artefact('f1000000'));
    const again = await curl('--etag-compare', tags, '-w', '%{http_code}', artefact('f1000000'));
    expect(again.stdout.toString()).toBe('304');
  });

  it('downloads one file twenty times at once', async () => {
    const { artefact, events } = await live(resources);
    const hashes = await Promise.all(
      Array.from({ length: 20 }, async () => (await curl('-f', artefact('f1000000'))).stdout),
    );
    for (const got of hashes) expect(got.equals(Buffer.from(pattern(1_000_000)))).toBe(true);
    await until(() => events.filter((e) => e.phase === 'done').length === 20);
  });

  it('reads a single-use text once; a killed reader leaves it unread', async () => {
    const { resource, ends } = recordedText('x'.repeat(8_000_000));
    const { artefact, events } = await live({ 'ks.cfg': resource });
    const killed = await curl('--limit-rate', '1k', '--max-time', '1', '-o', '/dev/null', artefact('ks.cfg'));
    expect(killed.status).toBe(28);
    await until(() => ends.length === 1);
    expect(ends).toEqual(['broken']);
    for (const args of [[], ['--http1.0'], ['-H', 'Connection: close']]) {
      const { stdout } = await curl('-f', ...args, artefact('ks.cfg'));
      expect(stdout.length).toBe(8_000_000);
    }
    await until(() => ends.length === 4);
    expect(ends).toEqual(['broken', 'delivered', 'delivered', 'delivered']);
    expect(events.filter((e) => e.phase !== 'start').map((e) => e.phase)).toEqual([
      'failed',
      'done',
      'done',
      'done',
    ]);
  });

  it('posts reports, with Expect: 100-continue and in chunks, and is told 413', async () => {
    const got: number[] = [];
    const { artefact } = await live({}, {}, ({ body }) => {
      got.push(body.length);
      return Promise.resolve({ status: 200, text: 'thanks' });
    });
    const path = join(folder, 'report');
    writeFileSync(path, pattern(3_000_000));
    const plain = await curl('-f', '--data-binary', `@${path}`, artefact('inspection'));
    const chunked = await curl(
      '-f',
      '-H',
      'Transfer-Encoding: chunked',
      '--data-binary',
      `@${path}`,
      artefact('inspection'),
    );
    expect([plain.stdout.toString(), chunked.stdout.toString()]).toEqual(['thanks\n', 'thanks\n']);
    truncateSync(path, 5_000_000);
    const large = await curl('-w', ' %{http_code}', '--data-binary', `@${path}`, artefact('inspection'));
    expect(large.stdout.toString()).toMatch(/may have 4194304 bytes\n 413$/);
    expect(got).toEqual([3_000_000, 3_000_000]);
  });

  it('fetches every loader of the package ipxe, with the type that UEFI wants', async () => {
    if (!needTools({ tool: '/usr/lib/ipxe/snponly.efi', package: 'ipxe' })) return;
    const files = await loadBootFiles();
    const table = Object.fromEntries(files.names.map((name) => [name, files.file(name)!]));
    const { url } = await live({}, {}, undefined, table);
    for (const name of files.names) {
      const { stdout } = await curl('-f', '-D', join(folder, 'headers'), loaderUrl(url, name));
      expect([name, stdout.equals(readFileSync(join('/usr/lib/ipxe', name)))]).toEqual([name, true]);
      expect(readFileSync(join(folder, 'headers'), 'utf8').includes('application/efi')).toBe(
        name.endsWith('.efi'),
      );
    }
    expect(files.names.length).toBeGreaterThanOrEqual(2);
  });
});

describe.skipIf(!needTools({ tool: 'busybox', package: 'busybox-static' }))(
  'busybox wget, as in an inspector',
  () => {
    it('fetches files and texts', async () => {
      const { resource, ends } = recordedText('# kickstart\n');
      const { artefact } = await live({ ...resources, 'ks.cfg': resource });
      const wget = async (name: string) =>
        (await runProgram('busybox', ['wget', '-q', '-O', '-', artefact(name)])).stdout;
      expect((await wget('f1000000')).equals(Buffer.from(pattern(1_000_000)))).toBe(true);
      expect((await wget('ks.cfg')).toString()).toBe('# kickstart\n');
      await until(() => ends.length === 1);
      expect(ends).toEqual(['delivered']);
    });
  },
);
