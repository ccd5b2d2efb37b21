import { type FileHandle, open, stat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { ByteSource } from './resource.ts';

/** Opens files for many readers at a time. */
export interface FileTable {
  /** Opens a regular file, or joins those who read it now; rejects with the error of the file system. */
  open(path: string): Promise<ByteSource>;
  /** Files open now. */
  readonly size: number;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly version: BigIntStats;
  readers: number;
}

/**
 * Shares one descriptor among all who read the same file, so that a rack that boots one initrd needs a socket a machine and no
 * more. A path that leads to another file meanwhile gets a descriptor of its own; those who read the old one go on with it.
 */
export function createFileTable(): FileTable {
  const current = new Map<string, OpenFile>();
  let size = 0;

  async function opened(path: string): Promise<OpenFile> {
    const known = current.get(path);
    // Counted before the wait: the last reader must not close it under us.
    if (known !== undefined) {
      known.readers += 1;
      const now = await stat(path, { bigint: true }).catch(() => undefined);
      if (now !== undefined && sameFile(known.version, now)) return known;
      await leave(path, known);
    }
    const handle = await open(path, 'r');
    try {
      const version = await handle.stat({ bigint: true });
      if (!version.isFile()) throw new Error('not a regular file');
      const file: OpenFile = { handle, version, readers: 1 };
      size += 1;
      current.set(path, file);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async function leave(path: string, file: OpenFile): Promise<void> {
    file.readers -= 1;
    if (file.readers > 0) return;
    if (current.get(path) === file) current.delete(path);
    size -= 1;
    await file.handle.close();
  }

  return {
    async open(path) {
      const file = await opened(path);
      let left = false;
      return {
        size: Number(file.version.size),
        modifiedMs: Number(file.version.mtimeMs),
        read: async (into, position) => (await file.handle.read(into, 0, into.length, position)).bytesRead,
        unchanged: async () => sameContent(file.version, await file.handle.stat({ bigint: true })),
        async close() {
          if (left) return;
          left = true;
          await leave(path, file);
        },
      };
    },
    get size() {
      return size;
    },
  };
}

function sameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && sameContent(a, b);
}

/** Not the ctime: replacing a file by a rename touches that of the old one, whose bytes are still right. */
function sameContent(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs;
}
