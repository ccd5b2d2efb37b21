import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownKeyIn } from '../../../src/kvm/hosts/own-key.ts';
import { needTools } from '../../support/need.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('makes one key for all who ask at once, readable only by its owner, and keeps it', async () => {
  const pairs = await Promise.all([ownKeyIn(folder)(), ownKeyIn(folder)(), ownKeyIn(folder)()]);
  expect(new Set(pairs.map(({ publicKey }) => publicKey)).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['ssh-key']);
  expect(statSync(join(folder, 'ssh-key')).mode & 0o777).toBe(0o600);
  expect((await ownKeyIn(folder)()).publicKey).toBe(pairs[0].publicKey);
});

it('refuses a file that is no key, without quoting it, and leaves it', async () => {
  const path = join(folder, 'ssh-key');
  writeFileSync(path, 'canary');
  const read = ownKeyIn(folder);
  await expect(read()).rejects.toMatchObject({ code: 'refused' });
  await expect(read()).rejects.not.toThrow('canary');
  expect(readFileSync(path, 'utf8')).toBe('canary');
  rmSync(path);
  expect((await read()).publicKey).toContain('ssh-ed25519');
});

it.skipIf(!needTools({ tool: 'ssh-keygen', package: 'openssh-client' }))(
  'is a key that ssh-keygen reads',
  async () => {
    const { publicKey } = await ownKeyIn(folder)();
    const read = spawnSync('ssh-keygen', ['-y', '-f', join(folder, 'ssh-key')], { encoding: 'utf8' });
    expect(read.stdout.trim()).toBe(publicKey);
  },
);
