import { constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Version } from './answer.ts';

/** What is on disk of a download. */
export interface Note extends Version {
  readonly url: string;
  /** Bytes that are surely on disk. */
  readonly bytes: number;
}

/** The files of one download: `<uuid>.part` with its `<uuid>.json` while it goes on, `<uuid>.iso` afterwards. */
export interface ImageFile {
  /** Where the finished file lies. */
  readonly path: string;
  /** Where it lies until then. */
  readonly partPath: string;
  /** What is there of this URL; undefined when nothing of use is there. */
  read(url: string): Promise<Note | undefined>;
  /** Records how far it is; durable, and only after the bytes themselves. */
  note(note: Note): Promise<void>;
  /** Opens the part for writing, cut to `bytes`. */
  open(bytes: number): Promise<FileHandle>;
  isFinished(): Promise<boolean>;
  finish(): Promise<void>;
  /** Removes everything of it; nothing being there is fine. */
  remove(): Promise<void>;
}

/** The directory of downloaded images; made when the first is fetched. */
export interface ImageFolder {
  readonly directory: string;
  file(uuid: string): ImageFile;
  /** Bytes that the file system has left for us. */
  free(): Promise<number>;
  /** Removes what belongs to none of these images; answers the names. */
  sweep(keep: (uuid: string) => boolean): Promise<readonly string[]>;
}

/** Downloaded images in a directory that nobody else may read. */
export function createImageFolder(directory: string): ImageFolder {
  const make = (): Promise<unknown> => mkdir(directory, { recursive: true, mode: 0o700 });

  const flushFolder = async (): Promise<void> => {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  function file(uuid: string): ImageFile {
    const path = join(directory, `${uuid}.iso`);
    const partPath = join(directory, `${uuid}.part`);
    const notePath = join(directory, `${uuid}.json`);
    const freshNotePath = `${notePath}.new`;
    const size = async (of: string): Promise<number | undefined> => {
      const found = await lstat(of).catch(() => undefined);
      return found?.isFile() === true ? found.size : undefined;
    };
    return {
      path,
      partPath,
      async read(url) {
        const text = await readFile(notePath, 'utf8').catch(() => '');
        const note = readNote(text);
        const there = await size(partPath);
        return note?.url === url && there !== undefined && there >= note.bytes ? note : undefined;
      },
      async note(note) {
        await make();
        await writeFile(freshNotePath, JSON.stringify(note), { mode: 0o600, flush: true });
        await rename(freshNotePath, notePath);
      },
      async open(bytes) {
        await make();
        const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
        const handle = await open(partPath, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
        await handle.truncate(bytes);
        return handle;
      },
      isFinished: async () => (await size(path)) !== undefined,
      async finish() {
        await rename(partPath, path);
        await flushFolder();
        await rm(notePath, { force: true });
      },
      async remove() {
        for (const one of [path, partPath, notePath, freshNotePath]) await rm(one, { force: true });
      },
    };
  }

  return {
    directory,
    file,
    async free() {
      await make();
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
    async sweep(keep) {
      const names = await readdir(directory).catch(() => []);
      const orphans = names.filter((name) => {
        const uuid = /^([0-9a-f]{32})\.(?:iso|part|json|json\.new)$/.exec(name)?.[1];
        return uuid !== undefined && !keep(uuid);
      });
      for (const name of orphans) await rm(join(directory, name), { force: true });
      return orphans;
    },
  };
}

function readNote(text: string): Note | undefined {
  try {
    const { url, bytes, validator, total } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url !== 'string' || !isCount(bytes)) return undefined;
    return {
      url,
      bytes,
      validator: typeof validator === 'string' ? validator : undefined,
      total: isCount(total) ? total : undefined,
    };
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
