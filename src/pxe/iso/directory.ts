import { blockSize, checkInside, decoded, type RandomAccess, readExactly } from './blocks.ts';
import { IsoError } from './errors.ts';
import type { Naming } from './volume.ts';
import { decodeDirectoryBlock, type DirectoryRecord } from './wire/directory-record.ts';
import { type LinkPart, linkParts, noSystemUse, readSystemUse, type SystemUse } from './wire/system-use.ts';

/** Consecutive bytes of the image. */
export interface Extent {
  readonly position: number;
  readonly length: number;
}

export interface DirectoryEntry {
  readonly kind: 'directory';
  readonly extent: Extent;
}

/** What one name in a directory stands for. */
export type Entry =
  | DirectoryEntry
  | {
      readonly kind: 'file';
      readonly extents: readonly Extent[];
      readonly size: number;
      readonly unreadable: string | undefined;
    }
  | { readonly kind: 'link'; readonly to: readonly LinkPart[] };

export type Listing = ReadonlyMap<string, Entry>;

/** Far above the largest honest directories (some 60,000 packages); they bound time and memory for the others. */
const maxEntries = 200_000;
const maxDirectoryBytes = 64 * 1024 * 1024;
/** Blocks of continued fields that one directory may need. */
const maxContinuations = 100_000;
const maxContinuationsOfEntry = 32;
const maxExtents = 4096;
const maxNameBytes = 255;
/** Of a symbolic link, as Linux's PATH_MAX. */
const maxLinkBytes = 4096;
/** Names and links of one directory together. */
const maxTextBytes = 16 * 1024 * 1024;
const readAhead = 64 * 1024;

/**
 * Reads a directory: its names with what they stand for, without `.`, `..` and the moved directories that are listed elsewhere. Of two
 * equal names the first counts. Rejects with IsoError `damaged` or `limit`.
 */
export async function readDirectory(image: RandomAccess, extent: Extent, naming: Naming): Promise<Listing> {
  if (extent.length > maxDirectoryBytes)
    throw new IsoError('limit', `a directory of ${extent.length} bytes is larger than ${maxDirectoryBytes}`);
  checkInside(image, extent.position, extent.length, 'a directory');
  const listing = new Map<string, Entry>();
  const fields = continuedFields(image, naming);
  let pending: DirectoryRecord[] = [];
  let records = 0;
  let text = 0;
  for await (const record of recordsOf(image, extent)) {
    records += 1;
    if (records > maxEntries) throw new IsoError('limit', `a directory has more than ${maxEntries} entries`);
    if (record.associated || isSelfOrParent(record)) continue;
    const [first] = pending;
    if (first !== undefined && !sameBytes(first.identifier, record.identifier))
      throw new IsoError('damaged', 'a file of several extents has not its last one');
    pending.push(record);
    if (record.moreExtents) {
      if (pending.length > maxExtents)
        throw new IsoError('limit', `a file has more than ${maxExtents} extents`);
      continue;
    }
    const whole = pending;
    pending = [];
    const [head = record] = whole;
    const use = await fields.of(head);
    if (use.relocated) continue;
    const name = nameOf(head, use, naming);
    if (!listing.has(name)) listing.set(name, await entryOf(image, whole, use));
    text += name.length + linkBytes(use);
    if (text > maxTextBytes)
      throw new IsoError('limit', `the names of a directory take more than ${maxTextBytes} bytes`);
  }
  if (pending.length > 0) throw new IsoError('damaged', 'a file of several extents has not its last one');
  return listing;
}

async function* recordsOf(image: RandomAccess, extent: Extent): AsyncGenerator<DirectoryRecord> {
  for (let at = 0; at < extent.length; at += readAhead) {
    const length = Math.min(readAhead, extent.length - at);
    const bytes = await readExactly(image, extent.position + at, length, 'a directory');
    for (let block = 0; block < length; block += blockSize) {
      const part = bytes.subarray(block, block + blockSize);
      yield* decoded('a directory', () => decodeDirectoryBlock(part));
    }
  }
}

