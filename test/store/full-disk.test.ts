import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StoreError } from '../../src/store/errors.ts';
import { openStore } from '../../src/store/index.ts';
import { needRoot, needTools } from '../support/need.ts';
import { chassis, hardware, pathsIn, random, run } from '../support/records.ts';
import { storeIn, temporaryDirectory } from '../support/store.ts';

/** A file system of 2 MiB that goes when the test ends. */
function tinyDisk(): string {
  const directory = temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', directory]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]));
  return directory;
}

function fill(directory: string): string {
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, new Uint8Array(0));
  try {
    for (;;) writeFileSync(ballast, new Uint8Array(4096), { flag: 'a' });
  } catch {
    return ballast;
  }
}

const usable = needRoot() && needTools({ tool: 'mount', package: 'mount' });

describe.skipIf(!usable)('on a full disk', () => {
  it('says so, loses nothing, and goes on when there is space again', async () => {
    const directory = tinyDisk();
    const store = await storeIn(directory);
    const machine = chassis();
    await store.provision.saveChassis(machine);
    const kept: string[] = [];
    const ballast = join(directory, 'ballast');
    writeFileSync(ballast, new Uint8Array(500_000));

    const save = async (): Promise<StoreError | undefined> => {
      const row = hardware(machine.uuid, { content: 'x'.repeat(20_000) });
      const other = chassis({ uuid: row.uuid, macs: [] });
      try {
        await store.provision.saveInspection([{ ...row, chassisUuid: other.uuid }], other, run(other.uuid));
        kept.push(other.uuid);
        return undefined;
      } catch (error) {
        return error as StoreError;
      }
    };
    let refusal: StoreError | undefined;
    for (let tries = 0; tries < 200 && refusal === undefined; tries++) refusal = await save();
    expect(refusal).toMatchObject({
      name: 'StoreError',
      code: 'storage-full',
      message: expect.stringContaining(`free space on ${join(directory, 'data')}`),
    });
    expect(kept.length).toBeGreaterThan(3);
    // Several at once share a transaction: all are refused, none is half there.
    fill(directory);
    const together = await Promise.all([save(), save(), save()]);
    expect(together.map((error) => error?.code)).toEqual(Array(3).fill('storage-full'));
    const listed = async (): Promise<string[]> =>
      (await store.provision.listChassis()).map(({ uuid }) => uuid as string).toSorted();
    expect(await listed()).toEqual([machine.uuid, ...kept].toSorted());

    rmSync(ballast);
    expect(await save()).toBeUndefined();
    expect(await listed()).toEqual([machine.uuid, ...kept].toSorted());
    await store.close();
    const again = await storeIn(directory);
    expect(await again.provision.listChassis()).toHaveLength(kept.length + 1);
    for (const uuid of kept) {
      expect(await again.provision.listHardwareInfo(uuid as typeof machine.uuid)).toHaveLength(1);
    }
  });

  it('refuses to start, and starts when there is space', async () => {
    const directory = tinyDisk();
    const ballast = fill(directory);
    await expect(openStore({ ...pathsIn(directory), random })).rejects.toMatchObject({
      code: 'storage-full',
    });
    rmSync(ballast);
    const store = await storeIn(directory);
    await store.provision.saveChassis(chassis());
    await store.close();
    const more = fill(directory);
    // An existing database opens on a full disk, or says why not; it is not harmed.
    await openStore({ ...pathsIn(directory), random }).then(
      (opened) => opened.close(),
      (error: StoreError) => expect(error.code).toBe('storage-full'),
    );
    rmSync(more);
    expect(await (await storeIn(directory)).provision.listChassis()).toHaveLength(1);
  });
});
