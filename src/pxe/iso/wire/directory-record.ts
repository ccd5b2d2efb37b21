import { ByteReader, WireError } from '../../../base/bytes.ts';
import { u16both, u32both } from './both-endian.ts';

/** One extent of a file or directory as its directory lists it. ECMA-119 §9.1 */
export interface DirectoryRecord {
  /** First block of the content, behind the extended attribute record. */
  readonly block: number;
  /** Bytes of this extent. */
  readonly length: number;
  readonly directory: boolean;
  /** Associated files (resource forks) share the name of the file that they belong to. */
  readonly associated: boolean;
  /** Another extent of the same file follows. */
  readonly moreExtents: boolean;
  readonly interleaved: boolean;
  readonly identifier: Uint8Array;
  /** SUSP fields, if any. */
  readonly systemUse: Uint8Array;
}

const fixedLength = 33;

/**
 * Reads the record that `r` stands at, exactly `length` bytes with the length byte that was read already; throws WireError for one
 * that is too short or disagrees with itself.
 */
export function decodeDirectoryRecord(r: ByteReader, length: number): DirectoryRecord {
  if (length <= fixedLength)
    throw new WireError('truncated', 'record.length', `${length} bytes are too few for a directory record`);
  const at = r.offset - 1;
  const attributes = r.u8('record.extendedAttributes');
  const block = u32both(r, 'record.extent');
  const size = u32both(r, 'record.dataLength');
  r.skip(7, 'record.date');
  const flags = r.u8('record.flags');
  const interleaved = (r.u8('record.fileUnitSize') | r.u8('record.interleaveGap')) !== 0;
  u16both(r, 'record.volumeSequence');
  const nameLength = r.u8('record.identifierLength');
  if (nameLength === 0 || fixedLength + nameLength > length)
    throw new WireError(
      'bad-value',
      'record.identifierLength',
      `${nameLength} does not fit into ${length} bytes`,
    );
  const identifier = r.bytes(nameLength, 'record.identifier');
  // ECMA-119 §9.1.12: a padding byte makes the identifier end on an even byte.
  const used = fixedLength + nameLength + (nameLength % 2 === 0 ? 1 : 0);
  if (used < length && nameLength % 2 === 0) r.skip(1, 'record.padding');
  const systemUse = r.bytes(Math.max(0, length - (r.offset - at)), 'record.systemUse');
  return {
    block: block + attributes,
    length: size,
    directory: (flags & 0x02) !== 0,
    associated: (flags & 0x04) !== 0,
    moreExtents: (flags & 0x80) !== 0,
    interleaved,
    identifier,
    systemUse,
  };
}

/** Reads all records of one 2,048-byte block of a directory; no record crosses its end. ECMA-119 §6.8.1.1 */
export function decodeDirectoryBlock(block: Uint8Array): readonly DirectoryRecord[] {
  const r = new ByteReader(block);
  const records: DirectoryRecord[] = [];
  while (r.remaining > 0) {
    const length = r.u8('record.length');
    // A zero fills the block up.
    if (length === 0) break;
    if (length - 1 > r.remaining)
      throw new WireError('truncated', 'record.length', `${length} bytes cross the end of the block`);
    records.push(decodeDirectoryRecord(r, length));
  }
  return records;
}
