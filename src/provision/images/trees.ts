import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { CodedError } from '../../base/errors.ts';
import type { InstallImage } from './model.ts';
import type { ImageFiles, OpenedBytes } from './ports.ts';

/** What is known of a source. */
type SourceOf = Pick<InstallImage, 'uuid' | 'kind' | 'url' | 'size'>;

/** The files of install sources. */
export interface SourceTrees {
  /** Opens a file of an ISO or a directory; undefined when it has no such file. Rejects when the source itself is broken. */
  open(image: SourceOf, path: string): Promise<OpenedBytes | undefined>;
  /** Lets go of the ISO of an image, so that removing the file gives its space back. */
  forget(image: SourceOf): Promise<void>;
  /** Lets go of the open ISOs. */
  close(): Promise<void>;
}

interface OpenIso {
  readonly bytes: OpenedBytes;
  readonly tree: Awaited<ReturnType<ImageFiles['openIso']>>;
  readers: number;
  replaced: boolean;
}

/** ISOs whose directories are kept in memory. */
const maxOpenIsos = 8;

/** Opens files of install sources, which lie at `placeOf`; an ISO is opened once and shared, and opened anew when another file took its place. */
export function createSourceTrees(files: ImageFiles, placeOf: (image: SourceOf) => string): SourceTrees {
  const isos = new Map<string, OpenIso>();

  async function leave(iso: OpenIso): Promise<void> {
    if (iso.replaced && iso.readers === 0) await iso.bytes.close();
  }

  async function drop(path: string): Promise<void> {
    const iso = isos.get(path);
    isos.delete(path);
    if (iso === undefined) return;
    iso.replaced = true;
    await leave(iso);
  }

  /** The ISO as it lies there now, counted as read. */
  async function isoAt(path: string): Promise<OpenIso> {
    const bytes = await files.openFile(path);
    try {
      const known = isos.get(path);
      if (
        known !== undefined &&
        known.bytes.size === bytes.size &&
        known.bytes.modifiedMs === bytes.modifiedMs
      ) {
        known.readers += 1;
        await bytes.close();
        return known;
      }
      const opened: OpenIso = { bytes, tree: await files.openIso(bytes), readers: 1, replaced: false };
      await drop(path);
      isos.set(path, opened);
      const [oldest] = isos.keys();
      if (isos.size > maxOpenIsos && oldest !== undefined) await drop(oldest);
      return opened;
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  async function openInIso(
    isoPath: string,
    path: string,
    size: number | undefined,
  ): Promise<OpenedBytes | undefined> {
    const iso = await isoAt(isoPath);
    let left = false;
    const close = async (): Promise<void> => {
      if (left) return;
      left = true;
      iso.readers -= 1;
      await leave(iso);
    };
    try {
      if (size !== undefined && iso.bytes.size !== size)
        throw new Error(`${isoPath} is not the file that was imported; delete the image and add it again`);
      const member = await iso.tree.open(path);
      return {
        size: member.size,
        modifiedMs: iso.bytes.modifiedMs,
        read: (into, position) => member.read(into, position),
        unchanged: () => iso.bytes.unchanged(),
        close,
      };
    } catch (error) {
      await close();
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Links may lead anywhere in the directory, never out of it. */
  async function openInDirectory(directory: string, path: string): Promise<OpenedBytes | undefined> {
    const root = await realpath(directory);
    try {
      const real = await realpath(join(root, path));
      if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
      if (!(await stat(real)).isFile()) return undefined;
      return await files.openFile(real);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  return {
    async open(image, path) {
      const { kind, size } = image;
      if (kind === 'redirect') return undefined;
      const place = placeOf(image);
      return kind === 'iso' ? openInIso(place, path, size) : openInDirectory(place, path);
    },
    forget: (image) => drop(placeOf(image)),
    async close() {
      for (const path of isos.keys()) await drop(path);
    },
  };
}

function isMissing(error: unknown): boolean {
  const code = error instanceof CodedError ? error.code : (error as NodeJS.ErrnoException | undefined)?.code;
  return (
    code !== undefined &&
    ['not-found', 'not-a-file', 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code)
  );
}
