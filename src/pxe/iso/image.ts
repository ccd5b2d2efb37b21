import { checkInside, type RandomAccess } from './blocks.ts';
import {
  type DirectoryEntry,
  type Entry,
  type Extent,
  extentOf,
  type Listing,
  readDirectory,
} from './directory.ts';
import { IsoError } from './errors.ts';
import { readVolume } from './volume.ts';
import type { LinkPart } from './wire/system-use.ts';

/** A file inside an image. */
export interface IsoFile {
  readonly size: number;
  /** Fills `into` from `offset` on; fewer bytes only at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>;
}

/** The files of an ISO 9660 image. Paths are relative, `/` between their segments, `` or `.` for the root; links are followed inside. */
export interface IsoImage {
  readonly label: string;
  readonly naming: 'rock-ridge' | 'joliet' | 'plain';
  /** Names of a directory with what they are, links not followed. Rejects with IsoError. */
  list(path: string): Promise<ReadonlyMap<string, Entry['kind']>>;
  /** Opens a file; nothing has to be closed. Rejects with IsoError `not-found`, `not-a-file`, `damaged`, `limit`, `unsupported`. */
  open(path: string): Promise<IsoFile>;
}

/** As Linux; a circle of links ends here too. */
const maxLinks = 40;
const maxSteps = 4096;
/** Names kept in memory over all cached directories; at some 300 bytes each. */
const maxCachedNames = 100_000;

/** Reads an ISO image without mounting it. Rejects with IsoError `not-iso`, `damaged` or `unsupported`. */
export async function openIso(image: RandomAccess): Promise<IsoImage> {
  const volume = await readVolume(image);
  const directoryAt = cachedDirectories((extent) => readDirectory(image, extent, volume.naming));
  const root: DirectoryEntry = { kind: 'directory', extent: extentOf(volume.root) };

  async function find(path: string): Promise<Entry> {
    const notFound = () => new IsoError('not-found', `there is no ${path} in the image`);
    let stack: DirectoryEntry[] = [root];
    let links = 0;
    let steps = 0;
    // In reverse: what is next stands last.
    const ahead = path.split('/').toReversed();
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      steps += 1;
      if (steps > maxSteps) throw new IsoError('limit', `${path} leads through too many directories`);
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (stack.length > 1) stack = stack.slice(0, -1);
        continue;
      }
      const listing = await directoryAt((stack.at(-1) ?? root).extent);
      const entry = listing.get(name);
      if (entry === undefined) throw notFound();
      if (entry.kind === 'directory') {
        stack.push(entry);
      } else if (entry.kind === 'link') {
        links += 1;
        if (links > maxLinks)
          throw new IsoError('limit', `${path} leads through too many links, maybe in a circle`);
        if (entry.to.some((part) => part.kind === 'root')) stack = [root];
        ahead.push(...entry.to.flatMap(textOfPart).toReversed());
      } else if (ahead.every((rest) => rest === '' || rest === '.')) {
        return entry;
      } else {
        throw notFound();
      }
    }
    return stack.at(-1) ?? root;
  }

  return {
    label: volume.label,
    naming: volume.naming.kind,
    async list(path) {
      const entry = await find(path);
      if (entry.kind !== 'directory') throw new IsoError('not-a-directory', `${path} is no directory`);
      const listing = await directoryAt(entry.extent);
      return new Map([...listing].map(([name, { kind }]) => [name, kind]));
    },
    async open(path) {
      const entry = await find(path);
      if (entry.kind !== 'file') throw new IsoError('not-a-file', `${path} is no file`);
      if (entry.unreadable !== undefined)
        throw new IsoError(
          'unsupported',
          `${path} ${entry.unreadable}, which is not supported; use another image`,
        );
      for (const { position, length } of entry.extents) checkInside(image, position, length, path);
      return { size: entry.size, read: (into, offset) => readExtents(image, entry.extents, into, offset) };
    },
  };
}

function textOfPart(part: LinkPart): readonly string[] {
  if (part.kind === 'name') return [part.name];
  return part.kind === 'parent' ? ['..'] : [];
}

/** One read of what lies in one extent; whoever wants more asks again. */
async function readExtents(
  image: RandomAccess,
  extents: readonly Extent[],
  into: Uint8Array,
  offset: number,
): Promise<number> {
  let begin = 0;
  for (const { position, length } of extents) {
    const here = offset - begin;
    if (here < length) return image.read(into.subarray(0, length - here), position + here);
    begin += length;
  }
  return 0;
}

/** Remembers listings, the ones used last, up to a number of names; who asks for the same at a time waits for one reading. */
function cachedDirectories(read: (extent: Extent) => Promise<Listing>): (extent: Extent) => Promise<Listing> {
  const kept = new Map<string, { readonly listing: Promise<Listing>; names: number }>();
  let names = 0;
  const drop = (key: string): void => {
    names -= kept.get(key)?.names ?? 0;
    kept.delete(key);
  };
  return async (extent) => {
    const key = `${extent.position}:${extent.length}`;
    const known = kept.get(key);
    if (known !== undefined) {
      kept.delete(key);
      kept.set(key, known);
      return known.listing;
    }
    const entry = { listing: read(extent), names: 0 };
    kept.set(key, entry);
    try {
      const listing = await entry.listing;
      if (kept.get(key) !== entry) return listing;
      entry.names = weightOf(listing);
      names += entry.names;
      for (const [oldest] of kept) {
        if (names <= maxCachedNames || oldest === key) break;
        drop(oldest);
      }
      return listing;
    } catch (error) {
      if (kept.get(key) === entry) drop(key);
      throw error;
    }
  };
}

/** How much room a listing takes, in names; an empty directory takes room too. */
function weightOf(listing: Listing): number {
  let weight = 1;
  for (const entry of listing.values()) {
    weight += 1;
    if (entry.kind === 'link') weight += entry.to.length;
    else if (entry.kind === 'file') weight += entry.extents.length;
  }
  return weight;
}
