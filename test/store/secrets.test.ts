import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretBox } from '../../src/store/secret-box.ts';
import { openStore } from '../../src/store/index.ts';
import { cases } from '../support/cases.ts';
import { chassis, hostCfg, pathsIn, pxeServer, random, run, uuid } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

const place = { table: 'chassis', uuid: 'a'.repeat(32), column: 'ipmiPassword' };

describe('secret box', () => {
  it('opens what it sealed, and never seals alike', () => {
    const box = createSecretBox(random(32), random);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = box.seal(place, text);
        expect(box.open(place, sealed)).toBe(text);
        expect(box.seal(place, text)).not.toEqual(sealed);
      }),
      { numRuns: cases(5000) },
    );
  });

  it('gives the bytes that AES-256-GCM is known to give', () => {
    // Made with Python's cryptography 48: AESGCM(bytes(range(32))).encrypt(bytes([7] * 12), b'secret', b't\0u\0c').
    const key = Uint8Array.from({ length: 32 }, (_, index) => index);
    const box = createSecretBox(key, (length) => new Uint8Array(length).fill(7));
    const sealed = box.seal({ table: 't', uuid: 'u', column: 'c' }, 'secret');
    expect(Buffer.from(sealed).toString('hex')).toBe(
      '01070707070707070707070707c201acc6e7b6c281798da744a8a858487c0fc52e0a7b',
    );
  });

  it('refuses another key, another place, and any changed or missing byte', () => {
    const box = createSecretBox(random(32), random);
    const sealed = box.seal(place, 'secret');
    const refusal = expect.objectContaining({ name: 'StoreError', code: 'damaged' }) as Error;
    expect(() => createSecretBox(random(32), random).open(place, sealed)).toThrow(refusal);
    for (const other of [{ table: 'run' }, { uuid: 'b'.repeat(32) }, { column: 'password' }]) {
      expect(() => box.open({ ...place, ...other }, sealed)).toThrow(refusal);
    }
    for (const index of sealed.keys()) {
      const changed = sealed.with(index, (sealed[index] ?? 0) ^ 1);
      expect(() => box.open(place, changed)).toThrow(refusal);
      expect(() => box.open(place, sealed.slice(0, index))).toThrow(refusal);
    }
  });
});

/**
 * Every byte of every file in the data directory, but the key. Read by another process: POSIX drops all locks of a process on
 * a file when it closes any descriptor of it.
 */
function rawBytes(directory: string): string {
  const data = dirname(pathsIn(directory).path);
  const files = readdirSync(data).filter((name) => !name.endsWith('.key'));
  return execFileSync('cat', files, { cwd: data, encoding: 'latin1', maxBuffer: 100_000_000 });
}

it('keeps passwords, tokens and session uuids out of the database and its log', async () => {
  const directory = temporaryDirectory();
  const { provision, accounts, close } = await storeIn(directory);
  const machine = chassis();
  const session = { uuid: uuid(), accountUuid: uuid(), userUuid: uuid(), createDate: 1, expiredDate: 2 };
  await provision.saveChassis(machine);
  await provision.saveHostCfg(hostCfg(machine.uuid));
  await provision.saveRunStep({ run: run(machine.uuid), timeline: [] });
  await accounts.saveSession(session);
  const written = rawBytes(directory);
  expect(written).toContain(machine.ipmiAddress);
  await close();
  for (const bytes of [written, rawBytes(directory)]) {
    expect(bytes).not.toContain('canary');
    expect(bytes).not.toContain(session.uuid);
  }
});

it('makes directory, database, log and key for the owner alone', async () => {
  const directory = temporaryDirectory();
  const { provision } = await storeIn(directory);
  await provision.savePxeServer(pxeServer());
  const { path, keyPath } = pathsIn(directory);
  const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);
  expect(mode(dirname(path))).toBe('700');
  expect([path, `${path}-wal`, keyPath].map(mode)).toEqual(['600', '600', '600']);
  expect(statSync(keyPath).size).toBe(32);
  expect(readdirSync(dirname(path)).toSorted()).toEqual([
    'rackwright.db',
    'rackwright.db-wal',
    'rackwright.key',
  ]);
});

describe('key file', () => {
  async function closedStore(): Promise<{ path: string; keyPath: string }> {
    const directory = temporaryDirectory();
    const { provision, close } = await storeIn(directory);
    await provision.saveChassis(chassis());
    await close();
    return pathsIn(directory);
  }
  const refusal = (paths: { path: string; keyPath: string }): Promise<unknown> =>
    openStore({ ...paths, random }).then(
      () => 'it was opened',
      (error: unknown) => error,
    );
  const saying = (code: string, text: string) => ({ code, message: expect.stringContaining(text) as string });

  it('missing, with secrets in the database, is refused and not made anew', async () => {
    const paths = await closedStore();
    copyFileSync(paths.keyPath, `${paths.keyPath}.saved`);
    rmSync(paths.keyPath);
    expect(await refusal(paths)).toMatchObject(saying('damaged', 'is missing'));
    expect(await refusal(paths)).toMatchObject(saying('damaged', 'is missing'));
    copyFileSync(`${paths.keyPath}.saved`, paths.keyPath);
    const store = await openStore({ ...paths, random });
    expect((await store.provision.listChassis())[0]?.ipmiPassword).toBe('bmc-canary-password');
    await store.close();
  });

  it('missing, without secrets, is made anew', async () => {
    const directory = temporaryDirectory();
    await (await storeIn(directory)).close();
    rmSync(pathsIn(directory).keyPath);
    const { provision, close } = await storeIn(directory);
    await provision.saveChassis(chassis());
    await close();
    expect(await (await storeIn(directory)).provision.listChassis()).toHaveLength(1);
  });

  it('of another database is refused', async () => {
    const paths = await closedStore();
    writeFileSync(paths.keyPath, random(32));
    expect(await refusal(paths)).toMatchObject(saying('damaged', 'is not the key of'));
  });

  it('of a wrong length is refused', async () => {
    const paths = await closedStore();
    writeFileSync(paths.keyPath, random(31));
    expect(await refusal(paths)).toMatchObject(saying('damaged', '31 bytes'));
  });

  it.each([0o640, 0o604, 0o660])('that others may read is refused (mode %o)', async (mode) => {
    const paths = await closedStore();
    chmodSync(paths.keyPath, mode);
    expect(await refusal(paths)).toMatchObject(saying('io', 'chmod 600'));
    chmodSync(paths.keyPath, 0o400);
    await (await openStore({ ...paths, random })).close();
  });
});
