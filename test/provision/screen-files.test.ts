import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Uuid } from '../../src/base/uuid.ts';
import { createScreenFiles, pictureIn } from '../../src/provision/screen-files.ts';

const chassis = 'c'.repeat(32) as Uuid;
const run = 'a'.repeat(32) as Uuid;
const png = (n: number): Uint8Array => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, n);
let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'rackwright-screens-')), 'screens');
});
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

it('are kept for a chassis, numbered in a run, and only for us to read', async () => {
  const files = createScreenFiles(directory);
  expect(await files.save(chassis, run, png(1))).toBe(`${run}-1.png`);
  expect(await createScreenFiles(directory).save(chassis, run, png(2))).toBe(`${run}-2.png`);
  expect(new Uint8Array((await files.read(chassis, `${run}-2.png`)) ?? [])).toEqual(png(2));
  expect((await stat(join(directory, chassis, `${run}-1.png`))).mode & 0o077).toBe(0);
  expect((await stat(join(directory, chassis))).mode & 0o077).toBe(0);
});

it('are twenty a chassis: the oldest go', async () => {
  const files = createScreenFiles(directory);
  const other = 'b'.repeat(32) as Uuid;
  for (let n = 1; n <= 15; n++) await files.save(chassis, other, png(n));
  for (let n = 1; n <= 15; n++) await files.save(chassis, run, png(n));
  const names = await readdir(join(directory, chassis));
  expect(names.length).toBe(20);
  expect(names.filter((name) => name.startsWith(run)).length).toBe(15);
  expect(names).toContain(`${other}-15.png`);
  expect(names).not.toContain(`${other}-10.png`);
});

it('are nothing for other names, and go with the chassis', async () => {
  const files = createScreenFiles(directory);
  await files.save(chassis, run, png(1));
  for (const name of ['../x.png', `${run}-1.png/..`, `${run}-1`, `${run}-9.png`, '', 'a.png'])
    expect(await files.read(chassis, name)).toBeUndefined();
  expect(await files.read('..', `${run}-1.png`)).toBeUndefined();
  expect(await files.read(`${chassis}/../${chassis}`, `${run}-1.png`)).toBeUndefined();
  await files.forget(chassis);
  await files.forget(chassis);
  expect(await files.read(chassis, `${run}-1.png`)).toBeUndefined();
  expect(await readdir(directory)).toEqual([]);
});

it('of chassis that are no more go in a sweep, the others stay', async () => {
  const files = createScreenFiles(directory);
  await files.sweep(async () => false);
  const gone = 'd'.repeat(32) as Uuid;
  const name = await files.save(chassis, run, png(1));
  await files.save(gone, run, png(2));
  await files.sweep(async (uuid) => uuid === chassis);
  expect(await readdir(directory)).toEqual([chassis]);
  await expect(files.sweep(() => Promise.reject(new Error('nobody knows')))).rejects.toThrow('nobody knows');
  expect(await files.read(chassis, name)).toBeDefined();
});

it('are named by the address in a timeline', () => {
  expect(pictureIn(`the screen as it was then: /v1/x/screenshots/${run}-3.png`)).toBe(`${run}-3.png`);
  expect(pictureIn('the screen as it was then: /x')).toBeUndefined();
});

it('are not kept when they are too large, or where little room is left', async () => {
  let free = 2 ** 40;
  const asked: string[] = [];
  const files = createScreenFiles(directory, async (of) => {
    asked.push(of);
    return free;
  });
  const largest = 8 * 1024 * 1024;
  await expect(files.save(chassis, run, new Uint8Array(largest + 1))).rejects.toThrow(/8388609 bytes/);
  expect(await files.save(chassis, run, new Uint8Array(largest))).toBe(`${run}-1.png`);
  free = 512 * 1024 * 1024 - 1;
  await expect(files.save(chassis, run, png(1))).rejects.toMatchObject({
    code: 'storage-full',
    message: expect.stringContaining('make room'),
  });
  expect(await readdir(join(directory, chassis))).toEqual([`${run}-1.png`]);
  free = 512 * 1024 * 1024;
  expect(await files.save(chassis, run, png(1))).toBe(`${run}-2.png`);
  expect(new Set(asked)).toEqual(new Set([join(directory, chassis)]));
});
