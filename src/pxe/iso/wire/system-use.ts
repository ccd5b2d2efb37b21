import { ByteReader, WireError } from '../../../base/bytes.ts';
import { u32both } from './both-endian.ts';

/** A part of the path that a symbolic link names. RRIP 1.12 §4.1.3.1 */
export type LinkPart =
  | { readonly kind: 'root' | 'parent' }
  | { readonly kind: 'name'; readonly name: string };

/** Where a system use area goes on. SUSP 1.12 §5.1 */
export interface Continuation {
  readonly block: number;
  readonly offset: number;
  readonly length: number;
}

/** What the fields of one record say, gathered over its areas. Names are bytes, as a name may be cut between two fields. */
export interface SystemUse {
  readonly name: number[];
  /** Components of a symbolic link, raw; `joined` means that the next one belongs to the same name. */
  readonly link: { readonly flags: number; readonly content: Uint8Array }[];
  /** Bytes that the areas of other records begin with (only in the first record of the root). */
  skip: number | undefined;
  /** First block of a directory that was moved because it lay too deep; this record stands for it. RRIP 1.12 §4.1.5.1 */
  child: number | undefined;
  /** This record lists a moved directory at the place to which it was moved. RRIP 1.12 §4.1.5.3 */
  relocated: boolean;
  /** The content is compressed (zisofs). */
  compressed: boolean;
}

/** No field yet. */
export function noSystemUse(): SystemUse {
  return { name: [], link: [], skip: undefined, child: undefined, relocated: false, compressed: false };
}

const magic = 0xbeef;

/** Reads one area into `found`; answers where it goes on. Unknown fields are passed over. Throws WireError for a damaged one. */
export function readSystemUse(area: Uint8Array, found: SystemUse): Continuation | undefined {
  const r = new ByteReader(area);
  let next: Continuation | undefined;
  while (r.remaining >= 4) {
    const signature = String.fromCharCode(r.u8('susp.signature'), r.u8('susp.signature'));
    const length = r.u8('susp.length');
    r.skip(1, 'susp.version');
    // Padding of producers that fill areas up with zeros.
    if (length === 0 && signature === '\0\0') break;
    if (length < 4) throw new WireError('bad-value', `susp.${signature}.length`, `is ${length}`);
    const field = new ByteReader(r.bytes(length - 4, `susp.${signature}`));
    switch (signature) {
      case 'SP':
        if (field.u16be('susp.SP.check') !== magic)
          throw new WireError('bad-value', 'susp.SP.check', 'is not 0xBEEF');
        found.skip = field.u8('susp.SP.skip');
        break;
      case 'CE':
        next = {
          block: u32both(field, 'susp.CE.block'),
          offset: u32both(field, 'susp.CE.offset'),
          length: u32both(field, 'susp.CE.length'),
        };
        break;
      case 'NM':
        // Flags 2 and 4 name `.` and `..`, which are known by their identifiers.
        if ((field.u8('susp.NM.flags') & 0x06) === 0) found.name.push(...field.rest());
        break;
      case 'SL':
        readLink(field, found);
        break;
      case 'CL':
        found.child = u32both(field, 'susp.CL.block');
        break;
      case 'RE':
        found.relocated = true;
        break;
      case 'ZF':
        found.compressed = true;
        break;
      case 'ST':
        return next;
    }
  }
  return next;
}

function readLink(field: ByteReader, found: SystemUse): void {
  field.skip(1, 'susp.SL.flags');
  while (field.remaining > 0) {
    const flags = field.u8('susp.SL.component');
    const length = field.u8('susp.SL.componentLength');
    found.link.push({ flags, content: field.bytes(length, 'susp.SL.content') });
  }
}

/** The path that a link names, part by part; components that go on in the next one are put together. */
export function linkParts(link: SystemUse['link']): readonly LinkPart[] {
  const parts: LinkPart[] = [];
  let name: number[] = [];
  for (const { flags, content } of link) {
    if ((flags & 0x08) !== 0) parts.push({ kind: 'root' });
    else if ((flags & 0x04) !== 0) parts.push({ kind: 'parent' });
    else if ((flags & 0x02) === 0) {
      name.push(...content);
      if ((flags & 0x01) !== 0) continue;
      // Some producers write `a/b` as one component, and an empty one for a trailing slash.
      for (const text of new TextDecoder().decode(Uint8Array.from(name)).split('/')) {
        if (text === '..') parts.push({ kind: 'parent' });
        else if (text !== '' && text !== '.') parts.push({ kind: 'name', name: text });
      }
      name = [];
    }
  }
  return parts;
}
