import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RandomAccess } from '../../../src/pxe/iso/blocks.ts';

/** A tree: texts and bytes are files, `-> x` is a symbolic link to x. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** The bytes of an image that xorriso made of a tree. */
export function makeIso(tree: Tree, ...flags: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'rackwright-iso-'));
  try {
    for (const [path, content] of Object.entries(tree)) {
      const to = join(folder, 'tree', path);
      mkdirSync(dirname(to), { recursive: true });
      if (typeof content === 'string' && content.startsWith('-> ')) symlinkSync(content.slice(3), to);
      else writeFileSync(to, content);
    }
    const image = join(folder, 'image.iso');
    const made = spawnSync('xorrisofs', [
      '-quiet',
      '-V',
      'TESTDISC',
      ...flags,
      '-o',
      image,
      join(folder, 'tree'),
    ]);
    if (made.status !== 0) throw new Error(`xorrisofs: ${made.stderr.toString()}`);
    return new Uint8Array(readFileSync(image));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Bytes in memory as an image; reads are counted, and answer at most `most` bytes. */
export function inMemory(
  bytes: Uint8Array,
  most = Number.POSITIVE_INFINITY,
): RandomAccess & { reads: number } {
  return {
    size: bytes.length,
    reads: 0,
    async read(into, position) {
      this.reads += 1;
      const part = bytes.subarray(position, position + Math.min(into.length, most));
      into.set(part);
      return part.length;
    },
  };
}

/** Everything of a file in an image. */
export async function contentOf(
  image: {
    open(path: string): Promise<{ size: number; read(into: Uint8Array, at: number): Promise<number> }>;
  },
  path: string,
): Promise<Buffer> {
  const file = await image.open(path);
  const all = Buffer.alloc(file.size);
  for (let at = 0; at < file.size; ) {
    const count = await file.read(all.subarray(at), at);
    if (count === 0) throw new Error(`${path} ends at ${at} of ${file.size}`);
    at += count;
  }
  return all;
}
