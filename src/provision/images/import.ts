import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { type BootPair, knownLayouts, readTreeInfo, treeInfoNames } from './layouts.ts';
import { type Downloads, isRemote } from './downloads.ts';
import type { InstallImage } from './model.ts';
import type { ImageFiles } from './ports.ts';
import type { SourceTrees } from './trees.ts';

/** Told while an ISO is fetched and while it is read; bytes, `total` only where it is known. */
export type ImportProgress = (
  done: number,
  total: number | undefined,
  stage: 'downloading' | 'reading',
) => void;

/** What an import found out. */
export type Imported = Pick<InstallImage, 'checksum' | 'size' | 'kernel' | 'initrd'>;

const pieceBytes = 1024 * 1024;
const maxTreeInfoBytes = 256 * 1024;

interface ImportDeps {
  readonly files: ImageFiles;
  readonly trees: SourceTrees;
  readonly downloads: Downloads;
  /** Ends the import; what was fetched stays. */
  readonly signal: AbortSignal;
  /** A directory with secrets; nothing in it nor around it becomes a source. */
  readonly keepOut: string;
}

/**
 * Fetches an ISO that is elsewhere, reads it once from end to end for its SHA-256, and finds kernel and initrd in a source. Rejects with an Error whose text tells a
 * person what is wrong. A mirror is not asked: it may be reachable for the machines only.
 */
export async function importImage(
  image: InstallImage,
  deps: ImportDeps,
  progress: ImportProgress,
): Promise<Imported> {
  const { kind, kernel, initrd } = image;
  if (kind === 'redirect') {
    if (kernel !== undefined && initrd !== undefined)
      return { checksum: undefined, size: undefined, kernel, initrd };
    const [first] = knownLayouts;
    return { checksum: undefined, size: undefined, kernel: first?.kernel, initrd: first?.initrd };
  }
  const { downloads, signal } = deps;
  const place = downloads.placeOf(image);
  let read: { readonly checksum: string; readonly size: number } | undefined;
  if (isRemote(image)) {
    const fetched = await downloads.fetch(image, signal, (done, total) =>
      progress(done, total, 'downloading'),
    );
    read = await checksumOf(fetched.path, image.checksum, deps, progress);
    await fetched.finish();
  } else {
    await checkPlace(place, kind, deps.keepOut);
    if (kind === 'iso') read = await checksumOf(place, image.checksum, deps, progress);
  }
  const pair = await findBootPair(image, deps.trees);
  return { checksum: read?.checksum, size: read?.size, ...pair };
}

async function checkPlace(place: string, kind: 'iso' | 'directory', keepOut: string): Promise<void> {
  const found = await stat(place).catch((cause: unknown) => {
    throw new Error(`${place} cannot be read on the server: ${messageOf(cause)}`, { cause });
  });
  if (!(kind === 'iso' ? found.isFile() : found.isDirectory()))
    throw new Error(`${place} is no ${kind === 'iso' ? 'regular file' : 'directory'}`);
  const [real, secret] = await Promise.all([realpath(place), realpath(keepOut).catch(() => keepOut)]);
  if (isInside(real, secret) || isInside(secret, real))
    throw new Error(
      `${place} is or contains the data directory of Rackwright; put install sources elsewhere`,
    );
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function checksumOf(
  place: string,
  wanted: string | undefined,
  { files, signal }: ImportDeps,
  progress: ImportProgress,
): Promise<{ readonly checksum: string; readonly size: number }> {
  const bytes = await files.openFile(place);
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafeSlow(pieceBytes);
    for (let at = 0; at < bytes.size; ) {
      if (signal.aborted) throw new Error('Rackwright was stopped during the import; add the image again');
      const count = await bytes.read(piece, at);
      if (count === 0)
        throw new Error('the file became shorter while it was read; add it again when it is complete');
      hash.update(piece.subarray(0, count));
      at += count;
      progress(at, bytes.size, 'reading');
    }
    if (!(await bytes.unchanged()))
      throw new Error('the file was changed while it was read; add it again when it is complete');
    const checksum = hash.digest('hex');
    if (wanted !== undefined && checksum !== wanted)
      throw new Error(`the SHA-256 of the file is ${checksum}, not the one given: fetch the file again`);
    return { checksum, size: bytes.size };
  } finally {
    await bytes.close();
  }
}

async function findBootPair(image: InstallImage, trees: SourceTrees): Promise<BootPair> {
  const { kernel, initrd } = image;
  const given = kernel !== undefined && initrd !== undefined ? [{ kernel, initrd }] : undefined;
  const candidates = given ?? [...(await treeInfoPairs(image, trees)), ...knownLayouts];
  for (const pair of candidates) {
    if ((await has(image, trees, pair.kernel)) && (await has(image, trees, pair.initrd))) return pair;
  }
  throw new Error(
    given === undefined
      ? 'no kernel with its initrd was found at the usual places; name them by kernel and initrd'
      : `the source has no ${kernel} with ${initrd}`,
  );
}

async function has(image: InstallImage, trees: SourceTrees, path: string): Promise<boolean> {
  const opened = await trees.open(image, path);
  await opened?.close();
  return opened !== undefined && opened.size > 0;
}

async function treeInfoPairs(image: InstallImage, trees: SourceTrees): Promise<readonly BootPair[]> {
  for (const name of treeInfoNames) {
    const opened = await trees.open(image, name);
    if (opened === undefined) continue;
    try {
      const text = Buffer.alloc(Math.min(opened.size, maxTreeInfoBytes));
      const count = await opened.read(text, 0);
      const pair = readTreeInfo(text.toString('utf8', 0, count));
      if (pair !== undefined) return [pair];
    } finally {
      await opened.close();
    }
  }
  return [];
}
