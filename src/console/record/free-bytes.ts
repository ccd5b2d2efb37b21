import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Bytes that the file system of a directory, or of the nearest one above it that is there, has left for us. Rejects with the disk's errors. */
export async function freeBytesAt(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    const above = dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === directory) throw error;
    return freeBytesAt(above);
  }
}
