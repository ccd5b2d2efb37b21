import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScreenFiles } from './ports.ts';

/** Pictures kept of one chassis; the oldest goes first. */
const maxPictures = 20;

const pictureName = /^[0-9a-f]{32}-\d{1,6}\.png$/;
const chassisName = /^[0-9a-f]{32}$/;

/** Pictures of screens as files `<directory>/<chassis uuid>/<run uuid>-<n>.png`, readable by this user alone: a screen may show secrets. */
export function createScreenFiles(directory: string): ScreenFiles {
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

  return {
    async save(chassisUuid, runUuid, png) {
      const folder = folderOf(chassisUuid);
      await mkdir(folder, { recursive: true, mode: 0o700 });
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
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async forget(chassisUuid) {
      if (chassisName.test(chassisUuid)) await rm(folderOf(chassisUuid), { recursive: true, force: true });
    },
  };
}

/** The number behind the run in a picture's name. */
const numberOf = (name: string): number => Number(name.slice(33, -4));
