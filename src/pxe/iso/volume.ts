import { blockSize, decoded, type RandomAccess, readExactly } from './blocks.ts';
import { IsoError } from './errors.ts';
import { decodeDirectoryBlock, type DirectoryRecord } from './wire/directory-record.ts';
import { noSystemUse, readSystemUse } from './wire/system-use.ts';
import { decodeVolumeDescriptor, type VolumeDescriptor } from './wire/volume-descriptor.ts';

/** How names are written: as on Unix, as on Windows, or in capitals of eight and three. */
export type Naming =
  | { readonly kind: 'rock-ridge'; readonly skip: number }
  | { readonly kind: 'joliet' | 'plain' };

/** A file system found in an image. */
export interface Volume {
  readonly label: string;
  readonly naming: Naming;
  readonly root: DirectoryRecord;
}

type Tree = Extract<VolumeDescriptor, { readonly kind: 'primary' | 'joliet' }>;

const firstDescriptor = 16;
/** Honest images have three to five. */
const maxDescriptors = 64;

/**
 * Finds the file system of an image: Rock Ridge names win over Joliet's, these over plain ones. Rejects with IsoError `not-iso`,
 * `damaged` or `unsupported`.
 */
export async function readVolume(image: RandomAccess): Promise<Volume> {
  const { primary, joliet } = await readDescriptors(image);
  const skip = await rockRidgeSkip(image, primary);
  if (skip !== undefined)
    return { label: primary.label, naming: { kind: 'rock-ridge', skip }, root: primary.root };
  if (joliet !== undefined) return { label: joliet.label, naming: { kind: 'joliet' }, root: joliet.root };
  return { label: primary.label, naming: { kind: 'plain' }, root: primary.root };
}

async function readDescriptors(image: RandomAccess): Promise<{ primary: Tree; joliet: Tree | undefined }> {
  let primary: Tree | undefined;
  let joliet: Tree | undefined;
  for (let index = 0; index < maxDescriptors; index += 1) {
    const position = (firstDescriptor + index) * blockSize;
    if (position + blockSize > image.size) break;
    const sector = await readExactly(image, position, blockSize, 'a volume descriptor');
    const descriptor = decoded('a volume descriptor', () => decodeVolumeDescriptor(sector));
    if (descriptor === undefined || descriptor.kind === 'terminator') break;
    if (descriptor.kind === 'other') continue;
    if (descriptor.blockSize !== blockSize)
      throw new IsoError(
        'unsupported',
        `the image has blocks of ${descriptor.blockSize} bytes, not ${blockSize}`,
      );
    if (descriptor.kind === 'primary') primary ??= descriptor;
    else joliet ??= descriptor;
  }
  if (primary === undefined)
    throw new IsoError('not-iso', 'there is no ISO 9660 file system in the file; is it an ISO image?');
  return { primary, joliet };
}

/** Bytes to skip in each system use area; undefined where the image does not use SUSP. SUSP 1.12 §5.3 */
async function rockRidgeSkip(image: RandomAccess, { root }: Tree): Promise<number | undefined> {
  const bytes = await readExactly(image, root.block * blockSize, blockSize, 'the root directory');
  return decoded('the root directory', () => {
    const [self] = decodeDirectoryBlock(bytes);
    if (self === undefined) return undefined;
    const found = noSystemUse();
    // Fields of other systems may stand there that are no SUSP at all.
    const marked =
      self.systemUse.length >= 7 && String.fromCharCode(...self.systemUse.subarray(0, 2)) === 'SP';
    if (!marked) return undefined;
    readSystemUse(self.systemUse, found);
    return found.skip;
  });
}
