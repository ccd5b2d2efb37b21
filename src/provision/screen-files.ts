import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ScreenFiles } from './ports.ts';
import { ProvisionError } from './service.ts';

/** Pictures kept of one chassis; the oldest goes first. */
const maxPictures = 20;
/** The largest picture that is kept; a screen of text has some kilobytes. */
const maxBytes = 8 * 1024 * 1024;
/** Left to the database: a picture is worth less than a step of a run. */
const reserveBytes = 512 * 1024 * 1024;

const pictureName = /^[0-9a-f]{32}-\d{1,6}\.png$/;
const chassisName = /^[0-9a-f]{32}$/;

/** The name of the picture whose address ends a line of a timeline; undefined when there is none. */
export function pictureIn(text: string): string | undefined {
  const name = basename(text);
  return pictureName.test(name) ? name : undefined;
}

/** Pictures of screens, and how those of machines that went while nobody looked are removed. */
export interface ScreenFolder extends ScreenFiles {
  /** Removes the pictures of every chassis that `isThere` says is none. Rejects with what the disk or `isThere` says. */
  sweep(isThere: (chassisUuid: string) => Promise<boolean>): Promise<void>;
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/**
 * Pictures of screens as files `<directory>/<chassis uuid>/<run uuid>-<n>.png`, readable by this user alone: a screen may show secrets. `save`
 * rejects with ProvisionError when one is too large, or `freeBytes` of the disk are few.
 */
export function createScreenFiles(
  directory: string,
  freeBytes: (directory: string) => Promise<number> = freeBytesOf,
): ScreenFolder {
  const folderOf = (chassisUuid: string): string => join(directory, chassisUuid);

  /** Names in the order in which they were made. */
  async function pictures(folder: string): Promise<readonly string[]> {
    const names = (await readdir(folder)).filter((name) => pictureName.test(name));
    const dated = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
    );
    return dated
      .toSorted((a, b) => a.at - b.at || numberOf(a.name) - numberOf(b.name))
      .map(({ name }) => name);
  }

  async function forget(chassisUuid: string): Promise<void> {
    if (chassisName.test(chassisUuid)) await rm(folderOf(chassisUuid), { recursive: true, force: true });
  }

  return {
    async save(chassisUuid, runUuid, png) {
      if (png.length > maxBytes)
        throw new ProvisionError(
          'invalid-argument',
          `a picture of a screen is not kept: it has ${png.length} bytes, and at most ${maxBytes} are`,
        );
      const folder = folderOf(chassisUuid);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const free = await freeBytes(folder);
      if (free < reserveBytes)
        throw new ProvisionError(
          'storage-full',
          `a picture of a screen is not kept: the disk of ${directory} has ${free} bytes left, and pictures leave ${reserveBytes}; make room there`,
        );
      const known = await pictures(folder);
      const ofRun = known.filter((name) => name.startsWith(runUuid)).map(numberOf);
      const name = `${runUuid}-${Math.max(0, ...ofRun) + 1}.png`;
      const unfinished = join(folder, `${name}.part`);
      await writeFile(unfinished, png, { mode: 0o600 });
      await rename(unfinished, join(folder, name));
      for (const old of known.slice(0, Math.max(0, known.length + 1 - maxPictures)))
        await rm(join(folder, old), { force: true });
      return name;
    },
    async read(chassisUuid, name) {
      if (!chassisName.test(chassisUuid) || !pictureName.test(name)) return undefined;
      try {
        return await readFile(join(folderOf(chassisUuid), name));
      } catch (error) {
        nothingThere(error);
        return undefined;
      }
    },
    forget,
    async sweep(isThere) {
      for (const name of await readdir(directory).catch(nothingThere)) {
        if (chassisName.test(name) && !(await isThere(name))) await forget(name);
      }
    },
  };
}

/** Nothing was kept yet; other faults are thrown. */
function nothingThere(error: unknown): readonly string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
}

/** The number behind the run in a picture's name. */
const numberOf = (name: string): number => Number(name.slice(33, -4));