/** Gathers the SUSP fields of records, with what continues elsewhere; its counters bound the work for one directory. */
function continuedFields(image: RandomAccess, naming: Naming) {
  let continuations = 0;
  return {
    async of(record: DirectoryRecord): Promise<SystemUse> {
      const use = noSystemUse();
      if (naming.kind !== 'rock-ridge') return use;
      let area = record.systemUse.subarray(naming.skip);
      for (let count = 0; ; count += 1) {
        const here = area;
        const next = decoded('a system use area', () => readSystemUse(here, use));
        if (next === undefined) return use;
        continuations += 1;
        if (count >= maxContinuationsOfEntry || continuations > maxContinuations)
          throw new IsoError(
            'limit',
            'the fields of a directory continue too often; they may lead in a circle',
          );
        if (next.offset + next.length > blockSize)
          throw new IsoError('damaged', 'a continued system use area crosses the end of its block');
        area = await readExactly(
          image,
          next.block * blockSize + next.offset,
          next.length,
          'a system use area',
        );
      }
    },
  };
}

async function entryOf(
  image: RandomAccess,
  records: readonly DirectoryRecord[],
  use: SystemUse,
): Promise<Entry> {
  if (use.child !== undefined) return { kind: 'directory', extent: await movedDirectory(image, use.child) };
  if (linkBytes(use) > maxLinkBytes)
    throw new IsoError('limit', `a link is longer than ${maxLinkBytes} bytes`);
  if (use.link.length > 0) return { kind: 'link', to: linkParts(use.link) };
  const extents = records.map(extentOf);
  const [first] = extents;
  if (first !== undefined && records[0]?.directory === true) return { kind: 'directory', extent: first };
  const interleaved = records.some((record) => record.interleaved);
  const unreadable = interleaved ? 'is interleaved' : use.compressed ? 'is compressed' : undefined;
  return { kind: 'file', extents, size: extents.reduce((sum, { length }) => sum + length, 0), unreadable };
}

/** The extent of a record, block numbers made bytes. */
export function extentOf({ block, length }: DirectoryRecord): Extent {
  return { position: block * blockSize, length };
}

/** A child link names the first block only; how long the directory is stands in its own first record. */
async function movedDirectory(image: RandomAccess, block: number): Promise<Extent> {
  const bytes = await readExactly(image, block * blockSize, blockSize, 'a moved directory');
  const [self] = decoded('a moved directory', () => decodeDirectoryBlock(bytes));
  if (self === undefined || self.block !== block || !self.directory)
    throw new IsoError('damaged', 'a moved directory does not begin with itself');
  return extentOf(self);
}

function isSelfOrParent({ identifier }: DirectoryRecord): boolean {
  const [first = 0xff] = identifier;
  return identifier.length === 1 && first < 2;
}

function linkBytes(use: SystemUse): number {
  return use.link.reduce((sum, { content }) => sum + content.length + 1, 0);
}

function nameOf({ identifier, directory }: DirectoryRecord, use: SystemUse, { kind }: Naming): string {
  if (use.name.length > maxNameBytes)
    throw new IsoError('damaged', `a name has ${use.name.length} bytes, more than ${maxNameBytes}`);
  const text =
    use.name.length > 0
      ? new TextDecoder().decode(Uint8Array.from(use.name))
      : kind === 'joliet'
        ? withoutVersion(new TextDecoder('utf-16be').decode(identifier))
        : plainName(new TextDecoder('latin1').decode(identifier), directory);
  if (text === '' || text === '.' || text === '..' || /[/\0]/.test(text))
    throw new IsoError(
      'damaged',
      `a directory has the name ${JSON.stringify(text.slice(0, 80))}, which no file can have`,
    );
  return text;
}

/** ECMA-119 §7.5: a version stands behind `;`. */
function withoutVersion(name: string): string {
  return name.replace(/;\d*$/, '');
}

/** Shown in lower case and without the dot of an empty extension, as Linux shows them. */
function plainName(identifier: string, directory: boolean): string {
  const name = withoutVersion(identifier).toLowerCase();
  return directory ? name : name.replace(/\.$/, '');
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b.at(at));
}
