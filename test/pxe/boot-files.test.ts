import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import {
  bootUrl,
  loadBootFiles,
  loaderFor,
  loaderNames,
  loaderUrl,
  requiredLoaderNames,
} from '../../src/pxe/boot-files.ts';
import type { Firmware } from '../../src/pxe/ports.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-ipxe-'));
  folders.push(folder);
  for (const name of names) writeFileSync(join(folder, name), name);
  return folder;
}

it('has a loader for each firmware that can boot, and none for the others', () => {
  const table = (has?: (name: string) => boolean) =>
    (
      [
        'bios',
        'uefi-x64',
        'uefi-http-x64',
        'uefi-ia32',
        'uefi-arm64',
        'uefi-http-arm64',
        'other',
      ] as Firmware[]
    ).map((f) => loaderFor(f, has));
  expect(table()).toEqual([
    'undionly.kpxe',
    'snponly.efi',
    'snponly.efi',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  const arm = 'snponly-arm64.efi';
  expect(table(() => true)).toEqual([
    'undionly.kpxe',
    'snponly.efi',
    'snponly.efi',
    undefined,
    arm,
    arm,
    undefined,
  ]);
  expect(table(() => false).every((name) => name === undefined)).toBe(true);
});

it('reads the table and nothing else', async () => {
  const files = await loadBootFiles(folderWith('undionly.kpxe', 'snponly.efi', 'ipxe.efi', 'secret.txt'));
  expect(files.names).toEqual(['undionly.kpxe', 'snponly.efi', 'ipxe.efi']);
  expect(Buffer.from(files.file('snponly.efi')!).toString()).toBe('snponly.efi');
  for (const name of ['secret.txt', 'ipxe.pxe', '../etc/passwd', '__proto__', '']) {
    expect(files.file(name)).toBeUndefined();
    expect(files.has(name)).toBe(false);
  }
  expect(files.names.every((name) => loaderNames.includes(name))).toBe(true);
});

it.each(requiredLoaderNames)('says what to do when %s is missing or empty', async (name) => {
  const others = requiredLoaderNames.filter((n) => n !== name);
  const folder = folderWith(...others);
  const expected = {
    code: 'loader-missing',
    message: expect.stringMatching(
      new RegExp(`${name}.*install the Debian package ipxe or set boot\\.ipxeDirectory`),
    ) as unknown,
  };
  await expect(loadBootFiles(folder)).rejects.toMatchObject(expected);
  writeFileSync(join(folder, name), '');
  await expect(loadBootFiles(folder)).rejects.toMatchObject(expected);
});

it('builds URLs', () => {
  expect(bootUrl('http://192.0.2.1:8081', 'ab12', 'boot.ipxe')).toBe(
    'http://192.0.2.1:8081/boot/ab12/boot.ipxe',
  );
  expect(loaderUrl('http://192.0.2.1:8081/', 'snponly.efi')).toBe('http://192.0.2.1:8081/loader/snponly.efi');
});
