import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { isInnerPath, readTreeInfo } from '../../src/provision/images/layouts.ts';
import { makeIso, type Tree } from '../pxe/iso/make-iso.ts';
import { needTools } from '../support/need.ts';
import { openImages } from './images/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'rackwright-images-'));
afterAll(() => rmSync(folder, { recursive: true }));
const keepOut = join(folder, 'data');
mkdirSync(keepOut);

const images = (used = false) => openImages(folder, { keepOut, used });

let count = 0;
/** A directory with these files. */
function directory(tree: Tree): string {
  const root = join(folder, `tree${(count += 1)}`);
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return pathToFileURL(root).href;
}

const pairs: readonly (readonly [string, string])[] = [
  ['images/pxeboot/vmlinuz', 'images/pxeboot/initrd.img'],
  ['casper/vmlinuz', 'casper/initrd'],
  ['install.amd/vmlinuz', 'install.amd/initrd.gz'],
  ['boot/x86_64/loader/linux', 'boot/x86_64/loader/initrd'],
];

describe('an image', () => {
  it.each(pairs)('with %s is found by its layout', async (kernel, initrd) => {
    const { service, files } = images();
    const uuid = await service.add({ name: 'x', url: directory({ [kernel]: 'k', [initrd]: 'i' }) });
    expect(await service.ready(uuid)).toMatchObject({ kind: 'directory', status: 'Ready', kernel, initrd });
    expect(files.size).toBe(0);
  });

  it('is found by its .treeinfo before the usual places', async () => {
    const { service } = images();
    const info =
      '[general]\narch = x86_64\n[images-xen]\nkernel = x\ninitrd = y\n[images-x86_64]\nkernel = odd/k\ninitrd = odd/i\n';
    const url = directory({
      '.treeinfo': info,
      'odd/k': 'k',
      'odd/i': 'i',
      'casper/vmlinuz': 'k',
      'casper/initrd': 'i',
    });
    expect(await service.ready(await service.add({ name: 'x', url }))).toMatchObject({
      kernel: 'odd/k',
      initrd: 'odd/i',
    });
  });

  it.skipIf(!needTools({ tool: 'xorrisofs', package: 'xorriso' }))(
    'that is an ISO is read once, with progress, and must have the checksum given',
    async () => {
      const bytes = makeIso(
        { 'casper/vmlinuz': 'k', 'casper/initrd': 'i', filler: new Uint8Array(3_000_000) },
        '-R',
      );
      const path = join(folder, 'disc.iso');
      writeFileSync(path, bytes);
      const sum = createHash('sha256').update(bytes).digest('hex');
      const url = pathToFileURL(path).href;
      const { service, rows, files } = images();
      const told: number[] = [];
      const uuid = await service.add(
        { name: 'disc', url, checksum: `SHA256:${sum.toUpperCase()}` },
        (done, total) => {
          expect(total).toBe(bytes.length);
          told.push(done);
        },
      );
      expect(rows.get(uuid)).toMatchObject({
        status: 'Ready',
        kind: 'iso',
        checksum: sum,
        size: bytes.length,
      });
      expect(told.length).toBeGreaterThan(2);
      expect(told.at(-1)).toBe(bytes.length);

      await expect(service.add({ name: 'y', url, checksum: '0'.repeat(64) })).rejects.toThrow(
        `is ${sum}, not the one given`,
      );
      expect([...rows.values()].at(-1)).toMatchObject({
        status: 'Failed',
        statusCause: expect.stringContaining(sum) as unknown,
      });

      writeFileSync(path, bytes.subarray(0, bytes.length - 2048));
      await expect(service.content(await service.ready(uuid), 'casper/vmlinuz')).rejects.toThrow(
        'not the file that was imported',
      );
      await service.close();
      expect(files.size).toBe(0);
    },
  );

  it.each([
    ['is not there', pathToFileURL(join(folder, 'nothere')).href, 'cannot be read'],
    ['is a file where a directory is meant', pathToFileURL(import.meta.filename).href, 'is no directory'],
    ['lies in the data directory', pathToFileURL(keepOut).href, 'data directory'],
    ['contains the data directory', pathToFileURL(folder).href, 'data directory'],
    ['has no kernel', directory({ README: 'x' }), 'name them by kernel and initrd'],
  ])('that %s is Failed and says so', async (_, url, text) => {
    const { service, rows } = images();
    await expect(service.add({ name: 'x', url })).rejects.toThrow(text);
    const [row] = rows.values();
    expect(row).toMatchObject({ status: 'Failed', statusCause: expect.stringContaining(text) as unknown });
    await expect(service.ready(row?.uuid ?? '')).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each([
    [{ url: 'disc.iso' }, 'url'],
    [{ url: 'ftp://x/y' }, 'url'],
    [{ url: 'file://host/y.iso' }, 'url'],
    [{ url: 'http://user:secret@x/y' }, 'url'],
    [{ url: 'http://x/y?z' }, 'url'],
    [{ url: 'http://x/y.iso', kind: 'directory' }, 'kind'],
    [{ url: 'file:///x', kind: 'redirect' }, 'kind'],
    [{ url: 'file:///x', kind: 'tape' }, 'kind'],
    [{ url: 'file:///x.iso', checksum: 'abc' }, 'checksum'],
    [{ url: 'file:///x', checksum: '0'.repeat(64) }, 'checksum'],
    [{ url: 'file:///x', kernel: 'k' }, 'initrd'],
    [{ url: 'file:///x', kernel: '../k', initrd: 'i' }, 'kernel'],
    [{ url: 'file:///x', kernelArguments: ['a\nb'] }, 'kernelArguments'],
  ])('with %j is refused, and nothing is recorded', async (input, parameter) => {
    const { service, rows } = images();
    await expect(service.add({ name: 'x', ...input })).rejects.toMatchObject({
      code: 'invalid-argument',
      data: { parameter },
      message: expect.not.stringContaining('secret') as unknown,
    });
    expect(rows.size).toBe(0);
  });

  it('that an installation uses is not deleted; one that is not there is', async () => {
    const { service, rows } = images(true);
    const uuid = await service.add({ name: 'x', url: 'http://192.0.2.1/tree' });
    await expect(service.delete(uuid)).rejects.toMatchObject({ code: 'conflict' });
    await service.delete('f'.repeat(32));
    expect(rows.size).toBe(1);
  });

  it('whose import a restart broke off is Failed', async () => {
    const { service, rows } = images();
    const uuid = await service.add({ name: 'x', url: 'http://192.0.2.1/tree' });
    const row = rows.get(uuid);
    if (row !== undefined) rows.set(uuid, { ...row, status: 'Importing' });
    await service.resume();
    expect(rows.get(uuid)).toMatchObject({ status: 'Failed' });
  });
});

it('reads a .treeinfo with care', () => {
  expect(readTreeInfo('')).toBeUndefined();
  expect(readTreeInfo('[images-x]\nkernel=../../k\ninitrd=i')).toBeUndefined();
  expect(readTreeInfo('[images-x]\r\nkernel: k\r\ninitrd = i\r\n')).toEqual({ kernel: 'k', initrd: 'i' });
  expect(['a/b', 'a//b', '/a', 'a/', '..', 'a/./b', 'a\\b', 'a\u0000'].map(isInnerPath)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});
