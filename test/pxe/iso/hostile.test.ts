import { describe, expect, it } from 'vitest';
import { openIso } from '../../../src/pxe/iso/image.ts';
import { needTools } from '../../support/need.ts';
import { contentOf, inMemory, makeIso } from './make-iso.ts';

const block = 2048;

/** Place of a text in the image, after `from`; throws when it is not there. */
function placeOf(bytes: Uint8Array, text: string, from = 16 * block): number {
  const at = Buffer.from(bytes).indexOf(Buffer.from(text, 'latin1'), from);
  if (at < 0) throw new Error(`no ${JSON.stringify(text)} in the image`);
  return at;
}

/** Begin of the directory record whose identifier is `name`. */
const recordOf = (bytes: Uint8Array, name: string): number => placeOf(bytes, name, 18 * block) - 33;

function setBoth(bytes: Uint8Array, at: number, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value, false);
}

describe.skipIf(!needTools({ tool: 'xorrisofs', package: 'xorriso' }))('an image changed by hand', () => {
  const plain = () =>
    makeIso({ 'A.TXT': 'a'.repeat(block), 'B.TXT': 'b'.repeat(100), 'D/C.TXT': 'c' }, '--norock');

  it('joins the extents of one file', async () => {
    const bytes = plain();
    const [a, b] = [recordOf(bytes, 'A.TXT;1'), recordOf(bytes, 'B.TXT;1')];
    bytes[a + 25] = 0x80;
    bytes.set(Buffer.from('A'), b + 33);
    const iso = await openIso(inMemory(bytes));
    expect((await contentOf(iso, 'a.txt')).toString()).toBe('a'.repeat(block) + 'b'.repeat(100));
    expect([...(await iso.list('')).keys()]).toEqual(['a.txt', 'd']);
  });

  it.each([
    [
      'has an extent without an end',
      (bytes: Uint8Array) => void (bytes[recordOf(bytes, 'A.TXT;1') + 25] = 0x80),
      'damaged',
    ],
    [
      'has a number that differs in its byte orders',
      (bytes) => void (bytes[recordOf(bytes, 'A.TXT;1') + 13] = 7),
      'damaged',
    ],
    [
      'has a file outside the image',
      (bytes) => setBoth(bytes, recordOf(bytes, 'A.TXT;1') + 2, 0x7fffffff),
      'damaged',
    ],
    [
      'has a file longer than the image',
      (bytes) => setBoth(bytes, recordOf(bytes, 'A.TXT;1') + 10, 0xffffffff),
      'damaged',
    ],
    ['has interleaved files', (bytes) => void (bytes[recordOf(bytes, 'A.TXT;1') + 26] = 1), 'unsupported'],
    ['has a slash in a name', (bytes) => void (bytes[recordOf(bytes, 'B.TXT;1') + 34] = 0x2f), 'damaged'],
    ['has a NUL in a name', (bytes) => void (bytes[recordOf(bytes, 'B.TXT;1') + 34] = 0), 'damaged'],
    [
      'has a name longer than its record',
      (bytes) => void (bytes[recordOf(bytes, 'B.TXT;1') + 32] = 200),
      'damaged',
    ],
    ['has a record that is too short', (bytes) => void (bytes[recordOf(bytes, 'B.TXT;1')] = 10), 'damaged'],
    ['has no magic', (bytes) => void (bytes[16 * block + 1] = 0), 'not-iso'],
    ['has odd blocks', (bytes) => bytes.set([0, 2, 2, 0], 16 * block + 128), 'unsupported'],
    ['has a giant root directory', (bytes) => setBoth(bytes, 16 * block + 166, 0xffff0000), 'limit'],
  ] as [string, (bytes: Uint8Array) => void, string][])(
    'that %s gives a typed error',
    async (_, change, code) => {
      const bytes = plain();
      change(bytes);
      await expect(openIso(inMemory(bytes)).then((iso) => iso.open('a.txt'))).rejects.toMatchObject({ code });
    },
  );

  it('with a directory inside itself is read as deep as the path says, and no deeper', async () => {
    const bytes = plain();
    const root = 16 * block + 156;
    const record = Buffer.from(bytes).indexOf(Buffer.from([1, 0x44]), 18 * block) + 1 - 33;
    bytes.copyWithin(record + 2, root + 2, root + 18);
    const iso = await openIso(inMemory(bytes));
    expect((await contentOf(iso, 'd/d/d/d/a.txt')).length).toBe(block);
    await expect(iso.open(`${'d/'.repeat(5000)}a.txt`)).rejects.toMatchObject({ code: 'limit' });
  });

  it('with fields that continue in a circle ends', async () => {
    const bytes = makeIso({ [`n${'x'.repeat(200)}`]: 'a', [`m${'y'.repeat(200)}`]: 'b' }, '-R');
    // The first one belongs to the directory's own record, which needs no name.
    const own = placeOf(bytes, 'CE\x1c\x01', 18 * block);
    const first = placeOf(bytes, 'CE\x1c\x01', own + 1);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const [at, offset, length] = [4, 12, 20].map((place) => view.getUint32(first + place, true));
    // The area that is continued to gets a CE field at its begin that names the area itself.
    const area = (at ?? 0) * block + (offset ?? 0);
    bytes.copyWithin(area, first, first + 28);
    bytes.set(Buffer.from('ST\x04\x01', 'latin1'), area + 28);
    expect(length).toBeGreaterThan(31);
    await expect(openIso(inMemory(bytes)).then((iso) => iso.list(''))).rejects.toMatchObject({
      code: 'limit',
    });
  });

  it('finds moved directories by their child links', async () => {
    const bytes = makeIso({ 'a/b/c/d/e/f/g/h/i/j/deep': 'deep' }, '-R', '-rr_reloc_dir', 'rr_moved');
    const link = placeOf(bytes, 'CL\x0c\x01', 18 * block);
    expect((await contentOf(await openIso(inMemory(bytes)), 'a/b/c/d/e/f/g/h/i/j/deep')).toString()).toBe(
      'deep',
    );
    setBoth(bytes, link + 4, 16);
    await expect(
      openIso(inMemory(bytes)).then((iso) => iso.open('a/b/c/d/e/f/g/h/i/j/deep')),
    ).rejects.toMatchObject({
      code: 'damaged',
    });
  });
});
