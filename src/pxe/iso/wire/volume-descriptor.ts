import { ByteReader, WireError } from '../../../base/bytes.ts';
import { u16both } from './both-endian.ts';
import { type DirectoryRecord, decodeDirectoryRecord } from './directory-record.ts';

/** What is used of a volume descriptor. ECMA-119 §8 */
export type VolumeDescriptor =
  | {
      readonly kind: 'primary' | 'joliet';
      readonly label: string;
      readonly blockSize: number;
      readonly root: DirectoryRecord;
    }
  | { readonly kind: 'terminator' }
  /** Boot records, partitions, other character sets. */
  | { readonly kind: 'other' };

/** Reads the 2,048 bytes of a volume descriptor; undefined when they are none. Throws WireError for one that is damaged. */
export function decodeVolumeDescriptor(sector: Uint8Array): VolumeDescriptor | undefined {
  const r = new ByteReader(sector);
  const type = r.u8('volume.type');
  const magic = new TextDecoder('latin1').decode(r.bytes(5, 'volume.identifier'));
  if (magic !== 'CD001') return undefined;
  r.skip(1, 'volume.version');
  if (type === 255) return { kind: 'terminator' };
  if (type !== 1 && type !== 2) return { kind: 'other' };
  r.skip(33, 'volume.systemIdentifier');
  const label = r.bytes(32, 'volume.label');
  r.skip(16, 'volume.spaceSize');
  const escapes = new TextDecoder('latin1').decode(r.bytes(32, 'volume.escapeSequences'));
  // Joliet Specification §1: UCS-2 levels 1 to 3.
  if (type === 2 && !/^%\/[@CE]/.test(escapes)) return { kind: 'other' };
  r.skip(8, 'volume.setSize');
  const blockSize = u16both(r, 'volume.blockSize');
  r.skip(156 - r.offset, 'volume.pathTables');
  const length = r.u8('volume.root.length');
  if (length !== 34) throw new WireError('bad-value', 'volume.root.length', `is ${length}, not 34`);
  const root = decodeDirectoryRecord(r, length);
  if (!root.directory) throw new WireError('bad-value', 'volume.root', 'is no directory');
  const charset = type === 2 ? 'utf-16be' : 'latin1';
  return {
    kind: type === 2 ? 'joliet' : 'primary',
    label: new TextDecoder(charset).decode(label).replaceAll('\0', '').trim(),
    blockSize,
    root,
  };
}
